// Microsoft's own clients, as their documentation uses them, against the simulated tenant.
// Usage: node client.mjs DIRECTORY, where the simulator has written its endpoints.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ConfidentialClientApplication } from '@azure/msal-node';
import {
  AllowedHostsValidator,
  BaseBearerTokenAuthenticationProvider,
  HttpMethod,
  RequestInformation,
} from '@microsoft/kiota-abstractions';
import { Client, PageIterator } from '@microsoft/microsoft-graph-client';
import { GraphRequestAdapter } from '@microsoft/msgraph-sdk';
import {
  createMailboxFolderCollectionResponseFromDiscriminatorValue,
} from '@microsoft/msgraph-sdk/models/index.js';
import { createUsersServiceClient } from '@microsoft/msgraph-sdk-users';

const directory = process.argv[2];
const read = (name) => readFileSync(`${directory}/${name}`, 'utf8');
const endpoints = JSON.parse(read('endpoints.json'));
const scopes = ['https://graph.microsoft.com/.default'];

function application(name, credential) {
  return new ConfidentialClientApplication({
    auth: {
      clientId: endpoints[`${name}_client_id`],
      authority: `${endpoints.login_url}/${endpoints.tenant_id}`,
      knownAuthorities: [new URL(endpoints.login_url).host],
      ...credential,
    },
  });
}

function certificateOf(name) {
  const certificate = new X509Certificate(read(`${name}-certificate.pem`));
  return {
    clientCertificate: {
      thumbprintSha256: createHash('sha256').update(certificate.raw).digest('hex'),
      privateKey: read(`${name}-key.pem`),
    },
  };
}

async function tokenOf(app) {
  return (await app.acquireTokenByClientCredential({ scopes })).accessToken;
}

async function signInChecks() {
  assert.ok(await tokenOf(application('backup', { clientSecret: read('backup-secret') })));
  await assert.rejects(
    tokenOf(application('backup', { clientSecret: 'wrong' })),
    (error) => error.errorCode === 'invalid_client' && /AADSTS7000215/.test(error.message),
  );
  await assert.rejects(
    tokenOf(application('backup', certificateOf('restore'))),
    (error) => /AADSTS700027/.test(error.message),
  );
}

// microsoft-graph-client, with tokens from msal-node.
async function graphClientChecks(app) {
  const client = Client.init({
    baseUrl: `${new URL(endpoints.graph_url).origin}/`,
    customHosts: new Set(['localhost']),
    authProvider: (done) => tokenOf(app).then((token) => done(null, token), done),
  });

  const users = [];
  const first = await client.api('/users').select('id,userPrincipalName').top(3).get();
  assert.ok(first['@odata.nextLink'], 'users come in pages');
  const iterator = new PageIterator(client, first, (user) => users.push(user) > 0);
  await iterator.iterate();
  assert.equal(users.length, new Set(users.map((user) => user.id)).size);
  assert.ok(users.some((user) => user.userPrincipalName === 'info@contoso.com'));

  const { primaryMailboxId } = await client.api('/users/info@contoso.com/settings/exchange').get();
  const mailbox = `/admin/exchange/mailboxes/${primaryMailboxId}`;
  const folders = await collect(client, `${mailbox}/folders/delta`);
  assert.ok(folders.elements.length > 20);
  const inbox = folders.elements.find((folder) => folder.wellKnownName === 'inbox');
  assert.equal(inbox.type, 'IPF.Note');

  const items = `${mailbox}/folders/${encodeURIComponent(inbox.id)}/items`;
  const round = await collect(client, `${items}/delta`, 'odata.maxpagesize=5');
  assert.ok(round.elements.length > 5, 'the inbox has several pages');
  await describeItems(client, items, round.elements);

  const streams = await exportItems(client, mailbox, round.elements.slice(0, 20));
  const drafts = folders.elements.find((folder) => folder.wellKnownName === 'drafts');
  const session = await client.api(`${mailbox}/createImportSession`).post({});
  const [id, data] = [...streams][0];
  const imported = await importItem(session, drafts, data);
  assert.notEqual(imported, id);
  const [copy] = await exportItems(client, mailbox, [{ id: imported }]);
  assert.equal(copy[1], data, 'an imported item is exported again as it was');

  const draftsItems = `${mailbox}/folders/${encodeURIComponent(drafts.id)}/items`;
  const listed = await client.api(draftsItems).get();
  assert.ok(listed.value.some((item) => item.id === imported));
  const later = await collect(client, round.deltaLink);
  assert.equal(later.elements.length, 0, 'nothing has changed in the inbox');

  await assert.rejects(
    client.api(`${mailbox}/folders/${encodeURIComponent(drafts.id.replace(/..==$/, 'AA=='))}`).get(),
    (error) => error.statusCode === 404 && error.code === 'ErrorItemNotFound',
  );
  await retriesWhenThrottled(client, mailbox);
}

async function collect(client, url, prefer) {
  const elements = [];
  let next = url;
  let pages = 0;
  for (;;) {
    const request = client.api(next);
    if (prefer) request.header('Prefer', prefer);
    const page = await request.get();
    elements.push(...page.value);
    pages += 1;
    next = page['@odata.nextLink'];
    if (!next) return { elements, pages, deltaLink: page['@odata.deltaLink'] };
  }
}

async function describeItems(client, items, expected) {
  const page = await client
    .api(items)
    .top(100)
    .expand("singleValueExtendedProperties($filter=(id eq 'String 0x0037') or (id eq 'Binary 0x300B'))")
    .get();
  assert.deepEqual(
    page.value.map((item) => item.id).sort(),
    expected.map((item) => item.id).sort(),
  );
  const ids = page.value[0].singleValueExtendedProperties.map((property) => property.id);
  assert.deepEqual(ids, ['String 0x37', 'Binary 0x300b']);
}

async function exportItems(client, mailbox, items) {
  const answer = await client
    .api(`${mailbox}/exportItems`)
    .post({ itemIds: items.map((item) => item.id) });
  const streams = new Map(answer.value.map((element) => [element.itemId, element.data]));
  assert.equal(streams.size, items.length);
  for (const data of streams.values()) assert.match(data, /^AQAAAAgAAAAAAAAAAQAAAAMAAAAYAAAA/);
  return streams;
}

// The import URL is no part of Graph: a plain POST, without a token.
async function importItem(session, folder, data) {
  assert.ok(new Date(session.expirationDateTime) > new Date());
  const post = (headers) =>
    fetch(session.importUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ FolderId: folder.id, Mode: 'create', Data: data }),
    });
  assert.equal((await post({ Authorization: 'Bearer x' })).status, 401);
  const answer = await post({});
  assert.equal(answer.status, 200);
  return (await answer.json()).itemId;
}

async function administrate(path, body) {
  const answer = await fetch(`${endpoints.admin_url}/${path}`, {
    method: body ? 'POST' : 'GET',
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

// The client's own retry handler waits as long as the answer says.
async function retriesWhenThrottled(client, mailbox) {
  await administrate('faults', { order: [{ fault: 'throttled', operation: 'list_folders' }] });
  const started = Date.now();
  const page = await client.api(`${mailbox}/folders`).get();
  assert.equal(page.value.length, 10);
  assert.ok(Date.now() - started >= 1900);
  const { requests } = await administrate('statistics');
  assert.equal(requests.list_folders['429'], 1);
  assert.equal(requests.list_folders['200'], 1);
}

// The kiota SDK: generated request builders and models.
async function kiotaChecks(app) {
  const provider = new BaseBearerTokenAuthenticationProvider({
    getAuthorizationToken: () => tokenOf(app),
    getAllowedHostsValidator: () => new AllowedHostsValidator(new Set(['localhost'])),
  });
  const adapter = new GraphRequestAdapter(provider);
  adapter.baseUrl = endpoints.graph_url;
  const client = createUsersServiceClient(adapter);

  const names = [];
  let page = await client.users.get({ queryParameters: { top: 4, select: ['id', 'userPrincipalName'] } });
  for (;;) {
    names.push(...page.value.map((user) => user.userPrincipalName));
    if (!page.odataNextLink) break;
    page = await client.users.withUrl(page.odataNextLink).get();
  }
  assert.ok(names.includes('room.berlin@contoso.com'));

  const settings = await client.users.byUserId('info@contoso.com').settings.exchange.get();
  assert.match(settings.primaryMailboxId, /^MBX:/);
  await assert.rejects(
    client.users.byUserId('on.premises@contoso.com').settings.exchange.get(),
    (error) => error.responseStatusCode === 404,
  );
  await kiotaFolders(adapter, settings.primaryMailboxId);
}

// There are models for mailbox folders, but no builders outside the admin package: functions are
// spelled with parentheses, as the generated builders do.
async function kiotaFolders(adapter, mailbox) {
  const folders = [];
  let url = `${endpoints.graph_url}/admin/exchange/mailboxes/${mailbox}/folders/delta()`;
  while (url) {
    const request = new RequestInformation();
    request.httpMethod = HttpMethod.GET;
    request.URL = url;
    const page = await adapter.send(
      request,
      createMailboxFolderCollectionResponseFromDiscriminatorValue,
      undefined,
    );
    folders.push(...page.value);
    url = page.odataNextLink;
  }
  assert.ok(folders.some((folder) => folder.displayName === 'Kunden 🚀 Übersicht'));
  assert.ok(folders.every((folder) => folder.id && folder.totalItemCount >= 0));
}

const restore = application('restore', certificateOf('restore'));
// One application for all the calls below; as made, this one may only write.
await administrate('operations', {
  operation: 'set_roles',
  app: 'restore',
  roles: [
    'User.Read.All',
    'MailboxFolder.ReadWrite.All',
    'MailboxItem.Read.All',
    'MailboxItem.ImportExport.All',
  ],
});
await signInChecks();
await graphClientChecks(restore);
await kiotaChecks(restore);
const { violations } = await administrate('statistics');
assert.deepEqual(violations, { authorization_sent_to_import_host: 1 });
console.log('the official JavaScript clients are satisfied');
