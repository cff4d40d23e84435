#!/usr/bin/env python3
"""The daemon as an appliance: what is due runs by itself, what the command line and the API ask for
runs as jobs, and neither kill -9 nor a stop loses one or does anything twice.

  schedule   a backup runs by itself, the policy's retention after it
  handover   writing commands of the command line become jobs and look as ever; keys are changed
             while it runs; reading commands go on beside it
  restore    asked for through the API, with equal streams in the target
  reload     SIGHUP: a configuration that makes no sense changes nothing
  window     a run is paused when its window closes, and goes on in the next one
  kill       kill -9 --kills times at random moments of runs: the job goes on, history is true, and
             a restore has every item once
"""

import collections
import datetime
import json
import signal
import time

from campaign import Campaign
from harness import expect, serve

MAILBOX = "ada.albers@contoso.com"
MOST_DEATHS = 15  # of a job, before it is let run to its end: it is given up after twenty


def snapshots_of(coffer):
    return {point["id"]: point for point in coffer.snapshots()}


def schedule(campaign, arguments):
    with campaign.tenant("schedule", "coffer-schedule", mailboxes=4, items=200, bytes=10**6) as (
        _,
        coffer,
    ):
        coffer.use_key_file()
        keys = 'schedule = "*:*:0/10"\n[policy.nightly.retention]\nkeep_last = 2\n'
        coffer.policy_keys = keys
        with serve(coffer) as daemon:
            daemon.wait_for(lambda: len(ended(daemon, "backup")) >= 4, "four runs by themselves")
            daemon.wait_for(lambda: len(ended(daemon, "forget")) >= 3, "retention after each")
            runs = ended(daemon, "backup")
            expect(all(job["by"] == "schedule" for job in runs), f"{runs}")
            expect(all(job["status"] == "complete" for job in runs), f"{runs}")
            points = coffer.snapshots()
            # 20 % of the restore points at once need an operator's word: the third run asks for it.
            expect(points, "no restore point is left")
            told = {record["policy"]: record for record in daemon.all("schedule", "schedule")}
            expect(told["nightly"]["next"], f"{told}")
            own = coffer.run("schedule").of_type("schedule")
            expect(own[0]["next"] and own[0]["last"]["status"], f"{own}")
            expect(daemon.stop() == 0, "it did not stop well")
        campaign.say(f"schedule: {len(runs)} runs by themselves, {len(points)} restore points kept")


def ended(daemon, command):
    return [job for job in daemon.jobs(command) if job["state"] == "ended"]


def handover(campaign, arguments):
    with campaign.tenant("handover", "coffer-handover", mailboxes=3, items=300, bytes=10**6) as (
        _,
        coffer,
    ):
        coffer.use_key_file()
        with serve(coffer) as daemon:
            run = coffer.backup(MAILBOX)
            (job,) = daemon.jobs("backup")
            expect(job["id"] == run.summary["job_id"], f"{job} is not {run.summary['job_id']}")
            expect(job["by"] != "schedule" and job["mailbox"] == MAILBOX, f"{job}")
            shown = coffer.run("jobs", "show", job["id"])
            expect(shown.summary and shown.of_type("mailbox"), "jobs show tells nothing")
            expect(coffer.snapshots(MAILBOX), "no restore point beside the daemon")
            held = coffer.run("hold", "add", MAILBOX, "--reason", "proof").of_type("hold")
            expect(held[0]["id"], f"{held}")
            coffer.run("forget", "--dry-run")
            coffer.run("prune")
            coffer.run("check", "--level", "full")
            coffer.run("check", "--repair")
            coffer.run("rebuild-index")
            recovery = coffer.run("key", "recovery", "--recovery-key-file",
                                  str(coffer.directory / "new-recovery-key"))
            told = json.dumps(daemon.jobs())
            key = (coffer.directory / "new-recovery-key").read_text().strip()
            expect(recovery.status == 0 and key not in told, "a job's record tells a key")
            failed = coffer.run("restore", "nobody@contoso.com", expect_status=5)
            expect(failed.error["kind"] == "not_found", f"{failed.error}")
            coffer.run("backup", "nobody@contoso.com", expect_status=5)
            wrong = coffer.run("backup", "--nonsense", expect_status=2)
            expect(wrong.error, "a wrong option is no error")
            expect(coffer.run("jobs").of_type("job"), "jobs are not listed")
            expect(daemon.stop() == 0, "it did not stop well")
        again = coffer.backup(MAILBOX)
        expect(again.summary["items"]["stored"] == 0, "a run without the daemon stores anew")
        campaign.say(f"handover: {len(json.loads(told))} jobs, keys changed beside the daemon")


def streams(record):
    return sorted(item.sha256 for item in record.items.values())


def restore(campaign, arguments):
    with campaign.tenant("restore", "coffer-restore", mailboxes=3, items=300, bytes=10**6) as (
        simulator,
        coffer,
    ):
        coffer.use_key_file()
        before = simulator.record()
        target = next(address for address in before if address != MAILBOX)
        with serve(coffer) as daemon:
            first = daemon.wait_for_job(daemon.order(command="backup"))
            expect(first["status"] == "complete", f"{first}")
            refused = daemon.post("jobs", {"command": "restore", "mailbox": MAILBOX}, check=False)
            expect(refused.status == 400, f"a restore without a reason: {refused.status}")
            dry = daemon.wait_for_job(
                daemon.order(command="restore", mailbox=MAILBOX, to=target, into="Proof",
                             dry_run=True))
            expect(dry["summary"]["items"]["selected"] == len(before[MAILBOX].items), f"{dry}")
            body = {"command": "restore", "mailbox": MAILBOX, "to": target, "into": "Proof",
                    "reason": "proof"}
            done = daemon.wait_for_job(daemon.order(**body))
            counts = done["summary"]["items"]
            expect(done["status"] == "complete", f"{done}")
            expect(counts["verified"] == counts["selected"] == len(before[MAILBOX].items), f"{done}")
            report = daemon.get(f"/api/v1/jobs/{done['id']}/report").body.decode()
            items = [json.loads(line) for line in report.splitlines()]
            items = [record for record in items if record["type"] == "item"]
            expect(len(items) == len(before[MAILBOX].items), f"the report has {len(items)} items")
        after = simulator.record()[target]
        restored = [item.sha256 for item in after.items.values()
                    if item.id not in before[target].items]
        expect(sorted(restored) == streams(before[MAILBOX]), "the streams differ")
        entries = coffer.run("audit").of_type("audit")
        expect(any(entry["action"] == "restore" and entry["reason"] == "proof"
                   for entry in entries), "the audit log does not tell of the restore")
        expect(coffer.run("audit", "--verify").status == 0, "the audit log is not whole")
        campaign.say(f"restore: {len(restored)} items through the API, all streams equal")


def reload(campaign, arguments):
    with campaign.tenant("reload", "coffer-reload", mailboxes=3, items=30, bytes=10**5) as (
        _,
        coffer,
    ):
        coffer.use_key_file()
        with serve(coffer) as daemon:
            good = coffer.config.read_text()
            coffer.config.write_text(good.replace('include = ["*"]', "includes = 3"))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda: "stays in force" in daemon.log(), "it refuses nonsense")
            coffer.config.write_text(good.replace(
                "[policy.nightly]", '[policy.second]\nschedule = "daily"\n[policy.nightly]'))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda: any(record["policy"] == "second" for record
                                        in daemon.all("schedule", "schedule")), "the new policy")
            expect(daemon.stop() == 0, "it did not stop well")
        campaign.say("reload: nonsense refused, the new policy in force")


def window(campaign, arguments):
    with campaign.tenant("window", "coffer-window", mailboxes=3, items=6000, bytes=10**7,
                         latency=4000) as (_, coffer):
        coffer.use_key_file()
        now = datetime.datetime.now(datetime.timezone.utc)
        closes = (now + datetime.timedelta(seconds=40)).replace(second=0) + datetime.timedelta(
            minutes=1 if now.second < 20 else 0)
        opens = closes + datetime.timedelta(minutes=1)
        first = now - datetime.timedelta(hours=1)
        keys = (f'schedule = "*:*:0/5"\nwindow = ["{first:%H:%M}-{closes:%H:%M}", '
                f'"{opens:%H:%M}-{opens + datetime.timedelta(hours=1):%H:%M}"]\n')
        coffer.policy_keys = keys
        with serve(coffer) as daemon:
            daemon.wait_for(lambda: any(job["state"] == "running" for job in daemon.jobs("backup")),
                            "the run begins")
            daemon.wait_for(lambda: daemon.jobs("backup")[-1]["state"] in ("paused", "ended"),
                            "the window closes")
            first_run = daemon.jobs("backup")[-1]
            expect(first_run["state"] == "paused", f"{first_run}")
            done = daemon.wait_for_job(first_run["id"], 400)
            expect(done["status"] == "complete", f"{done}")
        campaign.say("window: paused when it closed, complete in the next one")


def kill(campaign, arguments):
    shape = {"mailboxes": 8, "items": arguments.items, "bytes": arguments.items * 2000}
    with campaign.tenant("kill", "coffer-kill", **shape) as (simulator, coffer):
        coffer.use_key_file()
        daemon = serve(coffer)
        killed = going_on = 0
        known, judged = {}, set()
        died = collections.Counter()  # by job
        target = "info@contoso.com"
        while killed < arguments.kills:
            daemon.start()
            open_jobs = [job for job in daemon.jobs() if job["state"] != "ended"]
            going_on += len(open_jobs)
            for job in list(open_jobs):
                died[job["id"]] += 1
                if died[job["id"]] >= MOST_DEATHS:
                    daemon.wait_for_job(job["id"], 600)
                    open_jobs.remove(job)
            for job_id, job in known.items():
                seen = daemon.job(job_id)
                expect(seen["command"] == job["command"], f"{seen} was {job}")
                if job["state"] == "ended":
                    expect(seen["state"] == "ended" and seen["status"] == job["status"],
                           f"history changed: {job} became {seen}")
            for job in daemon.jobs("restore"):
                if job["state"] == "ended" and job["id"] not in judged:
                    expect_each_once(simulator, coffer, target, job)
                    judged.add(job["id"])
            if not open_jobs:
                simulator.evolve(1)  # what was restored lives on, too: it was judged before
                command = {"command": "backup"}
                if known and campaign.random.random() < 0.4:
                    command = {"command": "restore", "mailbox": MAILBOX, "to": target,
                               "into": f"Proof {killed}", "reason": "proof"}
                daemon.order(**command)
            time.sleep(campaign.random.uniform(0, arguments.longest))
            known = {job["id"]: job for job in daemon.jobs()}
            daemon.kill()
            killed += 1
        daemon.start()
        for job in reversed(daemon.jobs()):
            job = daemon.wait_for_job(job["id"], 600)
            expect(job["status"] in ("complete", "partial"), f"{job}")
        restores = daemon.jobs("restore")
        for job in restores:
            if job["id"] not in judged:
                expect_each_once(simulator, coffer, target, job)
        expect(daemon.stop() == 0, "it did not stop well")
        check = coffer.run("check", "--level", "full")
        expect(check.summary["errors"] == 0, f"{check.summary}")
        campaign.say(
            f"kill: {killed} kills, {going_on} times a job went on, {len(restores)} restores with "
            "every item once"
        )


def expect_each_once(simulator, coffer, target, job):
    """Below its own folder the target has what the restore point has, each once."""
    snapshot = job["summary"]["snapshot"]
    into = next(word for word in job["arguments"] if word.startswith("--into="))[len("--into="):]
    expected = sorted(item["sha256"] for item in coffer.items(MAILBOX, snapshot))
    record = simulator.record()[target]
    seen = sorted(item.sha256 for item in record.items.values()
                  if item.folder.split("/")[0] == into)
    expect(seen == expected, f"{job['id']} into {into}: {len(seen)} items, not {len(expected)}")


PARTS = {"schedule": schedule, "handover": handover, "restore": restore, "reload": reload,
         "window": window, "kill": kill}


def run(campaign, arguments):
    for part in arguments.parts:
        PARTS[part](campaign, arguments)


if __name__ == "__main__":
    campaign = Campaign("daemon", __doc__)
    campaign.argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    campaign.argument("--kills", type=int, default=100)
    campaign.argument("--items", type=int, default=4000)
    campaign.argument("--longest", type=float, default=4.0, help="seconds before a kill")
    campaign.main(run)
