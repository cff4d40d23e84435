"""What the campaigns share: arguments, a place to work, one line per result, the exit status."""

import argparse
import contextlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import Coffer, Mismatch, Simulator, expect  # noqa: E402
from harness.figures import megabytes  # noqa: E402

UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def size(text):
    """300MB, 2GB, 64KiB: for argparse."""
    digits = text.rstrip("KMGiB")
    unit = text[len(digits):]
    if unit not in UNITS:
        raise argparse.ArgumentTypeError(f"{text}: the units are {', '.join(filter(None, UNITS))}")
    return int(float(digits) * UNITS[unit])


def tree_bytes(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


SKIPPED = 77  # as ctest is told


class Skip(Exception):
    """This machine lacks what the campaign needs. The message says what."""


class Campaign:
    """One campaign: `def run(campaign, arguments)` between its arguments and its end."""

    def __init__(self, name, description):
        self.name = name
        self.parser = argparse.ArgumentParser(description=description)
        self.argument = self.parser.add_argument
        self.argument("--coffer", required=True, type=pathlib.Path, help="the program")
        self.argument("--simulator", required=True, type=pathlib.Path, help="the program")
        self.argument("--work", type=pathlib.Path, help="where to work (default: /tmp)")
        self.argument("--seed", type=int, default=1)
        self.argument("--keep", action="store_true", help="leave the working directory")

    def main(self, run):
        arguments = self.parser.parse_args()
        self.arguments = arguments
        self.random = random.Random(arguments.seed)
        self.started = time.monotonic()
        name = tempfile.mkdtemp(prefix=f"coffer-{self.name}-", dir=arguments.work)
        self.directory = pathlib.Path(name)
        status = 1
        try:
            run(self, arguments)
            status = 0
        except Mismatch as mismatch:
            self.say(f"VIOLATION: {mismatch}")
        except Skip as reason:
            self.say(f"SKIPPED: {reason}")
            status = SKIPPED
        except Exception:
            traceback.print_exc()
        finally:
            if arguments.keep or status not in (0, SKIPPED):
                self.say(f"left for looking at: {self.directory}")
            else:
                shutil.rmtree(self.directory)
        verdict = {0: "passed", SKIPPED: "skipped"}.get(status, "FAILED")
        seconds = time.monotonic() - self.started
        self.say(f"{self.name} {verdict} in {seconds:.0f} s, seed {arguments.seed}")
        sys.exit(status)

    def say(self, line):
        print(line, flush=True)

    @contextlib.contextmanager
    def tenant(self, name="tenant", store="coffer", **options):
        """A running tenant, and a coffer with a new store for it."""
        options.setdefault("seed", self.arguments.seed)
        with Simulator(self.arguments.simulator, self.directory / name, **options) as simulator:
            yield simulator, self.new_store(simulator, store)

    def new_store(self, simulator, name):
        coffer = Coffer(self.arguments.coffer, self.directory / name, simulator.fragment)
        coffer.init()
        return coffer

    def kill_when(self, simulator, statistic, least, coffer, *arguments):
        """Runs a command and kills it (kill -9) as soon as the tenant's statistic has come so far,
        which it must before the command ends."""
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = coffer.start(*arguments, **nowhere)
        try:
            while simulator.statistics()[statistic] < least:
                ended = f"{arguments[0]} ended by itself, before {least:,} {statistic}"
                expect(process.poll() is None, ended)
                time.sleep(0.002)
        finally:
            process.kill()
            process.wait()

    def tell_tenant(self, records):
        items = sum(len(record.items) for record in records.values())
        total = sum(record.bytes() for record in records.values())
        self.say(
            f"tenant: {len(records)} mailboxes, {items:,} items, {megabytes(total)} of streams"
        )
