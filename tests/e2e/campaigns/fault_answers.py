"""What a run may answer to a file call that fails: one error, or a success where that is meant."""

import collections
import re

from harness import expect

# What a run answers to a fault: the exit status, the kind of its error record.
ANSWERS = {"ENOSPC": (14, "full"), "EIO": (1, "disk")}

# Calls whose failure a run may survive: (call, place as `place_of` tells it), with the reason.
TOLERATED = [
    (r"sync_file_range|fallocate", r"index/.*", "hints to the file system"),
    (r".*", r"index/OPTIONS-.*", "RocksDB's note of its options, which nobody reads"),
    (r"unlink", r"index/.*", "files that the index does not need any more"),
    (r"ftruncate", r"index/.*", "giving back space that was set aside for more"),
    (r"unlinkat|rmdir|remove", r"index\.set-aside.*", "the index before: whoever makes it anew begins with that"),
    (r".*", r"index\.spool.*", "what is on its way into the store, once more: nobody relies on it"),
    (r".*", r"index(/ID\.sst|/MANIFEST-ID)?", "rows that get no table yet: they are in RocksDB's log still"),
    (r"open", r"index/ID\.log", "the same: the next log, for which there was no row any more"),
    (r".*", r"store(/(pack|par|tmp).*)?", "a pack that failed once is written under another name"),
    (r".*", r"store/audit.*", "what came of a command, which the log then says; or that one begins that must not fail for that"),
    (r".*", r"store/scrub.*", "when what was verified: the next check writes it again"),
    (r"ftruncate", r"store/lock", "the name of the holder, when the lock is given back"),
    (r"write", r"store/lock", "that name, written again with space of the reserve"),
    (r"fallocate|unlink(at)?|open(at)?", r"store/reserve", "space set aside: a comfort"),
]

# Where a run that is a success has synced everything in the end. What was put into XX has been
# removed again if that could not be synced; the ledger in scrub is a comfort, and so is the end of a command in audit.
MUST_BE_DURABLE = r"store(?!/scrub|/audit)(?!.*/XX$).*"

# A new directory whose name could not be synced is taken away again: then there is nothing to keep.
REMOVALS = ("unlinkat", "rmdir")


def is_below(directory, path):
    return str(path).startswith(str(directory) + "/")


def place_of(path, home):
    """Below which part of the store or the index, without ids and numbers."""
    place = str(path).removeprefix(f"{home}/")
    place = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", place)
    place = re.sub(r"/[0-9a-f]{2}(?=/|$)", "/XX", place)
    return re.sub(r"[0-9a-f]{32,64}|\d{6,16}", "ID", place)


class Answers:
    """Judges runs that a fault was for. `home` is all that faults are for; `figures` counts."""

    def __init__(self, home, figures):
        self.home = home
        self.figures = figures
        self.survived = collections.Counter()

    def judge(self, name, run, met, what):
        """The exit status is as fixed, and one error names the thing and the remedy."""
        status, kind = ANSWERS[what]
        if run.status == 0:
            expect(run.summary.get("status") == "complete", f"{run}: {run.told()}")
            if met:
                call = met[0]
                self.survived[(name, call.name, place_of(call.path, self.home))] += 1
                self.expect_tolerated(call, met[1:])
            return
        expect(met, f"{run} without any fault: {run.told()}")
        expect(run.status == status, f"{run}, expected {status}: {run.told()}")
        errors = run.of_type("error")
        expect(len(errors) == 1, f"{run}: {len(errors)} errors: {run.told()}")
        [error] = errors
        text = "; ".join([error["message"], *error["context"]])
        expect(error["kind"] == kind, f"{run}: {error}")
        expect(str(self.home) in text and "\n" not in text, f"names no thing: {error}")
        expect(error["remedy"], f"names no remedy: {error}")
        self.figures[f"exit status {status}"] += 1

    def expect_tolerated(self, call, later):
        place = place_of(call.path, self.home).replace("second.index", "index")
        place = re.sub(r"^second(?=/|$)", "store", place)
        good = any(re.fullmatch(c, call.name) and re.fullmatch(p, place) for c, p, _ in TOLERATED)
        expect(good, f"{call} failed, and the run was a success")
        if call.name == "fsync" and re.fullmatch(MUST_BE_DURABLE, place):
            again = any((each.name, each.path) == (call.name, call.path) for each in later)
            gone = any(each.name in REMOVALS and is_below(call.path, each.path) for each in later)
            expect(again or gone, f"{call} failed, was not repeated, and the run was a success")

    def survived_lines(self):
        for (name, call, place), times in sorted(self.survived.items()):
            yield f"a success all the same: {name}: {call} {place} ({times})"
