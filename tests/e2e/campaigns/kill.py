#!/usr/bin/env python3
"""kill -9 at random moments of backups: what was acknowledged stays, and comes back bit by bit.

The oracle is outside: the tenant's own record of what each mailbox held, and what the processes
had printed before they died. After each kill the store is opened; every restore point that it shows
for the first time is extracted and compared; none that it has shown or acknowledged once may ever
be missing. Now and then the whole RocksDB folder is deleted, too: rebuilding it must bring back the
same listing. The next run after a kill completes.
"""

import collections
import hashlib
import shutil

from campaign import Campaign, size
from harness import compare_placed, expect

KILLED = -9


class Victim:
    """One store with its tenant, and what must be true of it."""

    def __init__(self, campaign, simulator, coffer):
        self.campaign = campaign
        self.random = campaign.random
        self.simulator = simulator
        self.coffer = coffer
        self.truth = {}  # snapshot id -> Counter of what it must hold
        self.acknowledged = set()  # snapshot ids that a process printed
        self.figures = collections.Counter()

    def back_up(self, record, kill_after=None):
        """Runs a backup of a tenant that stands still, and notes what it acknowledged."""
        run = self.coffer.run("backup", expect_status=None, kill_after=kill_after)
        expect(run.status in (0, KILLED), f"{run}: {run.stderr[-1000:]}")
        if run.status == 0:
            expect(run.summary["status"] == "complete", f"a run after a kill: {run.summary}")
        told = [entry["id"] for entry in run.summary["snapshots"]] if run.status == 0 else []
        told += [entry["snapshot"] for entry in run.of_type("mailbox") if entry["snapshot"]]
        self.acknowledged |= set(told)
        self.figures["killed" if run.status == KILLED else "ended first"] += 1
        self.look(record)
        return run

    def look(self, record):
        """Opens the store: old restore points are all there, new ones are what the tenant holds."""
        listed = {entry["id"]: entry for entry in self.coffer.snapshots()}
        missing = (set(self.truth) | self.acknowledged) - set(listed)
        expect(not missing, f"acknowledged restore points are gone: {sorted(missing)}")
        for snapshot_id, entry in listed.items():
            if snapshot_id in self.truth:
                continue
            self.truth[snapshot_id] = record[entry["mailbox"]].placed()
            self.compare(snapshot_id, entry["mailbox"], entry["complete"])

    def compare(self, snapshot_id, mailbox, complete=True):
        output = self.campaign.directory / "extracted"
        items = self.coffer.extract(mailbox, snapshot_id, output)
        seen = collections.Counter()
        for item in items:
            sha256 = hashlib.sha256((output / item["file"]).read_bytes()).hexdigest()
            expect(sha256 == item["sha256"], f"{item['file']} is not what the manifest says")
            seen[(item["folder"], sha256)] += 1
        shutil.rmtree(output)
        expected = self.truth[snapshot_id]
        if not complete:  # says so itself: some of the mailbox, and nothing else
            expected = expected & seen
            self.truth[snapshot_id] = expected
        compare_placed(f"restore point {snapshot_id} of {mailbox}", expected, seen)
        self.figures["restore points compared"] += 1

    def lose_the_index(self):
        def listing():
            return [{**entry, "last_verified": None} for entry in self.coffer.snapshots()]

        before = listing()
        shutil.rmtree(self.coffer.index)
        self.coffer.run("rebuild-index")
        expect(listing() == before, "rebuild-index brought back another listing")
        self.figures["index lost and rebuilt"] += 1

    def finish(self, record, sample):
        """The next run completes, the store is sound, and older restore points still come back."""
        run = self.back_up(record)
        expect(run.status == 0, f"{run}")
        check = self.coffer.run("check", "--level", "full").summary
        expect(check["errors"] == 0, f"check: {check}")
        mailboxes = {entry["id"]: entry["mailbox"] for entry in self.coffer.snapshots()}
        for snapshot_id in self.random.sample(sorted(self.truth), min(sample, len(self.truth))):
            self.compare(snapshot_id, mailboxes[snapshot_id])


def run_round(campaign, arguments, simulator, number, kills, total):
    """A new store; first its first backup is killed, later its nightly ones."""
    victim = Victim(campaign, simulator, campaign.new_store(simulator, f"coffer-{number}"))
    # How long a whole run takes, on a store of its own: kills fall anywhere within.
    measured = campaign.new_store(simulator, f"measured-{number}").backup().seconds
    record = simulator.record()
    while victim.figures["killed"] < kills:
        # Half of the moments lie in the second half, where the data is written and committed.
        low = 0.0 if campaign.random.random() < 0.5 else measured / 2
        run = victim.back_up(record, kill_after=campaign.random.uniform(low, measured * 1.05))
        if run.status == 0:  # it was faster: give the next one something to do
            simulator.evolve(arguments.days)
            record = simulator.record()
            measured = min(measured, run.seconds)
        if campaign.random.random() < arguments.lose_index and victim.truth:
            victim.lose_the_index()
    victim.finish(record, arguments.sample)
    total.update(victim.figures)
    total["acknowledged"] += len(victim.acknowledged)
    campaign.say(
        f"store {number}: {dict(victim.figures)}, acknowledged restore points: "
        f"{len(victim.acknowledged)}, a whole run takes {measured:.1f} s"
    )
    for name in (f"coffer-{number}", f"measured-{number}"):
        shutil.rmtree(campaign.directory / name)


def run(campaign, arguments):
    total = collections.Counter()
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(**shape) as (simulator, _):
        campaign.tell_tenant(simulator.record())
        number = 0
        while total["killed"] < arguments.runs:
            number += 1
            kills = min(arguments.runs_per_store, arguments.runs - total["killed"])
            run_round(campaign, arguments, simulator, number, kills, total)
    campaign.say(f"in all: {dict(total)}")


if __name__ == "__main__":
    campaign = Campaign("kill", __doc__)
    campaign.argument("--runs", type=int, default=200, help="kills")
    campaign.argument("--runs-per-store", type=int, default=10)
    campaign.argument("--mailboxes", type=int, default=4)
    campaign.argument("--items", type=int, default=400)
    campaign.argument("--bytes", type=size, default=size("60MB"))
    campaign.argument("--days", type=int, default=20, help="lived between two complete runs")
    campaign.argument("--lose-index", type=float, default=0.15, help="share of runs after which")
    campaign.argument("--sample", type=int, default=5, help="restore points compared at the end")
    campaign.main(run)
