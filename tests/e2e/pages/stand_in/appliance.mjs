// The made-up appliance: state, and what the API gives of it. Knows nothing of HTTP.
import { chance, id_of, whole } from './chance.mjs';
import { list_folder, search_items } from './contents.mjs';
import * as runs from './job_runs.mjs';
import { kDay, make_mailbox, make_nights, rfc3339 } from './tenant.mjs';

export class ApiError extends Error {
  constructor(status, kind, message) {
    super(message);
    Object.assign(this, { status, kind });
  }
}
const missing = (what) => new ApiError(404, 'not_found', what);
const misused = (what) => new ApiError(400, 'usage', what);
const holds = (text, part) => (text ?? '').toLowerCase().includes(part.toLowerCase());
const kTargets = ['s3://second/contoso'];

export class Appliance {
  constructor() {
    this.begun = Date.now();
    this.mailboxes = Array.from({ length: 5_000 }, (_, index) => make_mailbox(index, this.begun));
    this.jobs = runs.past_jobs(this.mailboxes, this.begun);
    this.listeners = new Set();
    this.holds = this.mailboxes
      .filter((mailbox) => mailbox.held)
      .slice(0, 4)
      .map((mailbox, number) => ({
        type: 'hold',
        id: id_of('hold', number).toUpperCase().slice(0, 26),
        subject: mailbox.address,
        mailbox_id: mailbox.mailbox_id,
        snapshot: null,
        reason: `Proceedings 2 O ${number + 17}/26`,
        time: rfc3339(this.begun - number * 40 * kDay),
        tenant: 'contoso',
      }));
    this.entries = Array.from({ length: 260 }, (_, number) => past_entry(number, this.begun));
    this.run(
      runs.new_job('backup', 'schedule', { policy: 'shared', length: 900 }, this.begun - 240_000),
      31_800,
      5_100_000_000,
      0.27,
    );
  }

  tell(event, record) {
    for (const listener of this.listeners) listener(event, record);
  }

  note(by, action, result, reason, what) {
    this.entries.unshift({
      type: 'audit',
      sequence: this.entries[0].sequence + 1,
      time: rfc3339(Date.now()),
      by: { user: by, login: null, host: 'backup01', process: '812' },
      action,
      result,
      reason,
      what,
    });
    this.tell('status', { type: 'status' });
  }

  // Mailboxes.

  list_mailboxes(query, page) {
    const found = this.mailboxes.filter(
      (mailbox) =>
        (!query.search ||
          holds(mailbox.address, query.search) ||
          holds(mailbox.display_name, query.search)) &&
        (!query.state || mailbox.state === query.state) &&
        (!query.reason || mailbox.reason === query.reason) &&
        (!query.policy || mailbox.policy === query.policy),
    );
    return page_of(found, page);
  }

  index_of(id) {
    const index = this.mailboxes.findIndex(
      (mailbox) => mailbox.mailbox_id === id || mailbox.address === id,
    );
    if (index < 0) throw missing(`there is no mailbox '${id}'`);
    return index;
  }

  mailbox(id) {
    const index = this.index_of(id);
    const mailbox = this.mailboxes[index];
    const problems =
      mailbox.state === 'at_risk'
        ? Array.from({ length: 3 }, (_, number) => runs.problem_of(mailbox, number))
        : [];
    return {
      ...mailbox,
      holds: this.holds.filter((hold) => hold.mailbox_id === mailbox.mailbox_id),
      nights: make_nights(mailbox, index, this.begun),
      problems,
    };
  }

  snapshots(id, page) {
    const index = this.index_of(id);
    return page_of(make_nights(this.mailboxes[index], index, this.begun).reverse(), page);
  }

  items(query, { after, limit }) {
    const index = this.index_of(query.mailbox ?? '');
    const nights = make_nights(this.mailboxes[index], index, this.begun);
    if (nights.length === 0) throw missing(`mailbox '${query.mailbox}' has no restore points`);
    const at = query.at ?? 'latest';
    if (at !== 'latest' && !/^\d{4}-/.test(at) && !nights.some((night) => night.id === at)) {
      throw missing(`there is no restore point '${at}'`);
    }
    const from = Number(after || 0);
    const is_search = ['subject', 'from', 'after_date', 'before_date', 'type'].some(
      (name) => query[name],
    );
    const page = is_search
      ? search_items(index, query, this.begun, from, limit)
      : list_folder(index, query.folder ?? '', this.begun, from, limit);
    if (!page) throw missing(`there is no folder '${query.folder}'`);
    return page;
  }

  // Jobs.

  list_jobs(query, page) {
    return page_of(
      this.jobs
        .filter(
          (job) =>
            (!query.state || job.state === query.state) &&
            (!query.command || job.command === query.command),
        )
        .map(runs.shown),
      page,
    );
  }

  job(id) {
    const job = this.jobs.find((each) => each.id === id);
    if (!job) throw missing(`there is no job '${id}'`);
    return job;
  }

  records(id, type, page) {
    return page_of(
      this.job(id).records.filter((record) => !type || record.type === type),
      page,
    );
  }

  start(account, fields) {
    const { command } = fields;
    if (!['backup', 'restore', 'check', 'drill', 'prune', 'forget', 'copy'].includes(command)) {
      throw misused(`there is no command '${command}'`);
    }
    const more = {
      fields,
      reason: fields.reason ?? null,
      is_dry: fields.dry_run === true,
      length: 4,
    };
    if (command === 'restore') Object.assign(more, this.restore_of(fields));
    if (command === 'backup') {
      more.policy = fields.policy ?? null;
      more.mailbox = fields.mailboxes?.join(', ') ?? null;
      for (const mailbox of fields.mailboxes ?? []) this.index_of(mailbox);
    }
    if (command === 'check') more.arguments = ['--level', fields.level ?? 'structure'];
    if (command === 'copy' && !kTargets.includes(fields.to))
      throw misused(`no store '${fields.to}'`);
    const job = runs.new_job(command, account, { ...more, serial: this.jobs.length }, Date.now());
    this.note(account, command, 'begun', job.reason, { job: job.id });
    this.run(job, 2_400, 170_000_000, 0);
    return runs.shown(job);
  }

  restore_of(fields) {
    const source = this.mailboxes[this.index_of(fields.mailbox ?? '')];
    if (!fields.dry_run && !fields.reason) throw misused('a restore needs a reason');
    const target = this.mailboxes[this.index_of(fields.to ?? fields.mailbox)];
    return { mailbox: source.address, target: target.address, length: fields.dry_run ? 0.8 : 3 };
  }

  // `share`: how far it is already.
  run(job, items, bytes, share) {
    this.jobs.unshift(job);
    const started = Date.now() - share * job.length * 1000;
    Object.assign(job, { state: 'running', started: rfc3339(started) });
    const step = () => {
      const now = Math.min(1, (Date.now() - started) / 1000 / job.length);
      if (job.state !== 'running') return;
      if (now >= 1) return this.end(job, 'complete');
      job.seconds = (Date.now() - started) / 1000;
      job.progress = runs.progress_at(job, now, items, bytes);
      this.tell('job', runs.shown(job));
      setTimeout(step, Math.min(1000, job.length * 220)).unref();
    };
    setTimeout(step, 30).unref();
    this.tell('job', runs.shown(job));
  }

  end(job, status) {
    if (job.command === 'backup') {
      finish(job, () => runs.finish_backup(job, this.backed_by(job), job.length, false));
    } else if (job.command === 'restore') {
      finish(job, () => runs.finish_restore(job, this.index_of(job.mailbox), this.begun));
    } else {
      finish(job, () => runs.finish_other(job, job.length));
    }
    const is_partial = status === 'complete' && job.summary.status !== 'complete';
    Object.assign(job, {
      state: 'ended',
      status: is_partial ? 'partial' : status,
      exit_status: status === 'complete' ? (is_partial ? 3 : 0) : 130,
      ended: rfc3339(Date.now()),
      seconds: job.length,
      progress: null,
    });
    this.tell('job', runs.shown(job));
    this.tell('status', { type: 'status' });
  }

  backed_by(job) {
    return this.mailboxes
      .filter((mailbox) =>
        job.mailbox
          ? job.mailbox.includes(mailbox.address)
          : mailbox.policy === job.policy && mailbox.state === 'protected',
      )
      .slice(0, 400);
  }

  cancel(account, id) {
    const job = this.job(id);
    if (job.state === 'ended') throw new ApiError(409, 'in_use', 'this job has ended already');
    this.note(account, 'cancel', 'done', null, { job: id });
    this.end(job, 'cancelled');
    return runs.shown(job);
  }

  // Holds.

  add_hold(account, { subject, reason }) {
    if (!subject || !reason) throw misused('a hold needs a subject and a reason');
    const mailbox = this.mailboxes[this.index_of(subject)];
    const hold = {
      type: 'hold',
      id: id_of('new hold', this.entries.length).toUpperCase().slice(0, 26),
      subject: mailbox.address,
      mailbox_id: mailbox.mailbox_id,
      snapshot: null,
      reason,
      time: rfc3339(Date.now()),
      tenant: 'contoso',
    };
    this.holds.push(hold);
    mailbox.held = true;
    this.note(account, 'hold add', 'done', reason, { subject });
    return hold;
  }

  remove_hold(account, id, reason) {
    const at = this.holds.findIndex((hold) => hold.id === id);
    if (at < 0) throw missing(`there is no hold '${id}'`);
    if (!reason) throw misused('removing a hold needs a reason');
    const [hold] = this.holds.splice(at, 1);
    for (const mailbox of this.mailboxes) {
      if (mailbox.mailbox_id === hold.mailbox_id) {
        mailbox.held = this.holds.some((each) => each.mailbox_id === mailbox.mailbox_id);
      }
    }
    this.note(account, 'hold remove', 'done', reason, { hold: id });
  }
}

function finish(job, fill) {
  fill();
  job.summary.job_id = job.id;
}

export function page_of(records, { after, limit }) {
  const from = Number(after || 0);
  return {
    records: records.slice(from, from + limit),
    total: records.length,
    next: from + limit < records.length ? String(from + limit) : null,
  };
}

function past_entry(number, now) {
  const actions = ['backup', 'restore', 'check', 'login', 'hold add', 'prune', 'account add'];
  const action = actions[whole(0, 6, 'action', number)];
  return {
    type: 'audit',
    sequence: 100_260 - number,
    time: rfc3339(now - number * 9.1e6),
    by: {
      user: action === 'backup' ? 'coffer' : ['rosa', 'enno', 'local'][number % 3],
      login: null,
      host: 'backup01',
      process: String(whole(300, 9_000, 'process', number)),
    },
    action,
    result: chance('result', number) < 0.04 ? 'denied' : number % 2 ? 'done' : 'begun',
    reason: action === 'restore' ? 'Ticket 4711: folder deleted by mistake' : null,
    what: { policy: 'nightly', number },
  };
}
