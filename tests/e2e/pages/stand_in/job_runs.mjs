// Jobs of the made-up appliance: what ran in the past, and what runs now, with progress once a
// second.
import { chance, id_of, whole } from './chance.mjs';
import { selection_of } from './contents.mjs';
import { kDay, rfc3339 } from './tenant.mjs';

const kTitles = {
  backup: (job) => (job.policy ? `Backup of policy ${job.policy}` : `Backup of ${job.mailbox}`),
  restore: (job) => `${job.is_dry ? 'Dry run of a restore' : 'Restore'} from ${job.mailbox}`,
  check: (job) => `Check of the store, level ${job.arguments.at(-1)}`,
  drill: () => 'Restore drill',
  prune: (job) => `${job.is_dry ? 'Dry run of pruning' : 'Pruning'}`,
  forget: (job) => `${job.is_dry ? 'Dry run of retention' : 'Retention'}`,
  copy: () => 'Copy to the second store',
};

export function new_job(command, by, more, now) {
  const job = {
    type: 'job',
    id: id_of('job', command, now, more.serial ?? 0)
      .toUpperCase()
      .slice(0, 26),
    command,
    arguments: [],
    state: 'queued',
    status: null,
    exit_status: null,
    by,
    reason: null,
    policy: null,
    mailbox: null,
    queued: rfc3339(now),
    started: null,
    ended: null,
    seconds: null,
    progress: null,
    summary: null,
    error: null,
    problems: 0,
    records: [],
    ...more,
  };
  job.title = kTitles[command](job);
  return job;
}

const kHidden = ['records', 'is_dry', 'serial', 'fields', 'length', 'target'];
export const shown = (job) =>
  Object.fromEntries(Object.entries(job).filter(([name]) => !kHidden.includes(name)));

export const problem_of = (mailbox, number) => ({
  mailbox: mailbox.address,
  folder: ['Inbox', 'Sent Items', 'Archive/2024', 'Calendar'][number % 4],
  item: `AAMk${id_of('problem', mailbox.address, number)}=`,
  code: ['ErrorItemCorrupt', 'ErrorInternalServerError', 'ErrorTimeoutExpired'][number % 3],
  message: [
    'the service cannot export this item: its content is damaged there',
    'the service failed three times with status 500',
    'no answer within 300 s',
  ][number % 3],
  next: 'retry next run',
});

function backup_records(mailboxes, problems) {
  return mailboxes.map((mailbox, number) => {
    const own = problems.filter((problem) => problem.mailbox === mailbox.address);
    const listed = mailbox.items;
    const stored = Math.min(listed, whole(3, 160, 'stored', number));
    const status = mailbox.state === 'unprotected' ? 'failed' : own.length ? 'partial' : 'complete';
    return {
      type: 'mailbox',
      mailbox: mailbox.address,
      mailbox_id: mailbox.mailbox_id,
      status,
      reason: status === 'failed' ? mailbox.reason : null,
      items: {
        listed,
        stored,
        unchanged: listed - stored - own.length,
        skipped: 0,
        failed: own.length,
      },
      bytes: { exported: stored * 90_000, new: stored * 52_000, stored: stored * 31_000 },
      throttled_seconds: number % 9 ? 0 : 74,
      drift: null,
      snapshot: null,
      problems: own,
    };
  });
}

function backup_summary(job, mailboxes, seconds, problems) {
  const failed = mailboxes.filter((mailbox) => mailbox.state === 'unprotected').length;
  const partial = new Set(problems.map((problem) => problem.mailbox)).size;
  const listed = mailboxes.reduce((sum, mailbox) => sum + mailbox.items, 0);
  const stored = Math.round(listed * 0.004);
  return {
    type: 'summary',
    command: 'backup',
    job_id: job.id,
    status: failed + partial ? 'partial' : 'complete',
    seconds,
    mailboxes: { complete: mailboxes.length - failed - partial, partial, failed, skipped: 0 },
    items: {
      listed,
      stored,
      unchanged: listed - stored - problems.length,
      skipped: 0,
      failed: problems.length,
    },
    bytes: { exported: stored * 90_000, new: stored * 52_000, stored: stored * 31_000 },
    requests: { total: 214_310, retried: 812, throttled: 655 },
    throttled_seconds: 1_284.5,
    drift: null,
    snapshots: [],
    problems: problems.slice(0, 50),
  };
}

export function finish_backup(job, mailboxes, seconds, with_problems) {
  const problems = with_problems
    ? mailboxes
        .slice(0, 60)
        .flatMap((mailbox, number) =>
          number % 7 === 4 && mailbox.items > 0
            ? Array.from({ length: 1 + (number % 3) }, (_, each) =>
                problem_of(mailbox, number + each),
              )
            : [],
        )
    : [];
  const backed = mailboxes.filter((mailbox) => with_problems || mailbox.items > 0);
  job.summary = backup_summary(job, backed, seconds, problems);
  job.records = [
    ...backup_records(backed, problems),
    ...problems.map((problem) => ({ type: 'problem', ...problem })),
    job.summary,
  ];
  job.problems = problems.length;
}

function restore_summary(job, count, bytes, failed, skipped) {
  const made = job.is_dry ? 0 : count - skipped - failed;
  const least = Math.max(0, (((bytes * 4) / 3 - 150e6) * 300) / 150e6);
  return {
    type: 'summary',
    command: 'restore',
    job_id: job.id,
    status: failed ? 'partial' : 'complete',
    seconds: job.length,
    dry_run: job.is_dry,
    resumed: false,
    reason: job.reason,
    snapshot: job.fields.at,
    mailbox: job.mailbox,
    target: job.target,
    target_mailbox_id: null,
    in_place: job.fields.in_place === true,
    into: job.fields.in_place ? null : (job.fields.into ?? 'Restored'),
    items: {
      selected: count,
      restored: made,
      skipped,
      replaced: 0,
      failed,
      untried: 0,
      verified: made,
    },
    planned: {
      create: count - skipped,
      skip: skipped,
      replace: 0,
      bytes,
      least_seconds: least,
      expected_seconds: least * 1.3 + count * 0.02 + 6,
    },
    folders: { created: job.is_dry ? 0 : 4, reused: 0 },
    bytes_sent: job.is_dry ? 0 : bytes,
    problems: [],
  };
}

export function finish_restore(job, index, now) {
  const { folders = [], items = [] } = job.fields;
  const selection = selection_of(index, folders, items, now);
  const skipped = job.fields.in_place ? Math.floor(selection.count * 0.9) : 0;
  const failed = !job.is_dry && selection.count > 90_000 ? 2 : 0;
  job.summary = restore_summary(job, selection.count, selection.bytes, failed, skipped);
  job.records = selection.shown.map((item, number) => ({
    type: 'item',
    id: item.id,
    folder: item.folder,
    item_class: item.item_class,
    size: item.size,
    action: 'create',
    result: job.is_dry ? 'planned' : number < failed ? 'failed' : 'restored',
    target_folder: job.is_dry ? null : `Restored/${item.folder}`,
    target_item_id: job.is_dry ? null : `AAMk${id_of('target', number)}=`,
    verified: !job.is_dry && number >= failed,
    reason: !job.is_dry && number < failed ? 'the target refuses this item (ErrorItemSave)' : null,
  }));
  job.records.push(job.summary);
  job.problems = failed;
}

function other_summary(job, seconds) {
  const base = { type: 'summary', command: job.command, status: 'complete', seconds };
  switch (job.command) {
    case 'check':
      return {
        ...base,
        level: job.fields?.level ?? 'scrub',
        restore_points: 1_902_114,
        packs: 61_204,
        chunks: 9_241_880,
        bytes_read: 3_870_000_000_000,
        errors: 0,
        healed: 0,
        affected: [],
        packs_without_parity: 0,
        packs_left: 0,
        rescued_chunks: 0,
      };
    case 'drill':
      return {
        ...base,
        seed: 7,
        items: { requested: 50, available: 1e8, chosen: 50, verified: 50, failed: 0 },
        mailboxes: 44,
        snapshots: 48,
        bytes: { streams: 4_100_000, bodies: 5_600_000 },
        problems: [],
      };
    case 'prune':
      return {
        ...base,
        dry_run: job.is_dry === true,
        epoch: 91,
        purged: [],
        packs_deleted: 212,
        packs_rewritten: 40,
        chunks_moved: 21_002,
        bytes_deleted: 14_100_000_000,
        bytes_written: 2_100_000_000,
        trash_bytes_freed: 900_000_000,
        bytes_left: 3_870_000_000_000,
      };
    case 'forget':
      return {
        ...base,
        mailboxes: 4_709,
        snapshots: 1_902_114,
        kept: 1_897_405,
        removed: 4_709,
        confirmation: [],
        policies: [],
      };
    default:
      return {
        ...base,
        created: false,
        packs: 120,
        chunks: 18_400,
        bytes: 7_700_000_000,
        snapshots: 4_702,
        skipped: 0,
        holds: 0,
        problems: [],
      };
  }
}

export function finish_other(job, seconds) {
  job.summary = other_summary(job, seconds);
  job.records = [job.summary];
}

function ended(job, started, seconds, status) {
  const exits = { complete: 0, partial: 3, failed: 1, interrupted: 130, cancelled: 130 };
  return Object.assign(job, {
    state: 'ended',
    status,
    exit_status: exits[status],
    started: rfc3339(started),
    seconds,
    ended: rfc3339(started + seconds * 1000),
    queued: rfc3339(started - 900),
  });
}

// 60 nights of backups, with checks, drills, restores and copies between them; newest first.
export function past_jobs(mailboxes, now) {
  const jobs = [];
  const covered = mailboxes.filter(
    (mailbox) => mailbox.policy === 'nightly' && mailbox.state !== 'excluded',
  );
  for (let day = 0; day < 60; ++day) {
    const at = now - day * kDay - 5 * 3.6e6;
    const backup = new_job('backup', 'schedule', { policy: 'nightly', serial: day }, at);
    const seconds = whole(7_000, 15_000, 'backup', day);
    finish_backup(backup, day < 2 ? covered : covered.slice(0, 50), seconds, day % 4 === 0);
    ended(backup, at, seconds, day === 9 ? 'interrupted' : backup.summary.status);
    jobs.push(backup);
    if (day % 7 === 2) {
      const check = new_job(
        'check',
        'schedule',
        { arguments: ['--level', 'scrub'], serial: day },
        at - 3.6e6,
      );
      finish_other(check, 5_200);
      jobs.push(ended(check, at - 3.6e6, 5_200, 'complete'));
    }
    if (day % 7 === 4) {
      const drill = new_job('drill', 'schedule', { serial: day }, at - 7.2e6);
      finish_other(drill, 90);
      jobs.push(ended(drill, at - 7.2e6, 90, 'complete'));
    }
    if (day % 13 === 5) jobs.push(past_restore(mailboxes[day % 40], day, at - 9e6));
    if (day === 11) jobs.push(failed_copy(at - 9.9e6));
  }
  return jobs;
}

function past_restore(mailbox, day, at) {
  const job = new_job(
    'restore',
    day % 2 ? 'rosa' : 'local',
    {
      mailbox: mailbox.address,
      target: mailbox.address,
      reason: 'Ticket 4711: folder deleted by mistake',
      serial: day,
      fields: { at: 'latest', folders: ['Inbox/Customers'], into: 'Restored' },
      length: 210,
    },
    at,
  );
  finish_restore(job, day % 40, at);
  return ended(job, at, 210, 'complete');
}

function failed_copy(at) {
  const job = new_job('copy', 'schedule', { arguments: ['--to', 's3://second/contoso'] }, at);
  job.error = {
    type: 'error',
    kind: 'unavailable',
    message: 'connection refused by objects.example:443',
    context: ['copying to s3://second/contoso'],
    remedy: 'look whether the second store is up',
    exit_status: 1,
  };
  job.records = [job.error];
  return ended(job, at, 31, 'failed');
}

const kBottlenecks = ['service', 'throttling', 'store', 'processor'];

// Where a job is after a share of its time.
export function progress_at(job, share, total_items, total_bytes) {
  const seconds_left = Math.max(0, job.length * (1 - share));
  return {
    stage: share < 0.08 ? 'listing' : job.command === 'backup' ? 'exporting' : 'working',
    items_done: Math.floor(total_items * share),
    items_total: total_items,
    bytes_done: Math.floor(total_bytes * share),
    bytes_total: total_bytes,
    bytes_per_second: Math.round((total_bytes / job.length) * (0.9 + 0.2 * chance('rate', share))),
    seconds_left: Math.round(seconds_left),
    throttled_seconds: Math.round(74 * share),
    bottleneck: kBottlenecks[Math.floor(share * 7) % 4],
  };
}
