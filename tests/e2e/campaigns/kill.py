#!/usr/bin/env python3
"""kill -9 in the middle of everything that writes: what was acknowledged stays, bit by bit.

Each round kills one of: a backup, forget, prune, a repair of planted damage, a copy to a second
store, rebuild-index. Half of the kills fall at a random moment, half right after (or in the middle
of) a chosen call to the file system, so that each named step of a prune is met, too. After each
kill the store is opened; every restore point that it shows for the first time is extracted and
compared; none that it has shown or acknowledged once may ever be missing, unless it was let go.
Then the same run completes, and nothing half done is left.
"""

import collections
import shutil

import damage
from campaign import Campaign, size
from harness import FileFaults, Simulator, expect
from promises import Promises

KILLED = -9
# How often each is chosen, and parts of paths by which its steps are met on purpose.
ACTS = {
    "backup": (5, ["", "/log/", "/pack/", "/par/", "/index/"]),
    "forget": (2, ["", "/log/", "/index/"]),
    "prune": (5, ["", "/gc/", "/trash/", "/log/", "/pack/"]),
    "repair": (3, ["", "/quarantine/", "/pack/", "/par/", "/index/"]),
    "copy": (3, ["", "/second/", "/second/log/", "/second/pack/", "/second.index/"]),
    "rebuild": (2, ["", "/index/"]),
}


class Victim:
    """A store with its tenant and its second store, and what must be true of both."""

    def __init__(self, campaign, simulator, name, measured):
        self.campaign = campaign
        self.random = campaign.random
        self.simulator = simulator
        self.record = simulator.record()
        self.coffer = campaign.new_store(simulator, name)
        self.coffer.use_key_file()
        second = self.coffer.second_store("second")
        directory = self.coffer.directory
        self.promises = Promises(self.coffer, directory / "extracted")
        self.of_second = Promises(second, directory / "extracted")
        self.faults = FileFaults(
            campaign.arguments.file_faults,
            directory / "calls",
            *(self.coffer.store, self.coffer.index, second.store, second.index),
        )
        self.measured = measured  # act -> (seconds, calls) of a run that was not killed
        self.backed_up = False  # the tenant as it is now
        self.letting_go = set()  # by the forget that is to be killed
        self.damage = []  # for the repair that is to be killed
        self.figures = collections.Counter()

    def arguments_of(self, act):
        """Prepares what the run needs."""
        if act == "backup" and self.backed_up:
            self.simulator.evolve(self.campaign.arguments.days)
            self.record = self.simulator.record()
            self.backed_up = False
        elif act == "forget":
            self.choose_what_to_forget()
            named = [part for each in sorted(self.letting_go) for part in ("--snapshot", each)]
            return ["forget", "--confirm", *named]
        elif act == "repair":
            self.damage = damage.plant(self.random, self.coffer.store)
            self.figures["damage planted"] += len(self.damage)
            return ["check", "--level", "full", "--repair"]
        elif act == "copy":
            return ["copy", "--to", str(self.of_second.coffer.store)]
        elif act == "rebuild":
            if self.random.random() < 0.3:
                shutil.rmtree(self.coffer.index)
                self.figures["index deleted"] += 1
            return ["rebuild-index"]
        return [act]

    def choose_what_to_forget(self):
        """Most of the old ones, so that the store stays small; never the newest of a mailbox."""
        listed = sorted(self.coffer.snapshots(), key=lambda entry: entry["time"])
        newest = {entry["mailbox"]: entry["id"] for entry in listed}
        old = [entry["id"] for entry in listed if entry["id"] != newest[entry["mailbox"]]]
        self.letting_go = set(old[: max(1, len(old) * 2 // 3)])
        self.promises.let_go |= self.letting_go

    def how_to_kill(self, act):
        """Arguments of Coffer.run."""
        if act not in self.measured:
            return {"environment": self.faults.counting()}
        seconds, calls = self.measured[act]
        if self.random.random() < 0.5:
            # Half of the moments lie in the second half, where it is written and committed.
            low = 0.0 if self.random.random() < 0.5 else seconds / 2
            return {"kill_after": self.random.uniform(low, seconds * 1.05)}
        on = self.random.choice(ACTS[act][1])
        matching = sum(on in call.path for call in calls)
        what = self.random.choice(("kill", "tear"))
        number = self.random.randint(1, max(1, matching))
        return {"environment": self.faults.at(number, what, on=on)}

    def look(self):
        listed = self.promises.look(lambda entry: self.record[entry["mailbox"]].placed())
        # One commit: all of them went, or none.
        still = self.letting_go & listed.keys()
        expect(still in (set(), self.letting_go), f"half of a forget happened: {sorted(still)}")
        if listed and self.random.random() < 0.5:
            self.promises.compare(self.random.choice([*listed.values()]))
        return listed

    def look_at_second(self):
        listed = self.of_second.look(lambda entry: self.promises.truth[entry["id"]])
        if listed and self.random.random() < 0.5:
            self.of_second.compare(self.random.choice([*listed.values()]))

    def kill(self, act):
        arguments = self.arguments_of(act)
        run = self.coffer.run(*arguments, expect_status=None, **self.how_to_kill(act))
        expect(run.status in (0, KILLED), f"{run} after {self.damage}: {run.told()}")
        self.figures[f"{act} {'killed' if run.status == KILLED else 'ended first'}"] += 1
        self.promises.hear(run)
        if run.status == 0:
            self.completed(act, run)
        if act != "repair":  # damaged as it is, it cannot be read
            listed = self.look()
            if act == "copy" and self.of_second.acknowledged:
                self.look_at_second()
        if run.status == KILLED and (act == "repair" or self.random.random() < 0.7):
            if act == "forget" and not self.letting_go & listed.keys():
                return  # it was killed when all was done
            run = self.coffer.run(
                *arguments, expect_status=None, environment=self.faults.counting()
            )
            expect(run.status == 0, f"{run} once more after {self.damage}: {run.told()}")
            self.promises.hear(run)
            self.measured[act] = run.seconds, self.faults.calls()
            self.completed(act, run)

    def completed(self, act, run):
        expect(run.summary.get("status") == "complete", f"{run}: {run.summary}")
        self.figures[f"{act} completed"] += 1
        if act not in self.measured:
            self.measured[act] = run.seconds, self.faults.calls()
        opened = self.of_second if act == "copy" else self.promises  # for writing
        opened.expect_nothing_left_over()
        listed = self.look()
        if act == "backup":
            self.backed_up = True
            mailboxes = {entry["mailbox"] for entry in listed.values()}
            expect(mailboxes == self.record.keys(), f"backed up: {sorted(mailboxes)}")
        elif act == "forget":
            expect(not self.letting_go & listed.keys(), "what was forgotten is shown")
            self.letting_go = set()
        elif act == "copy":
            self.of_second.acknowledged |= listed.keys()
            self.look_at_second()

    def choose(self):
        listed = self.promises.truth.keys() - self.promises.gone
        if len(listed) <= len(self.record):
            return "backup"
        acts = self.campaign.arguments.only or [*ACTS]
        return self.random.choices(acts, [ACTS[act][0] for act in acts])[0]

    def kills(self):
        return sum(count for what, count in self.figures.items() if what.endswith(" killed"))

    def check(self):
        self.promises.check()
        if self.of_second.acknowledged:
            self.of_second.check()
        self.figures["stores checked"] += 1

    def finish(self):
        """The next runs complete, and every restore point of both stores still comes back."""
        for act in ("backup", "prune", "copy"):
            self.completed(act, self.coffer.run(*self.arguments_of(act)))
        self.check()
        for promises in (self.promises, self.of_second):
            for entry in promises.coffer.snapshots():
                promises.compare(entry)


def run_store(campaign, arguments, number, kills, measured, total):
    """A new tenant, its two stores, and so many kills. Gives the slowest opening."""
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    seed = arguments.seed * 1000 + number
    # The limits of the service count real minutes, and these runs follow each other without end.
    with Simulator(
        arguments.simulator,
        campaign.directory / f"tenant-{number}",
        seed=seed,
        request_limit=10**9,
        **shape,
    ) as simulator:
        victim = Victim(campaign, simulator, f"coffer-{number}", measured)
        while victim.kills() < kills:
            victim.kill(victim.choose())
            if campaign.random.random() < arguments.check:
                victim.check()
        victim.finish()
    campaign.say(f"store {number}: {dict(victim.figures)}")
    total.update(victim.figures)
    for promises in (victim.promises, victim.of_second):
        total["restore points compared"] += promises.compared
        total["acknowledged"] += len(promises.acknowledged)
    for name in (f"coffer-{number}", f"tenant-{number}"):
        shutil.rmtree(campaign.directory / name)
    return max(victim.promises.slowest_opening, victim.of_second.slowest_opening)


def run(campaign, arguments):
    total = collections.Counter()
    measured = {}
    number = killed = slowest = 0
    while killed < arguments.runs:
        number += 1
        kills = min(arguments.runs_per_store, arguments.runs - killed)
        opening = run_store(campaign, arguments, number, kills, measured, total)
        slowest = max(slowest, opening)
        killed += kills
    for what in sorted(total):
        campaign.say(f"in all: {total[what]:,} {what}")
    campaign.say(f"in all: {killed:,} kills, the slowest opening took {slowest:.2f} s")


if __name__ == "__main__":
    campaign = Campaign("kill", __doc__)
    campaign.argument("--file-faults", required=True, help="the library (tests/e2e/file_faults)")
    campaign.argument("--runs", type=int, default=2000, help="kills")
    campaign.argument("--runs-per-store", type=int, default=100)
    campaign.argument("--mailboxes", type=int, default=3)
    campaign.argument("--items", type=int, default=60)
    campaign.argument("--bytes", type=size, default=size("2MB"))
    campaign.argument("--days", type=int, default=1, help="lived between two complete backups")
    campaign.argument("--only", nargs="+", choices=ACTS, help="what to kill (default: any of them)")
    campaign.argument("--check", type=float, default=0.1, help="share of rounds with a full check")
    campaign.main(run)
