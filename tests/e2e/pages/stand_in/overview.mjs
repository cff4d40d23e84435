// The objects that look at the whole made-up appliance.
import { whole } from './chance.mjs';
import * as runs from './job_runs.mjs';
import { kDay, rfc3339 } from './tenant.mjs';

function count_by(list, key) {
  const counts = new Map();
  for (const each of list) counts.set(key(each), (counts.get(key(each)) ?? 0) + 1);
  return counts;
}

const kStore = {
  logical_bytes: 171_400_000_000_000,
  unique_bytes: 6_210_000_000_000,
  stored_bytes: 3_870_000_000_000,
  index_bytes: 41_300_000_000,
  free_bytes: 1_130_000_000_000,
  dedup_factor: 27.6006,
  compression_factor: 1.6047,
  growth_bytes_per_day: 9_800_000_000,
  items: 108_441_220,
  snapshots: 1_902_114,
};
const full_on = (now) => rfc3339(now + 115 * kDay).slice(0, 10);

const verification = (now) => ({
  structure: rfc3339(now - 0.4 * kDay),
  scrub: rfc3339(now - 2.3 * kDay),
  full: rfc3339(now - 61 * kDay),
  drill: rfc3339(now - 4.2 * kDay),
  oldest_unverified_seconds: 5_270_400,
  errors: 0,
});

export function status(appliance) {
  const now = Date.now();
  const { mailboxes, jobs } = appliance;
  const states = count_by(mailboxes, (mailbox) => mailbox.state);
  const reasons = count_by(
    mailboxes.filter((mailbox) => mailbox.reason !== null),
    (mailbox) => `${mailbox.state}\n${mailbox.reason}`,
  );
  const oldest = mailboxes
    .filter((mailbox) => mailbox.state === 'at_risk')
    .sort((left, right) => right.age_seconds - left.age_seconds)[0];
  const bare = states.get('unprotected');
  return {
    type: 'status',
    time: rfc3339(now),
    version: '0.9.0',
    state: bare > 0 ? 'bad' : 'good',
    sentence:
      `${bare} mailboxes have no backup, ` +
      `and ${states.get('at_risk')} are older than promised.`,
    action: 'Put the mailboxes that no policy selects under a policy, or exclude them.',
    mailboxes: {
      protected: states.get('protected'),
      at_risk: states.get('at_risk'),
      unprotected: bare,
      excluded: states.get('excluded'),
      unsupported: states.get('unsupported'),
      total: mailboxes.length,
    },
    reasons: [...reasons]
      .map(([key, count]) => {
        const [state, reason] = key.split('\n');
        return { state, reason, mailboxes: count };
      })
      .sort((left, right) => right.mailboxes - left.mailboxes),
    discovered: rfc3339(now - 5 * 3.6e6),
    oldest: {
      mailbox: oldest.address,
      last_good_backup: oldest.last_good_backup,
      promised_seconds: 93_600,
    },
    last_run: runs.shown(jobs.find((job) => job.command === 'backup' && job.state === 'ended')),
    running: jobs.filter((job) => job.state !== 'ended').map(runs.shown),
    next_runs: schedule(appliance).slice(0, 4),
    store: { ...kStore, full_on: full_on(now) },
    throttled: { last_run_seconds: 1_284.5, week_seconds: 7_910 },
    verification: verification(now),
    alerts_open: alerts(now).filter((alert) => alert.closed === null).length,
  };
}

export function storage(now) {
  const trend = Array.from({ length: 180 }, (_, day) => {
    const back = 179 - day;
    const wave = whole(0, 6, 'trend', day) * 1e9;
    const stored = kStore.stored_bytes - back * 9_800_000_000 + wave;
    return {
      time: rfc3339(now - back * kDay),
      logical_bytes: kStore.logical_bytes - back * 4.3e11,
      unique_bytes: Math.round(stored * 1.6),
      stored_bytes: stored,
      free_bytes: 5e12 - stored,
      snapshots: kStore.snapshots - back * 4_000,
      items: kStore.items - back * 31_000,
    };
  });
  return {
    type: 'storage',
    now: { ...kStore, full_on: full_on(now), packs: 61_204, chunks: 9_241_880, mailboxes: 4_709 },
    trend,
    verification: verification(now),
    copies: [
      {
        to: 's3://second/contoso',
        time: rfc3339(now - 11 * kDay),
        status: 'failed',
        snapshots: 1_858_210,
      },
    ],
  };
}

export function schedule(appliance) {
  const last = (command, policy) => {
    const job = appliance.jobs.find(
      (each) =>
        each.command === command && each.state === 'ended' && (each.policy ?? null) === policy,
    );
    return job ? runs.shown(job) : null;
  };
  const entry = (policy, command, hours, calendar, missed = []) => ({
    type: 'schedule',
    policy,
    tenant: 'contoso',
    command,
    next: rfc3339(Date.now() + hours * 3.6e6),
    calendar: [calendar],
    timezone: 'Europe/Berlin',
    window: command === 'backup' ? ['22:00-06:00'] : [],
    window_open: command !== 'backup',
    last: last(command, policy),
    missed,
  });
  return [
    entry('nightly', 'backup', 7.4, '*-*-* 02:00:00'),
    entry('shared', 'backup', 8.4, '*-*-* 03:00:00'),
    entry('nightly', 'forget', 12.1, '*-*-* 07:00:00'),
    entry(null, 'check', 61, 'Sun *-*-* 12:00:00', 1),
    entry(null, 'drill', 99, 'Tue *-*-* 12:00:00'),
    entry(null, 'copy', 11, '*-*-* 06:30:00'),
  ];
}

export function alerts(now) {
  const alert = (number, kind, severity, subject, message, next_step, closed) => ({
    type: 'alert',
    id: `01ALERT${number}`,
    kind,
    severity,
    subject,
    message,
    next_step,
    opened: rfc3339(now - number * 2.7 * kDay),
    closed: closed ? rfc3339(now - number * 2 * kDay) : null,
    sent: [
      {
        to: 'backup-admins@contoso.example',
        time: rfc3339(now - number * 2.7 * kDay),
        problem: null,
      },
      {
        to: 'https://chat.example/hook',
        time: rfc3339(now - number * 2.7 * kDay),
        problem: number === 2 ? 'status 502' : null,
      },
    ],
  });
  return [
    alert(
      1,
      'unprotected',
      'bad',
      'policy nightly',
      '37 mailboxes have no backup',
      'put them under a policy, or exclude them',
      false,
    ),
    alert(
      2,
      'copy_failed',
      'warning',
      's3://second/contoso',
      'the second store does not answer',
      'look whether objects.example is up',
      false,
    ),
    alert(
      3,
      'certificate',
      'warning',
      'app contoso backup',
      'its certificate ends in 19 days',
      'register a new certificate',
      false,
    ),
    ...Array.from({ length: 30 }, (_, number) =>
      alert(
        4 + number,
        'missed_run',
        'warning',
        'policy shared',
        'a run began 3 hours late',
        'nothing: it has run since',
        true,
      ),
    ),
  ];
}

const kRules = {
  keep_last: 7,
  keep_daily: 30,
  keep_weekly: 12,
  keep_monthly: 12,
  keep_yearly: 7,
  keep_within: '14d',
};

export function retention(appliance, query) {
  const asked = Object.keys(kRules).filter((name) => query[name]);
  const rules =
    asked.length === 0
      ? kRules
      : Object.fromEntries(
          asked.map((name) => [name, name === 'keep_within' ? query[name] : Number(query[name])]),
        );
  const keep = Math.max(
    1,
    Object.values(rules).reduce((sum, value) => sum + (Number(value) || 0), 0),
  );
  const points = 1_902_114;
  const kept = Math.min(points - 4_709, Math.round((points * keep) / 90));
  const detail = appliance.mailbox(appliance.mailboxes[0].address);
  const removed = points - kept;
  const is_many = removed * 5 > points;
  return {
    type: 'simulation',
    policy: query.policy ?? 'nightly',
    rules,
    points,
    kept,
    removed,
    freed_bytes: removed * 310_000,
    confirmation: is_many
      ? `${removed} of ${points} restore points would be removed, which is more than 20 % at once`
      : null,
    removed_by_day: Array.from({ length: 30 }, (_, day) => ({
      date: rfc3339(Date.now() + day * kDay).slice(0, 10),
      removed: day === 0 ? removed : whole(4_100, 5_200, 'removed', day),
    })),
    examples: detail.nights.map((night, number, all) => {
      const back = all.length - number;
      const reasons =
        back <= 7 ? ['last', 'daily'] : back <= 30 ? ['daily'] : back % 7 ? [] : ['weekly'];
      if (night.held) reasons.push('hold');
      return {
        type: 'retention',
        id: night.id,
        mailbox: night.mailbox,
        mailbox_id: night.mailbox_id,
        time: night.time,
        complete: night.complete,
        keep: reasons.length > 0,
        reasons,
        policy: 'nightly',
        tenant: 'contoso',
      };
    }),
  };
}

export const settings = (begun) => ({
  type: 'settings',
  path: '/etc/coffer/coffer.toml',
  loaded: rfc3339(begun),
  tables: [
    [
      'store',
      {
        url: '/var/lib/coffer/store',
        index: '/var/lib/coffer/index',
        passphrase_file: 'credential:store-passphrase',
        parity: true,
        minimum_age: '0d',
      },
    ],
    [
      'tenant.contoso',
      {
        tenant_id: '8f2c7f0a-1c1e-4c6f-9d0a-3b9f3c5d7e11',
        api: 'items',
        graph_url: 'https://graph.microsoft.com/v1.0',
        import_hosts: ['outlook.office365.com'],
      },
    ],
    [
      'tenant.contoso.backup_app',
      { client_id: '6d0e…', certificate_file: '/etc/coffer/backup.pem' },
    ],
    [
      'policy.nightly',
      {
        tenant: 'contoso',
        include: ['*'],
        exclude: ['svc-*@contoso.example'],
        schedule: ['*-*-* 02:00:00'],
        timezone: 'Europe/Berlin',
        window: ['22:00-06:00'],
        jitter: '15m',
      },
    ],
    ['policy.nightly.retention', kRules],
    ['limits', { concurrent_mailboxes: 32, requests_per_mailbox: 4, memory: '1GiB' }],
    ['web', { listen: '127.0.0.1:8440' }],
    ['alerts', { webhook: ['https://chat.example/…'], mail_to: ['admins@contoso.example'] }],
  ].map(([name, values]) => ({
    name,
    values: Object.entries(values).map(([key, value]) => ({ key, value })),
  })),
});
