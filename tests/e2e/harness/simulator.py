"""The simulated tenant as a process, and its admin endpoint."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from .tenant_record import MailboxRecord

START_SECONDS = 120


class Simulator:
    """A running coffer-simulator. Use as a context manager: it ends with the block.

    `options` are further command line arguments as a dictionary: {"mailboxes": 25, "tls": True}.
    """

    def __init__(self, program, directory, **options):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.endpoints_file = self.directory / "endpoints.json"
        self.arguments = [str(program), "--directory", str(self.directory)]
        for name, value in {"port": 0, **options}.items():
            flag = "--" + name.replace("_", "-")
            if value is True:
                self.arguments.append(flag)
            elif value is not False and value is not None:
                self.arguments += [flag, str(value)]
        self.process = None
        self.endpoints = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.endpoints_file.unlink(missing_ok=True)
        self.log = open(self.directory / "simulator.log", "ab")
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None:
                ended = f"ended with {self.process.returncode}"
                raise RuntimeError(f"{self.arguments[0]} {ended}:\n{self._log_end()}")
            if time.monotonic() > deadline:
                self.stop()
                late = f"is not ready after {START_SECONDS} s"
                raise RuntimeError(f"{self.arguments[0]} {late}:\n{self._log_end()}")
            time.sleep(0.02)  # waiting for another process, not for a result

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process:
            self.log.close()
        self.process = None

    def _is_ready(self):
        try:
            self.endpoints = json.loads(self.endpoints_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return False  # not written yet
        try:
            self.statistics()
        except urllib.error.URLError:
            return False
        return True

    def _log_end(self):
        return (self.directory / "simulator.log").read_text(errors="replace")[-2000:]

    # The admin endpoint.

    def state(self, mailbox=None):
        """Raw: what the tenant holds now."""
        query = "?mailbox=" + urllib.parse.quote(mailbox) if mailbox else ""
        return self._call("GET", "/state" + query)

    def record(self):
        """Every mailbox as it is now, by address."""
        living = [
            mailbox
            for mailbox in self.state()["mailboxes"]
            if mailbox.get("address") and not mailbox["deleted"]
        ]
        return {record.address: record for record in map(MailboxRecord.from_state, living)}

    def record_of(self, address):
        return MailboxRecord.from_state(self.state(address)["mailboxes"][0])

    def folder_streams(self, address, below=""):
        """SHA-256 of the mail folders' streams, as the article's form exports them, by path below
        the folder given."""
        query = urllib.parse.urlencode({"mailbox": address, "folder_streams": "true"})
        mailbox = self._call("GET", "/state?" + query)["mailboxes"][0]
        prefix = below + "/" if below else ""
        return {
            folder["path"][len(prefix):]: folder["stream_sha256"]
            for folder in mailbox["folders"]
            if folder["path"].startswith(prefix) and is_mail_folder(folder)
        }

    def evolve(self, days):
        return self._call("POST", "/evolve", {"days": days})

    def advance(self, seconds):
        return self._call("POST", "/advance", {"seconds": seconds})

    def skew(self, seconds):
        return self._call("POST", "/skew", {"seconds": seconds})

    def damage(self, mailbox):
        return self._call("POST", "/damage", {"mailbox": mailbox})

    def operations(self, operations):
        return self._call("POST", "/operations", operations)

    def faults(self, specification):
        return self._call("POST", "/faults", specification)

    def statistics(self):
        return self._call("GET", "/statistics")

    def reset_statistics(self):
        return self._call("POST", "/reset-statistics", {})

    def _call(self, method, path, body=None):
        request = urllib.request.Request(
            self.endpoints["admin_url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        # Loopback only: a proxy of the environment has no business here.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=300) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def requests_by_operation(self):
        """How many requests of each operation since the last reset."""
        requests = self.statistics()["requests"]
        return {operation: sum(by_status.values()) for operation, by_status in requests.items()}

    @property
    def fragment(self):
        """The tenant's part of coffer.toml."""
        return (self.directory / "coffer.toml").read_text()


def is_mail_folder(folder):
    kind = folder["type"]
    return not folder["search"] and folder["path"] and (not kind or kind.startswith("IPF.Note"))


def find_ports(count=4):
    """The first of so many free ports in a row, for a tenant that is to come back there."""
    for first in range(21_000, 60_000, 97):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    listener = held.enter_context(socket.socket())
                    listener.bind(("127.0.0.1", port))
                return first
            except OSError:
                continue  # somebody has one of them
    raise RuntimeError(f"there are no {count} free ports in a row")


def without_proxies():
    """The environment for programs that talk to loopback only."""
    return {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }
