"""coffer as a process: its records, its exit status, what it cost."""

import copy
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from .comparison import Mismatch
from .simulator import without_proxies


@dataclasses.dataclass
class Run:
    arguments: list
    status: int  # as subprocess gives it: negative for a signal
    records: list
    output: bytes  # the records as they were printed
    stderr: str
    seconds: float
    peak_memory_bytes: int

    @property
    def summary(self):
        for record in reversed(self.records):
            if record["type"] == "summary":
                return record
        raise Mismatch(f"{self} gave no summary")

    @property
    def error(self):
        """The error record, if there is one."""
        return next((record for record in self.records if record["type"] == "error"), None)

    def of_type(self, record_type):
        return [record for record in self.records if record["type"] == record_type]

    def told(self):
        """For people, when it ended otherwise than expected."""
        last = (json.dumps(record)[:1000] for record in self.records[-5:])
        return "\n".join([self.stderr[-2000:], *last])

    def __str__(self):
        return f"coffer {' '.join(self.arguments)} (exit status {self.status})"


class Coffer:
    """A store with its configuration, below `directory`."""

    def __init__(self, program, directory, tenant_fragment):
        self.program = pathlib.Path(program).absolute()
        self.directory = pathlib.Path(directory).absolute()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.store = self.directory / "store"
        self.index = self.directory / "index"
        self.config = self.directory / "coffer.toml"
        self.tenant_fragment = tenant_fragment
        self.limits = {}  # as in [limits]
        self.policy_keys = ""  # of its policy, and tables below it
        self.daemon_fragment = ""  # [web] and what else is of the daemon
        self.environment = {}  # beside what it inherits
        self.before = []  # a command that is to run it
        self.secret_file = self.directory / "passphrase"
        if not self.secret_file.exists():
            self.secret_file.touch(mode=0o600)
            self.secret_file.write_text("correct horse battery staple\n")
        self.configure()

    def open_with(self, secret_file):
        """Configures it to open the store with what this file holds: a passphrase or a key."""
        self.secret_file = secret_file
        self.configure()

    def configure(self):
        self.config.write_text(
            "[store]\n"
            f'url = "{self.store}"\n'
            f'index = "{self.index}"\n'
            f'passphrase_file = "{self.secret_file}"\n'
            f"\n{self.protection()}"
        )
        self.config.chmod(0o600)

    def protection(self):
        """The tenant and what of it is backed up; nothing for a store alone."""
        if not self.tenant_fragment:
            return ""
        policy = f'[policy.nightly]\ntenant = "contoso"\ninclude = ["*"]\n{self.policy_keys}'
        # A number or a text is written in TOML as in JSON.
        limits = [f"{name} = {json.dumps(value)}" for name, value in self.limits.items()]
        return "\n".join(
            [self.tenant_fragment, policy, "[limits]", *limits, self.daemon_fragment, ""])

    def limit(self, **limits):
        self.limits |= limits
        self.configure()

    def use_key_file(self):
        """From now on a key file opens the store: deriving a key takes half a second each time."""
        key_file = self.directory / "key"
        self.run("key", "add", "--key-file", str(key_file))
        self.open_with(key_file)

    def second_store(self, name):
        """The store that `copy --to` makes, opened by itself with the same key."""
        second = copy.copy(self)
        second.store = self.directory / name
        second.index = self.directory / f"{name}.index"
        second.config = self.directory / f"{name}.toml"
        second.configure()
        return second

    def start(self, *arguments, stdout, stderr, environment=None):
        return subprocess.Popen(
            [*self.before, str(self.program), "--config", str(self.config), "--json", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={**without_proxies(), **self.environment, **(environment or {})},
        )

    def run(self, *arguments, expect_status=0, kill_after=None, environment=None):
        """Runs it to its end (or kills it after so many seconds) and reads its records.

        `expect_status` None: the caller looks at the status. `environment` is added to ours.
        """
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            started = time.monotonic()
            process = self.start(
                *arguments, stdout=stdout, stderr=stderr, environment=environment
            )
            with DelayedKill(process, kill_after):
                status, peak = wait_with_usage(process)
            seconds = time.monotonic() - started
            stdout.seek(0)
            stderr.seek(0)
            output = stdout.read()
            run = Run(
                list(arguments),
                status,
                parse_records(output, was_killed=status < 0),
                output,
                stderr.read().decode(errors="replace"),
                seconds,
                peak,
            )
        if expect_status is not None and run.status != expect_status:
            raise Mismatch(f"{run}, expected {expect_status}:\n{run.told()}")
        return run

    # The commands, as the tests use them.

    def init(self):
        run = self.run("init", "--recovery-key-file", str(self.directory / "recovery-key"))
        return run

    def backup(self, *arguments, **how):
        run = self.run("backup", *arguments, **how)
        if how.get("expect_status", 0) == 0:
            check_accounting(run)
        return run

    def snapshots(self, *mailbox):
        return self.run("snapshots", *mailbox).of_type("snapshot")

    def items(self, mailbox, at="latest"):
        """The item records of a restore point."""
        return self.run("ls", mailbox, "--at", at, "--recursive").of_type("item")

    def extract(self, mailbox, at, output):
        """The manifest's items after extracting everything below `output`."""
        self.run("extract", mailbox, "--at", at, "--output", str(output))
        return json.loads((pathlib.Path(output) / "manifest.json").read_text())["items"]


class DelayedKill:
    """kill -9 after so many seconds (None: never), unless the block is left before."""

    def __init__(self, process, seconds):
        # A descriptor, unlike a number, can never come to mean another process.
        self.pidfd = os.pidfd_open(process.pid)
        self.timer = threading.Timer(seconds, self.kill) if seconds is not None else None

    def kill(self):
        try:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended first

    def __enter__(self):
        if self.timer:
            self.timer.start()

    def __exit__(self, *_):
        if self.timer:
            self.timer.cancel()
            self.timer.join()
        os.close(self.pidfd)


def wait_with_usage(process):
    """Exit status, and the peak of the process's memory in bytes.

    wait4 has to be the one that reaps, or the figures are lost; Popen is told afterwards. The
    kernel counts what the starting process (this one) held at that moment, too.
    """
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024


def parse_records(output, was_killed=False):
    """One JSON object a line. A killed process may leave the last one unfinished: no record."""
    records = []
    lines = output.decode().split("\n")
    tail = lines.pop()
    for line in lines:
        records.append(json.loads(line))
    if tail and not was_killed:
        raise Mismatch(f"the output ends inside a line: {tail[-200:]!r}")
    return records


def check_accounting(run):
    """listed = stored + unchanged + skipped + failed, for the run and for each mailbox."""
    mailboxes = run.of_type("mailbox")
    for told in [run.summary, *mailboxes]:
        items = told["items"]
        ended = items["stored"] + items["unchanged"] + items["skipped"] + items["failed"]
        if items["listed"] != ended:
            name = told.get("mailbox", "the run")
            raise Mismatch(f"{name}: {ended} items accounted for: {items}")
    for what, total in run.summary["items"].items():
        of_mailboxes = sum(told["items"][what] for told in mailboxes)
        if of_mailboxes != total:
            raise Mismatch(f"{total} items {what} in the summary, {of_mailboxes} by mailbox")
