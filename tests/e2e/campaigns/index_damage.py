#!/usr/bin/env python3
"""The index is lost, damaged or from another day: it is noticed, or it does not matter.

The index lies outside the store, and nothing in it is trusted over packs and log. Each round takes
the same store, with an index that was deleted, emptied, replaced by one from before a prune (or
from before the last commands), or of which any file was removed, emptied, cut, overwritten or had
a bit flipped. Whatever command comes first then ends well, every restore point is shown and comes
back bit by bit, the next backup and prune complete, and a full check, which compares the index with
the packs, finds nothing.
"""

import collections
import shutil

from campaign import Campaign, size
from harness import expect
from promises import Promises

FIRST_COMMANDS = (
    ["snapshots"],
    ["check", "--level", "structure"],
    ["check", "--level", "full", "--repair"],
    ["stats"],
    ["backup"],
    ["prune"],
    ["rebuild-index"],
)
# These name packs that are gone.
FROM_BEFORE_A_PRUNE = ("replaced by one from before a forget", "replaced by one from before a prune")


def remove(_, path):
    path.unlink()


def empty(_, path):
    path.write_bytes(b"")


def cut(random, path):
    with open(path, "r+b") as file:
        file.truncate(random.randrange(path.stat().st_size))


def overwrite(random, path):
    with open(path, "r+b") as file:
        file.seek(random.randrange(path.stat().st_size))
        file.write(random.randbytes(random.randrange(1, 4096)))


def flip(random, path):
    with open(path, "r+b") as file:
        position = random.randrange(path.stat().st_size)
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ (1 << random.randrange(8))]))


WAYS = (remove, empty, cut, overwrite, flip)


class Patient:
    """A store that has lived, and indexes of several days of it."""

    def __init__(self, campaign, simulator, coffer):
        self.campaign = campaign
        self.random = campaign.random
        self.simulator = simulator
        self.coffer = coffer
        self.coffer.use_key_file()
        self.promises = Promises(self.coffer, self.coffer.directory / "extracted")
        self.older = {}  # what it was before -> copy of the index
        self.figures = collections.Counter()

    def live(self):
        for _ in range(3):
            self.back_up()
            self.simulator.evolve(2)
        listed = sorted(self.coffer.snapshots(), key=lambda entry: entry["time"])
        newest = {entry["mailbox"]: entry["id"] for entry in listed}
        old = {entry["id"] for entry in listed} - set(newest.values())
        self.keep_index("before a forget")
        self.coffer.run(
            "forget", "--confirm", *(part for each in old for part in ("--snapshot", each))
        )
        self.promises.let_go |= old
        self.look()
        self.keep_index("before a prune")
        pruned = self.coffer.run("prune").summary
        deleted = pruned["packs_deleted"] + pruned["packs_rewritten"]
        expect(deleted > 0, f"this prune deletes nothing: {pruned}")
        self.keep_index("before a backup")
        self.back_up()
        self.whole = self.coffer.directory / "whole"
        self.whole.mkdir()
        for directory in (self.coffer.store, self.coffer.index):
            shutil.copytree(directory, self.whole / directory.name)

    def back_up(self):
        self.record = self.simulator.record()
        self.promises.hear(self.coffer.backup())
        self.look()

    def keep_index(self, what):
        self.older[what] = self.coffer.directory / f"index-{len(self.older)}"
        shutil.copytree(self.coffer.index, self.older[what])

    def look(self, promises=None):
        promises = promises or self.promises
        return promises.look(lambda entry: self.record[entry["mailbox"]].placed())

    def heal(self):
        """As it was, with an index that is as it should be."""
        for directory in (self.coffer.store, self.coffer.index):
            shutil.rmtree(directory, ignore_errors=True)
            shutil.copytree(self.whole / directory.name, directory)

    def cases(self):
        """What is done to the index, and a function that does it."""
        index = self.coffer.index
        yield "deleted", lambda: shutil.rmtree(index)
        yield "emptied", lambda: [path.unlink() for path in index.iterdir()]
        for what, copy in self.older.items():
            yield f"replaced by one from {what}", lambda copy=copy: self.replace(copy)
        for path in sorted((self.whole / index.name).iterdir()):
            for way in WAYS:
                if path.stat().st_size > 0 or way in (remove, empty):
                    act = lambda way=way, name=path.name: way(self.random, index / name)
                    yield f"{way.__name__} {path.name}", act

    def replace(self, copy):
        shutil.rmtree(self.coffer.index)
        shutil.copytree(copy, self.coffer.index)

    def examine(self, what, act, first):
        self.heal()
        act()
        case = f"index {what}, then {' '.join(first)}"
        run = self.coffer.run(*first, expect_status=None)
        expect(run.status == 0, f"{case}: {run}: {run.told()}")
        anew = "made anew" in run.stderr or "the index cannot be used" in run.stderr
        self.figures["made anew" if anew else "caught up, or without effect"] += 1
        if what in FROM_BEFORE_A_PRUNE:
            expect(anew or first[0] == "rebuild-index", f"{case}: not noticed: {run.stderr}")
        promises = self.promises.branch()
        promises.hear(run)
        for entry in self.look(promises).values():
            promises.compare(entry)
        self.figures["restore points compared"] += promises.compared - self.promises.compared
        promises.check()
        promises.hear(self.coffer.backup())
        self.coffer.run("prune")
        for entry in self.look(promises).values():
            promises.compare(entry)
        promises.check()


def run(campaign, arguments):
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(request_limit=10**9, **shape) as (simulator, coffer):
        patient = Patient(campaign, simulator, coffer)
        patient.live()
        cases = [*patient.cases()]
        whole, files = cases[: 2 + len(patient.older)], cases[2 + len(patient.older) :]
        examined = 0
        for what, act in whole:  # with every command first
            for first in FIRST_COMMANDS[: arguments.first_commands]:
                patient.examine(what, act, first)
                examined += 1
        for _ in range(arguments.rounds):
            for what, act in campaign.random.sample(files, min(len(files), arguments.files)):
                patient.examine(what, act, campaign.random.choice(FIRST_COMMANDS))
                examined += 1
    campaign.say(f"{examined:,} indexes of {len(files):,} kinds of damage: {dict(patient.figures)}")


if __name__ == "__main__":
    campaign = Campaign("index-damage", __doc__)
    campaign.argument("--rounds", type=int, default=3, help="over all files, in each way")
    campaign.argument("--files", type=int, default=10**6, help="damaged files a round")
    campaign.argument("--first-commands", type=int, default=len(FIRST_COMMANDS))
    campaign.argument("--mailboxes", type=int, default=3)
    campaign.argument("--items", type=int, default=60)
    campaign.argument("--bytes", type=size, default=size("2MB"))
    campaign.main(run)
