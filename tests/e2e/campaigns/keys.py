#!/usr/bin/env python3
"""`init` and the `key` commands, killed at any moment and with any of their calls failing.

Each of them is counted first (tests/e2e/file_faults). Then every call that changes a file meets
ENOSPC and EIO in a run of its own, alone and with all that follow; and runs are killed at random
moments and right after, or in the middle of, calls chosen at random. After each run every key that
anybody was given opens the store, a recovery key that was replaced only until the new one was
told; the command run once more completes or says that all is done, and no key slot is left by
half. `init` run once more makes the store, or says that there is one, which then opens.
"""

import collections

from campaign import Campaign
from fault_answers import ANSWERS, Answers
from harness import Coffer, FileFaults, Mismatch, expect
from key_acts import Vault, acts

KILLED = -9


class Trial:
    def __init__(self, campaign):
        self.campaign = campaign
        self.random = campaign.random
        coffer = Coffer(campaign.arguments.coffer, campaign.directory / "coffer", "")
        self.vault = Vault(coffer, campaign.directory)
        self.vault.fill()
        self.faults = FileFaults(
            campaign.arguments.file_faults, campaign.directory / "calls", self.vault.home
        )
        self.figures = collections.Counter()
        self.answers = Answers(self.vault.home, self.figures)
        self.measured = {}  # act -> (seconds, calls) of a run that nothing disturbed

    def begin(self, act):
        self.vault.put_back(act.begins_empty)
        act.prepare()

    def measure(self, act):
        if act.name not in self.measured:
            self.begin(act)
            run = self.vault.coffer.run(*act.words, environment=self.faults.counting())
            self.measured[act.name] = run.seconds, self.faults.calls()
            act.expect_kept(run)
        return self.measured[act.name]

    def look(self, act, run):
        act.expect_kept(run)
        act.expect_completes(self.vault.coffer.run(*act.words, expect_status=None))

    def fail(self, act, number, what, lasting):
        self.begin(act)
        environment = self.faults.at(number, what, lasting)
        run = self.vault.coffer.run(*act.words, expect_status=None, environment=environment)
        calls = self.faults.calls()
        self.figures["runs with a fault"] += 1
        self.answers.judge(act.name, run, calls[number - 1 :], what)
        self.look(act, run)

    def fail_all(self, act):
        seconds, calls = self.measure(act)
        step = max(1, round(len(calls) / (self.campaign.arguments.calls or len(calls))))
        for what in ANSWERS:
            for lasting in (False, True):
                for number in range(self.random.randint(1, step), len(calls) + 1, step):
                    how = "from call" if lasting else "at call"
                    where = f"{act.name}: {what} {how} {number} {calls[number - 1]}"
                    self.trying(where, lambda: self.fail(act, number, what, lasting))
        self.campaign.say(f"{act.name}: {len(calls)} calls in {seconds:.2f} s")

    def how_to_kill(self, act):
        """Arguments of Coffer.run."""
        seconds, calls = self.measure(act)
        if self.random.random() < 0.5:
            return {"kill_after": self.random.uniform(0, seconds * 1.05)}
        what = self.random.choice(("kill", "tear"))
        return {"environment": self.faults.at(self.random.randint(1, len(calls)), what)}

    def kill(self, act):
        how = self.how_to_kill(act)
        self.begin(act)
        run = self.vault.coffer.run(*act.words, expect_status=None, **how)
        expect(run.status in (0, KILLED), f"{run}: {run.told()}")
        self.figures[f"{act.name} {'killed' if run.status == KILLED else 'ended first'}"] += 1
        self.look(act, run)

    def kills(self):
        return sum(count for what, count in self.figures.items() if what.endswith(" killed"))

    def trying(self, where, attempt):
        try:
            attempt()
        except Mismatch as mismatch:
            self.figures["violations"] += 1
            if not self.campaign.arguments.go_on:
                raise Mismatch(f"{where}: {mismatch}") from mismatch
            self.campaign.say(f"VIOLATION: {where}: {mismatch}")


def run(campaign, arguments):
    trial = Trial(campaign)
    chosen = arguments.acts.split(",") if arguments.acts else None
    tried = [act for act in acts(trial.vault) if chosen is None or act.name in chosen]
    while trial.kills() < arguments.kills:
        act = campaign.random.choice(tried)
        trial.trying(f"{act.name}, killed", lambda: trial.kill(act))
    if arguments.calls != 0:
        for act in tried:
            trial.fail_all(act)
    for line in trial.answers.survived_lines():
        campaign.say(line)
    for what in sorted(trial.figures):
        campaign.say(f"in all: {trial.figures[what]:,} {what}")
    expect(trial.figures["violations"] == 0, f"{trial.figures['violations']} violations")


if __name__ == "__main__":
    campaign = Campaign("keys", __doc__)
    campaign.argument("--file-faults", required=True, help="the library (tests/e2e/file_faults)")
    campaign.argument("--kills", type=int, default=200)
    campaign.argument("--calls", type=int, help="of each act and kind of fault (default: all)")
    campaign.argument("--acts", help="only these, by name, joined by commas")
    campaign.argument("--go-on", action="store_true", help="after a violation")
    campaign.main(run)
