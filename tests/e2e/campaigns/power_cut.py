#!/usr/bin/env python3
"""Cuts the power after every call that changes a file: what was acknowledged stays, and is right.

A real run of the program is recorded, RocksDB included: backups, a life between them, forget, prune.
For each cut a model of the disk (tests/crash/power_cut) makes what may lie there afterwards:

kept     every call so far took effect
dropped  only what was synced is there, file by file and directory by directory
garbled  what was not synced is there, or not, or noise, or zeros, or torn

and the program has to go on from it. The oracle is survival.py. There are two such runs (--scenario):
a life as it should be, and one in which commands are killed between publishing something and making
it durable, so that the next ones find what only looks as if it was there.
"""

import bisect
import collections
import concurrent.futures
import hashlib
import itertools
import json
import pathlib
import random
import shutil
import signal
import sys

from campaign import Campaign, size
from harness import Coffer, Mismatch, Simulator, expect
from survival import Known, Survivor, acknowledged

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "crash" / "power_cut"))

from call_trace import Kind, read_trace  # noqa: E402
from disk_model import Directory, Disk, write_state  # noqa: E402
from strace_log import compare, strace_command  # noqa: E402

# Directories that `init` has to make, and that have to last as what lies in them.
STORE = "directories/that/init/makes/store"
TELL_EVERY = 200  # states
VARIANTS = ["kept", "dropped", "garbled"]


class Step:
    """One command of the recorded run."""

    def __init__(self, run, events, record, forgets):
        self.run = run
        self.events = events
        self.record = record  # what the tenant held
        self.forgets = forgets  # restore points that the command lets go
        self.lines = run.output.splitlines(keepends=True)
        if run.status < 0:
            self.lines = [line for line in self.lines if line.endswith(b"\n")]
        self.ends = list(itertools.accumulate(map(len, self.lines)))

    def records_before(self, number):
        """What had been printed when the call after event `number` was made."""
        is_last = number + 1 == len(self.events)
        printed = len(self.run.output) if is_last else self.events[number + 1].printed
        told = self.lines[:bisect.bisect_right(self.ends, printed)]
        return [json.loads(line) for line in told]


class RecordedRun:
    """The run, and what the disk held when it began."""

    def __init__(self, campaign, simulator, coffer, recorder):
        self.campaign = campaign
        self.simulator = simulator
        self.coffer = coffer
        self.recorder = recorder
        self.disk = Disk(coffer.directory)  # as it is before the run
        self.copy = Disk(coffer.directory)  # follows the run, to prove that nothing is missed
        self.steps = []

    def step(self, *arguments, forgets=(), kill_at=None):
        trace = self.campaign.directory / "traces" / str(len(self.steps))
        trace.parent.mkdir(exist_ok=True)
        self.coffer.environment = {
            "LD_PRELOAD": str(self.recorder),
            "COFFER_RECORD_BELOW": str(self.coffer.directory),
            "COFFER_RECORD_TO": str(trace),
            "COFFER_RECORD_KILL_AT": kill_at or "",
        }
        if self.campaign.arguments.strace:
            self.coffer.before = strace_command(trace.with_suffix(".strace"))
        run = self.coffer.run(*arguments, expect_status=-signal.SIGKILL if kill_at else 0)
        self.coffer.environment, self.coffer.before = {}, []
        step = Step(run, read_trace(trace), self.simulator.record(), set(forgets))
        self.steps.append(step)
        self.verify(step, trace)
        return run

    def verify(self, step, trace):
        """The model, with every call made, holds what really lies there."""
        for event in step.events:
            self.copy.apply(event)
        model = self.copy.state("kept")
        seen = Disk(self.coffer.directory).state("kept")
        different = set(seen) ^ set(model)
        expect(not different, f"the recorder missed what happened to {sorted(different)}")
        for name in sorted(set(seen) - {"coffer.toml"}):  # that we write ourselves
            same = seen[name][1] == model[name][1]
            expect(same, f"the recorder missed what happened to {name}")
        if self.campaign.arguments.strace:
            log = trace.with_suffix(".strace").read_text()
            told = compare(log, self.copy.path, step.events)
            self.campaign.say(f"{' '.join(step.run.arguments)[:40]}: strace saw the same: {told}")

    def points(self):
        """All restore points by mailbox, the oldest first."""
        points = collections.defaultdict(list)
        for entry in self.coffer.snapshots():
            points[entry["mailbox"]].append(entry["id"])
        return points

    def forget(self, ids):
        names = [word for snapshot_id in ids for word in ("--snapshot", snapshot_id)]
        self.step("forget", *names, "--confirm", forgets=ids)

    def begin(self):
        key = self.coffer.directory / "key"
        self.step("init", "--recovery-key-file", str(self.coffer.directory / "recovery-key"))
        self.step("key", "add", "--key-file", str(key))
        secret = self.campaign.directory / "key"  # opens at once, unlike a passphrase
        shutil.copy(key, secret)
        self.coffer.open_with(secret)

    def life(self, days):
        """Everything that happens to a store: packs are rewritten and deleted, trash is emptied."""
        self.begin()
        first, second = sorted(self.simulator.record())[:2]
        self.step("backup", first)
        self.step("backup")
        self.simulator.evolve(days)
        self.step("backup")
        points = self.points()
        self.forget([one for mailbox, ids in sorted(points.items())
                     for one in (ids if mailbox == first else ids[:-1])])
        pruned = self.step("prune").summary
        expect(pruned["packs_rewritten"] > 0 and pruned["chunks_moved"] > 0, f"{pruned}")
        self.simulator.evolve(days)
        self.step("backup", second)  # its packs hold nothing of anybody else
        self.forget(self.points()[second])
        emptied = self.step("prune", "--delete-only").summary
        expect(emptied["packs_deleted"] > 0 and emptied["trash_bytes_freed"] > 0, f"{emptied}")

    def kills(self, days):
        """Each command that is killed has published what it is killed at, and not made it durable."""
        self.begin()
        self.step("backup")
        self.simulator.evolve(days)  # once, so that an unknown restore point is of this tenant
        self.step("backup", kill_at="/pack/d/")
        self.step("backup", kill_at="/pack/m/")
        self.step("backup", kill_at="/store/log/")
        self.step("backup")
        self.forget([one for ids in self.points().values() for one in ids[:-1]])
        self.step("prune", kill_at="/condemned")
        self.step("prune", kill_at="/deleting")
        self.step("backup", kill_at="/trash/")
        self.step("backup")
        self.step("prune", "--delete-only")


class Cuts:
    """Makes the states, and has each examined."""

    def __init__(self, campaign, arguments, recorded, record):
        self.campaign = campaign
        self.arguments = arguments
        self.recorded = recorded
        self.record = record
        self.figures = collections.Counter()
        self.seen = set()
        self.known = Known()
        self.pending = set()
        self.told = 0  # of the states examined
        self.number = 0  # of the call

    def run(self, executor):
        for index, step in enumerate(self.recorded.steps):
            self.known.acknowledged -= step.forgets
            is_setup = step.run.arguments[0] in ("init", "key")
            for place, event in enumerate(step.events):
                if is_setup:  # the run has not begun; but what it synced counts
                    self.recorded.disk.apply(event)
                    continue
                if self.figures["VIOLATIONS"] >= self.arguments.most_violations:
                    return
                if not self.overlooks(event):
                    self.recorded.disk.apply(event)
                self.number += 1
                self.learn(step, place)
                self.figures["calls"] += 1
                if event.kind == Kind.WRITE:
                    self.figures["writes"] += 1
                if self.number % self.arguments.every == 0:
                    for variant in self.arguments.variants:
                        self.cut(executor, step, f"step {index}, call {place}: {event}", variant)

    def overlooks(self, event):
        """Whether the model is told nothing of this sync, as if the program had left it out."""
        if event.kind not in (Kind.SYNC, Kind.SYNC_ALL) or not self.arguments.overlook:
            return False
        if self.arguments.overlook == "all" or event.kind == Kind.SYNC_ALL:
            return True
        is_directory = isinstance(self.recorded.disk.nodes[event.inode], Directory)
        return is_directory == (self.arguments.overlook == "directories")

    def learn(self, step, place):
        records = step.records_before(place)
        if step.run.arguments[0] == "backup":
            told = acknowledged(records)
            self.known.acknowledged |= {entry["id"] for entry in told}
            for entry in acknowledged(step.run.records):
                self.known.learn(entry["id"], step.record, entry["mailbox"])
        elif any(record["type"] == "summary" for record in records):
            self.known.forgotten |= step.forgets

    def cut(self, executor, step, where, variant):
        self.figures["states"] += 1
        chance = random.Random(f"{self.arguments.seed} {self.number} {variant}")
        tree = self.recorded.disk.state(variant, chance)
        digest = digest_of(tree, self.known)
        if digest in self.seen:
            self.figures["states seen before"] += 1
            return
        self.seen.add(digest)
        name = f"{self.number}-{variant}"
        write_state(tree, self.campaign.directory / "states" / name)
        text = f"cut {self.number} ({' '.join(step.run.arguments)[:40]}), {variant}; {where}"
        self.pending.add(
            executor.submit(self.examine, name, variant, text, self.known.copy(), chance)
        )
        self.drain(2 * self.arguments.jobs)

    def drain(self, most):
        while len(self.pending) > most:
            done, self.pending = concurrent.futures.wait(
                self.pending, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for future in done:
                figures, violation = future.result()
                self.figures.update(figures)
                if violation:
                    self.campaign.say(violation)
        if self.figures["states examined"] >= self.told + TELL_EVERY:
            self.told = self.figures["states examined"]
            self.campaign.say(f"call {self.number}: {dict(self.figures)}")

    def examine(self, name, variant, text, known, chance):
        """In a thread of the executor; everything else happens in one."""
        directory = self.campaign.directory / "states" / name
        untouched = self.campaign.directory / "violations" / name
        coffer = Coffer(self.arguments.coffer, directory, self.recorded.simulator.fragment)
        coffer.store = directory / STORE
        coffer.open_with(self.campaign.directory / "key")
        survivor = Survivor(coffer, known, self.record, chance)
        violation = None
        # Should it fail, the state is wanted as it was.
        shutil.copytree(directory, untouched, copy_function=shutil.copy2)
        try:
            for secret in ("key", "recovery-key"):
                seen = (directory / secret).read_bytes()
                original = (self.recorded.coffer.directory / secret).read_bytes()
                expect(seen == original, f"the file '{secret}', of which its owner was told")
            survivor.examine()
        except (Mismatch, OSError) as problem:
            violation = f"VIOLATION after {text}\n{problem}\nthe state: {untouched}"
        shutil.rmtree(directory)
        if violation is None:
            shutil.rmtree(untouched)
        figures = {**survivor.figures, "states examined": 1, f"examined, {variant}": 1}
        return {**figures, "VIOLATIONS": int(violation is not None)}, violation


def digest_of(tree, known):
    """Equal for states that promise the same and look the same."""
    digest = hashlib.sha256()
    digest.update(repr((sorted(known.acknowledged), sorted(known.forgotten))).encode())
    for name, (_, content) in tree.items():
        digest.update(f"\0{name}\0{-1 if content is None else len(content)}\0".encode())
        digest.update(content or b"")
    return digest.digest()


def run(campaign, arguments):
    for name in ("states", "violations"):
        (campaign.directory / name).mkdir()
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    # Several stores back it up at once, thousands of times.
    limits = {"in_flight_limit": 64, "request_limit": 10**9}
    tenant = campaign.directory / "tenant"
    with Simulator(
        arguments.simulator, tenant, seed=arguments.seed, **shape, **limits
    ) as simulator:
        coffer = Coffer(arguments.coffer, campaign.directory / "coffer", simulator.fragment)
        coffer.store = coffer.directory / STORE
        coffer.open_with(coffer.directory / "passphrase")
        recorded = RecordedRun(campaign, simulator, coffer, arguments.recorder)
        getattr(recorded, arguments.scenario)(arguments.days)
        kinds = collections.Counter(
            event.kind.name.lower() for step in recorded.steps for event in step.events
        )
        campaign.say(f"recorded, with what makes the store: {dict(kinds)}")
        cuts = Cuts(campaign, arguments, recorded, simulator.record())
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as executor:
            cuts.run(executor)
            cuts.drain(0)
    campaign.say(f"in all: {dict(cuts.figures)}")
    violations = cuts.figures["VIOLATIONS"]
    if arguments.overlook:
        expect(violations > 0, "nothing was violated although syncs were overlooked")
        shutil.rmtree(campaign.directory / "violations")
    else:
        expect(violations == 0, f"{violations} violations")


if __name__ == "__main__":
    campaign = Campaign("power-cut", __doc__)
    campaign.argument("--recorder", required=True, type=pathlib.Path, help="the module")
    campaign.argument("--scenario", choices=["life", "kills"], default="life")
    campaign.argument("--every", type=int, default=1, help="cut after each N-th call")
    campaign.argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS)
    campaign.argument("--overlook", choices=["files", "directories", "all"],
                      help="take these syncs as not made: there must be violations")
    campaign.argument("--strace", action="store_true", help="compare the recorder with strace")
    campaign.argument("--jobs", type=int, default=2, help="states examined at once")
    campaign.argument("--most-violations", type=int, default=10, help="go on until then")
    campaign.argument("--mailboxes", type=int, default=3)
    campaign.argument("--items", type=int, default=45)
    campaign.argument("--bytes", type=size, default=size("2MB"))
    campaign.argument("--days", type=int, default=10, help="lived between two backups")
    campaign.main(run)
