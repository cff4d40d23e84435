"""A process whose file calls are counted, fail, or are its last (tests/e2e/file_faults)."""

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class FileCall:
    number: int
    name: str
    path: str


class FileFaults:
    """What the preloaded library is told: an environment for `Coffer.run`.

    Only what lies below the `below` directories is counted and touched.
    """

    def __init__(self, library, log, *below):
        self.log = pathlib.Path(log)
        self.always = {
            "LD_PRELOAD": str(pathlib.Path(library).absolute()),
            "FILE_FAULTS_BELOW": ":".join(str(pathlib.Path(path).absolute()) for path in below),
            "FILE_FAULTS_LOG": str(self.log),
        }

    def counting(self):
        """Nothing happens, and `calls` tells what was called."""
        self.log.unlink(missing_ok=True)
        return dict(self.always)

    def at(self, number, what, lasting=False, on=""):
        """Call `number` of those whose path contains `on` meets ENOSPC, EIO, kill or tear.

        `lasting`: and so does every later one.
        """
        chosen = self.counting()
        chosen |= {"FILE_FAULTS_AT": str(number), "FILE_FAULTS_WHAT": what, "FILE_FAULTS_ON": on}
        if lasting:
            chosen["FILE_FAULTS_LASTING"] = "yes"
        return chosen

    def calls(self):
        """What the last process called, in this order."""
        if not self.log.exists():
            return []
        told = (line.split(" ", 2) for line in self.log.read_text().splitlines())
        return [FileCall(int(number), name, path) for number, name, path in told]
