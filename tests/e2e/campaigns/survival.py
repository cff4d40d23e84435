"""What must be true of a store after the power was cut: an oracle that stands outside of the program.

It knows what the tenant held, and what the program had printed before the cut. The store opens at once
and shows every restore point that was acknowledged; nothing is damaged; streams come back bit by bit;
the next backup and the next prune complete, and afterwards all this is still so.
"""

import collections
import copy
import dataclasses
import hashlib
import shutil

from harness import compare_placed, expect

MOST_OPENING_SECONDS = 5.0


@dataclasses.dataclass
class Known:
    truth: dict = dataclasses.field(default_factory=dict)  # id -> (mailbox, what it must hold)
    acknowledged: set = dataclasses.field(default_factory=set)  # must be there
    forgotten: set = dataclasses.field(default_factory=set)  # acknowledged: must not come back

    def learn(self, snapshot_id, record, mailbox):
        self.truth.setdefault(snapshot_id, (mailbox, record[mailbox].placed()))

    def note(self, run, record):
        """What a finished run of `backup` acknowledged of a tenant that stood still."""
        for told in acknowledged(run.records):
            self.learn(told["id"], record, told["mailbox"])
            self.acknowledged.add(told["id"])

    def copy(self):
        return copy.deepcopy(self)


def acknowledged(records):
    """The restore points that these records of a backup say are there."""
    told = []
    for record in records:
        if record["type"] == "mailbox" and record["snapshot"]:
            told.append({"id": record["snapshot"], "mailbox": record["mailbox"]})
        if record["type"] == "summary":
            told += record["snapshots"]
    return told


class Survivor:
    """A store after a cut; `record` is what the tenant holds now."""

    def __init__(self, coffer, known, record, random):
        self.coffer = coffer
        self.known = known
        self.record = record
        self.random = random
        self.figures = collections.Counter()

    def examine(self):
        listed = self.shows()
        self.is_sound("after the cut")
        if listed:
            self.comes_back(self.random.choice(listed))
        self.goes_on()

    def shows(self):
        """Opens the store, and gives the restore points that are shown; all of them may be."""
        run = self.coffer.run("snapshots", expect_status=None)
        expect(run.status == 0, f"{run}:\n{run.stderr[-2000:]}{run.error or ''}")
        seconds = f"{run.seconds:.1f} s"
        expect(run.seconds < MOST_OPENING_SECONDS, f"opening took {seconds}")
        if "the index cannot be used" in run.stderr or "made anew" in run.stderr:
            self.figures["index made anew"] += 1
        listed = {entry["id"]: entry for entry in run.of_type("snapshot")}
        lost = self.known.acknowledged - set(listed)
        expect(not lost, f"acknowledged restore points are gone: {sorted(lost)}")
        returned = self.known.forgotten & set(listed)
        expect(not returned, f"forgotten restore points came back: {sorted(returned)}")
        for snapshot_id, entry in listed.items():  # a run that was cut may have got that far
            self.known.learn(snapshot_id, self.record, entry["mailbox"])
        return list(listed.values())

    def is_sound(self, when):
        check = self.coffer.run("check", "--level", "full", expect_status=None)
        if check.status != 0:  # the index alone may be hurt: then making it anew mends it
            self.coffer.run("rebuild-index")
            again = self.coffer.run("check", "--level", "full", expect_status=None)
            expect(again.status == 0, f"{when}, {again}:\n{again.records}\n{again.stderr[-2000:]}")
            check = again
            self.figures["index rebuilt by hand"] += 1
        summary = check.summary
        expect(summary["errors"] == 0 and not summary["affected"], f"{when}, check: {summary}")

    def comes_back(self, entry):
        """Every stream of this restore point, bit by bit, in its folder."""
        output = self.coffer.directory / "extracted"
        mailbox, expected = self.known.truth[entry["id"]]
        seen = collections.Counter()
        for item in self.coffer.extract(mailbox, entry["id"], output):
            sha256 = hashlib.sha256((output / item["file"]).read_bytes()).hexdigest()
            expect(sha256 == item["sha256"], f"{item['file']} is not what the manifest says")
            seen[(item["folder"], sha256)] += 1
        shutil.rmtree(output, ignore_errors=True)
        if not entry["complete"]:  # says so itself: some of the mailbox, and nothing else
            expected = expected & seen
        compare_placed(f"restore point {entry['id']} of {mailbox}", expected, seen)
        self.figures["restore points compared"] += 1

    def goes_on(self):
        backup = self.coffer.backup()
        expect(backup.summary["status"] == "complete", f"the next backup: {backup.summary}")
        self.known.note(backup, self.record)
        spool = self.coffer.index.with_name(f"{self.coffer.index.name}.spool")
        expect(not list(spool.glob("*")), f"the next backup left what lies in {spool}")
        self.coffer.run("prune")
        self.is_sound("after the next backup and prune")
        self.comes_back(self.random.choice(self.shows()))
