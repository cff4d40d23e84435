#!/usr/bin/env python3
"""ENOSPC and EIO at every call by which a run changes a file: the run says so, and nothing is lost.

A run is counted first (tests/e2e/file_faults counts over all threads). Then each of its calls
fails in a run of its own from the same beginning, alone and with all that follow: a disk that is
full for a moment and one that stays so, a sector that is bad and a disk that is. After each of
these runs the store is opened without faults: what was acknowledged is there, bit by bit, nothing
is damaged, and the same run completes.

A failed write leaves half of its bytes behind. A fault may cost nothing only where that is meant
(fault_answers.py); then the run must be complete.
"""

import collections
import contextlib
import copy
import shutil
import subprocess

import damage
from campaign import Campaign, megabytes, size
from fault_answers import ANSWERS, Answers
from harness import FileFaults, Mismatch, expect
from promises import Promises


class Stage:
    """A run to be disturbed, and the store from which it begins."""

    def __init__(self, trial, name, arguments, may_be_done=None):
        self.trial = trial
        self.name = name
        self.arguments = arguments
        self.template = trial.campaign.directory / f"template-{name}"
        shutil.copytree(trial.home, self.template)
        self.promises = trial.promises.branch()
        self.may_be_done = may_be_done or (lambda listed: False)
        self.is_damaged = name == "repair"  # until it has been repaired, it cannot all be read

    def begin(self):
        """Puts the store back, and gives the promises of that time."""
        shutil.rmtree(self.trial.home)
        shutil.copytree(self.template, self.trial.home)
        return self.promises.branch()

    def count(self):
        self.begin()
        run = self.trial.coffer.run(*self.arguments, environment=self.trial.faults.counting())
        return run, self.trial.faults.calls()


class Trial:
    """The store, the tenant, and the stages of a campaign."""

    def __init__(self, campaign, simulator):
        self.campaign = campaign
        self.simulator = simulator
        self.home = campaign.directory / "home"  # all that faults are for
        self.coffer = campaign.new_store(simulator, "coffer")
        self.coffer.use_key_file()
        self.move_home()
        self.faults = FileFaults(
            campaign.arguments.file_faults, campaign.directory / "calls", self.home
        )
        self.promises = Promises(self.coffer, campaign.directory / "extracted")
        self.record = simulator.record()
        self.figures = collections.Counter()
        self.answers = Answers(self.home, self.figures)

    def move_home(self):
        old_store, old_index = self.coffer.store, self.coffer.index
        self.home.mkdir()
        self.coffer.store, self.coffer.index = self.home / "store", self.home / "index"
        old_store.rename(self.coffer.store)
        if old_index.exists():
            old_index.rename(self.coffer.index)
        self.coffer.configure()

    def night(self):
        self.simulator.evolve(self.campaign.arguments.days)
        self.record = self.simulator.record()

    def back_up(self):
        self.promises.hear(self.coffer.backup())
        self.promises.look(self.expected_of)

    def expected_of(self, entry):
        return self.record[entry["mailbox"]].placed()

    def stages(self):
        """Each with the store as it is then, so that all kinds of runs are met in their time."""
        second = str(self.home / "second")
        copy_there = ["copy", "--to", second]
        yield Stage(self, "first backup", ["backup"])
        self.back_up()
        yield Stage(self, "first copy", copy_there)
        self.coffer.run(*copy_there)
        for _ in range(2):
            self.night()
            self.back_up()
        yield Stage(self, "copy", copy_there)
        yield Stage(self, "rebuild", ["rebuild-index"])
        self.night()
        yield Stage(self, "backup", ["backup"])
        self.back_up()
        yield from self.deleting_stages()
        told = []
        while len(told) < 3:
            told += damage.plant(self.campaign.random, self.coffer.store)
        self.campaign.say(f"to be repaired: {', '.join(told)}")
        yield Stage(self, "repair", ["check", "--level", "full", "--repair"])

    def deleting_stages(self):
        listed = sorted(self.coffer.snapshots(), key=lambda entry: entry["time"])
        old = {entry["id"] for entry in listed[: len(listed) // 2]}
        forget = ["forget", "--confirm"]
        for snapshot_id in sorted(old):
            forget += ["--snapshot", snapshot_id]
        self.promises.let_go |= old
        yield Stage(self, "forget", forget, lambda listed: not old & listed.keys())
        self.coffer.run(*forget)
        self.promises.look(self.expected_of)
        yield Stage(self, "prune", ["prune"])
        yield Stage(self, "prune for a full disk", ["prune", "--delete-only"])
        self.coffer.run("prune")

    def disturb(self, stage, number, what, lasting):
        """One run with a fault, and what must be true afterwards."""
        promises = stage.begin()
        environment = self.faults.at(number, what, lasting)
        run = self.coffer.run(*stage.arguments, expect_status=None, environment=environment)
        calls = self.faults.calls()
        self.figures["runs"] += 1
        if len(calls) < number:
            self.figures["runs that were over before the call"] += 1
        self.answers.judge(stage.name, run, calls[number - 1 :], what)
        promises.hear(run)
        listed = {}
        if not stage.is_damaged:
            listed = promises.look(self.expected_of)
            promises.check()
        is_done = stage.may_be_done(listed)
        if not is_done:
            self.expect_completes(stage)
        # Whatever is left is cleared away by an opening for writing, which copy is none of.
        if is_done or stage.arguments[0] == "copy":
            self.coffer.run("prune", "--dry-run")
        promises.expect_nothing_left_over()
        listed = promises.look(self.expected_of)
        if listed:
            promises.compare(self.campaign.random.choice([*listed.values()]))
        promises.check()

    def expect_completes(self, stage):
        again = self.coffer.run(*stage.arguments, expect_status=None)
        good = again.status == 0 and again.summary.get("status") == "complete"
        expect(good, f"{again}, the next run: {again.told()}")

    def disturb_all(self, stage):
        run, calls = stage.count()
        step = max(1, round(len(calls) / (self.campaign.arguments.calls or len(calls))))
        before = copy.copy(self.figures)
        for what in ANSWERS:
            for lasting in (False, True):
                first = self.campaign.random.randint(1, step)
                for number in range(first, len(calls) + 1, step):
                    try:
                        self.disturb(stage, number, what, lasting)
                    except Mismatch as mismatch:
                        met = self.faults.calls()[number - 1 : number] or calls[number - 1 : number]
                        how = "from call" if lasting else "at call"
                        self.violation(f"{stage.name}: {what} {how} {number} {met}: {mismatch}")
        told = self.figures - before
        self.campaign.say(f"{stage.name}: {len(calls)} calls in {run.seconds:.2f} s; {dict(told)}")

    def violation(self, text):
        self.figures["violations"] += 1
        if not self.campaign.arguments.go_on:
            raise Mismatch(text)
        self.campaign.say(f"VIOLATION: {text}")


class FullDisk:
    """The store and its index on a small disk of their own, without any fault but 0 bytes free."""

    def __init__(self, trial):
        self.trial = trial
        self.ballast = trial.home / "ballast"

    @contextlib.contextmanager
    def mounted(self, capacity):
        home = self.trial.home
        mount = ["mount", "-t", "tmpfs", "-o", f"size={capacity}", "tmpfs", str(home)]
        if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
            self.trial.campaign.say("full disk: skipped, no file system can be mounted here")
            yield False
            return
        try:
            yield True
        finally:
            subprocess.run(["umount", "-l", str(home)], check=True)

    def fill(self):
        with open(self.ballast, "ab", buffering=0) as file:
            for block in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * block):
                        pass
        free = shutil.disk_usage(self.trial.home).free
        expect(free == 0, f"{free} bytes are free")

    def run(self):
        trial = self.trial
        shutil.rmtree(trial.home)
        trial.home.mkdir()
        with self.mounted(200 << 20) as there:
            if there:
                self.fill_and_free()

    def fill_and_free(self):
        trial, coffer = self.trial, self.trial.coffer
        coffer.secret_file = coffer.directory / "passphrase"
        coffer.configure()
        coffer.run("init", "--recovery-key-file", str(trial.campaign.directory / "recovery-key"))
        coffer.secret_file = trial.campaign.directory / "recovery-key"
        coffer.configure()
        promises = Promises(coffer, trial.campaign.directory / "extracted")
        for _ in range(8):
            trial.night()
            promises.hear(coffer.backup())
            promises.look(trial.expected_of)
        trial.night()
        self.fill()
        for _ in range(2):
            refused = coffer.run("backup", expect_status=14)
            expect(refused.error["remedy"], f"{refused.error}")
            promises.hear(refused)
            listed = promises.look(trial.expected_of)
            promises.compare(trial.campaign.random.choice([*listed.values()]))
        newest = {entry["mailbox"]: entry["id"] for entry in listed.values()}
        going = listed.keys() - set(newest.values())
        promises.let_go |= going
        named = [part for snapshot_id in sorted(going) for part in ("--snapshot", snapshot_id)]
        coffer.run("forget", "--confirm", *named)
        pruned = coffer.run("prune").summary
        free = shutil.disk_usage(trial.home).free
        expect(free > 0, f"prune freed nothing: {pruned}")
        promises.look(trial.expected_of)
        promises.check()
        promises.hear(coffer.backup())
        listed = promises.look(trial.expected_of)
        for entry in listed.values():
            promises.compare(entry)
        promises.check()
        trial.campaign.say(
            f"full disk: backup ended with 14, prune freed {megabytes(free)}, and the next backup "
            "completed"
        )


def run(campaign, arguments):
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(request_limit=10**9, store="unused", **shape) as (simulator, _):
        campaign.tell_tenant(simulator.record())
        trial = Trial(campaign, simulator)
        chosen = arguments.stages.split(",") if arguments.stages else None
        for stage in trial.stages():
            if chosen is None or stage.name in chosen:
                trial.disturb_all(stage)
            stage.begin()  # the next one goes on from there
        FullDisk(trial).run()
        for line in trial.answers.survived_lines():
            campaign.say(line)
        campaign.say(f"in all: {dict(trial.figures)}")
        expect(trial.figures["violations"] == 0, f"{trial.figures['violations']} violations")


if __name__ == "__main__":
    campaign = Campaign("write-faults", __doc__)
    campaign.argument("--file-faults", required=True, help="the library (tests/e2e/file_faults)")
    campaign.argument("--mailboxes", type=int, default=3)
    campaign.argument("--items", type=int, default=60)
    campaign.argument("--bytes", type=size, default=size("2MB"))
    campaign.argument("--days", type=int, default=3, help="lived between two backups")
    campaign.argument("--calls", type=int, help="of each run and kind of fault (default: all)")
    campaign.argument("--stages", help="only these, by name, joined by commas")
    campaign.argument("--go-on", action="store_true", help="after a violation")
    campaign.main(run)
