"""What must be true of a store, whatever happened to the processes that wrote to it.

The oracle is outside of coffer: the tenant's own record of what each mailbox held, and what the
processes had printed before they ended.
"""

import collections
import copy
import hashlib
import shutil

from harness import compare_placed, expect

OPENING_SECONDS = 5


class Promises:
    """Of one store. `scratch` is a directory for what is extracted."""

    def __init__(self, coffer, scratch):
        self.coffer = coffer
        self.scratch = scratch
        self.truth = {}  # restore point -> Counter of what it must hold
        self.acknowledged = set()  # restore points that a process printed
        self.let_go = set()  # that somebody has asked to forget
        self.gone = set()  # that were not shown any more after that
        self.slowest_opening = 0
        self.compared = 0

    def branch(self):
        """The same promises, for a copy of the store that goes another way."""
        branch = copy.copy(self)
        for name in ("truth", "acknowledged", "let_go", "gone"):
            setattr(branch, name, copy.copy(getattr(self, name)))
        return branch

    def hear(self, run):
        """What a backup has told is promised, whether it ended by itself or was killed."""
        if run.arguments[0] != "backup":
            return
        told = [entry["snapshot"] for entry in run.of_type("mailbox") if entry["snapshot"]]
        for record in run.of_type("summary"):
            told += [entry["id"] for entry in record.get("snapshots") or []]
        self.acknowledged |= set(told)

    def look(self, expected_of):
        """Opens the store: old restore points are all there, new ones hold what they must.

        `expected_of` gives that for the record of a restore point that was never shown before.
        """
        opening = self.coffer.run("snapshots")
        self.slowest_opening = max(self.slowest_opening, opening.seconds)
        expect(opening.seconds < OPENING_SECONDS, f"opening took {opening.seconds:.1f} s")
        listed = {entry["id"]: entry for entry in opening.of_type("snapshot")}
        missing = (self.truth.keys() | self.acknowledged) - listed.keys()
        lost = missing - self.let_go
        expect(not lost, f"acknowledged restore points are gone: {sorted(lost)}")
        back = self.gone & listed.keys()
        expect(not back, f"forgotten restore points are back: {sorted(back)}")
        self.gone |= missing
        for snapshot_id, entry in listed.items():
            if snapshot_id not in self.truth:
                self.truth[snapshot_id] = expected_of(entry)
                self.compare(entry)
        return listed

    def compare(self, entry):
        """Extracts a restore point: every stream bit by bit what the tenant held, in its place."""
        items = self.coffer.extract(entry["mailbox"], entry["id"], self.scratch)
        seen = collections.Counter()
        for item in items:
            sha256 = hashlib.sha256((self.scratch / item["file"]).read_bytes()).hexdigest()
            expect(sha256 == item["sha256"], f"{item['file']} is not what the manifest says")
            seen[(item["folder"], sha256)] += 1
        shutil.rmtree(self.scratch)
        expected = self.truth[entry["id"]]
        if not entry["complete"]:  # says so itself: some of the mailbox, and nothing else
            expected = expected & seen
            self.truth[entry["id"]] = expected
        what = f"restore point {entry['id']} of {entry['mailbox']}"
        compare_placed(what, expected, seen)
        self.compared += 1

    def check(self):
        check = self.coffer.run("check", "--level", "full", expect_status=None)
        sound = check.status == 0 and check.summary["errors"] == 0
        expect(sound, f"{check}: {check.told()}")

    def expect_nothing_left_over(self):
        """After an opening for writing: no half-written file, no deletion that was begun."""
        left = [path.name for path in self.coffer.store.glob("tmp/*")]
        expect(not left, f"unpublished files were left in tmp: {left}")
        for notes in self.coffer.store.glob("gc/*"):
            begun = (notes / "deleting").exists() and not (notes / "done").exists()
            expect(not begun, f"the deletions of prune {notes.name} were not ended")
