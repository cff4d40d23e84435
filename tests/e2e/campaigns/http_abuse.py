#!/usr/bin/env python3
"""Abuse of a web server of coffer, and what others notice of it: nothing.

Each kind of abuse is begun and held; meanwhile good requests are made, one after the other, and the
server's resident memory is read. Promised: every good request is answered within a second, memory grows
by 100 MB at most, at least a thousand listeners for events are live at once, ambiguous requests are
refused. The process must be on this machine; with accounts, give one.
"""

import argparse
import base64
import contextlib
import resource
import select
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse

LONGEST_ANSWER_S = 1.0
MOST_GROWTH_BYTES = 100_000_000
HEADERS = "Host: {host}\r\n{account}"


class Target:
    def __init__(self, arguments):
        url = urllib.parse.urlsplit(arguments.url)
        self.host, self.port = url.hostname, url.port
        self.is_tls = url.scheme == "https"
        self.pid = arguments.pid
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE  # whether it answers is asked here, not who it is
        self.account = ""
        if arguments.account:
            words = base64.b64encode(arguments.account.encode()).decode()
            self.account = f"Authorization: Basic {words}\r\n"

    def connect(self, seconds=10):
        raw = socket.create_connection((self.host, self.port), timeout=seconds)
        if not self.is_tls:
            return raw
        return self.tls.wrap_socket(raw)

    def head(self, method="GET", path="/healthz", more=""):
        lines = HEADERS.format(host=f"{self.host}:{self.port}", account=self.account)
        return f"{method} {path} HTTP/1.1\r\n{lines}{more}".encode()

    def memory_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError(f"process {self.pid} has no memory")

    def ask(self, path="/healthz"):
        """Seconds that a good request took; the status is told if it is not 200."""
        begun = time.monotonic()
        with self.connect() as connection:
            connection.sendall(self.head(path=path, more="Connection: close\r\n\r\n"))
            answer = receive_all(connection, 1_000)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"a good request was answered by {answer[:60]!r}")
        return time.monotonic() - begun


def receive_all(connection, most_bytes):
    got = b""
    with contextlib.suppress(OSError):
        while len(got) < most_bytes:
            piece = connection.recv(65536)
            if not piece:
                break
            got += piece
    return got


def send_until_refused(connection, piece, most_bytes):
    sent = 0
    with contextlib.suppress(OSError):
        while sent < most_bytes:
            connection.sendall(piece)
            sent += len(piece)
    return sent


def endless_line(target, held, arguments):
    connection = held.enter_context(target.connect())
    connection.sendall(target.head(more="A: "))
    sent = send_until_refused(connection, b"a" * 65536, 256_000_000)
    return f"closed after {sent:,} bytes", sent < 256_000_000


def endless_headers(target, held, arguments):
    connection = held.enter_context(target.connect())
    connection.sendall(target.head())
    sent = send_until_refused(connection, b"A: b\r\n" * 10_000, 256_000_000)
    return f"closed after {sent:,} bytes", sent < 256_000_000


def half_open(target, held, arguments):
    for number in range(arguments.half_open):
        connection = held.enter_context(target.connect())
        begun = (target.head(), b"GET / HT", b"",
                 target.head("POST", "/api/v1/session", "Content-Length: 60000\r\n\r\n{"))
        connection.sendall(begun[number % len(begun)])
    return f"{arguments.half_open} half-open requests", True


def listeners(target, held, arguments):
    connections = [held.enter_context(target.connect()) for _ in range(arguments.listeners)]
    live = 0
    for connection in connections:
        connection.sendall(target.head(path="/api/v1/events", more="\r\n"))
    for connection in connections:
        with contextlib.suppress(OSError):
            live += connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    # The heartbeat comes each 15 s.
    until = time.monotonic() + 20
    waiting = {connection.fileno(): connection for connection in connections}
    poll = select.poll()
    for number in waiting:
        poll.register(number, select.POLLIN)
    heard = 0
    while waiting and time.monotonic() < until:
        for number, _ in poll.poll(1_000):
            heard += bool(waiting.pop(number).recv(4096))
            poll.unregister(number)
    return (f"{live} of {arguments.listeners} listen, {heard} heard the heartbeat",
            live == heard == arguments.listeners)


def slow_readers(target, held, arguments):
    for _ in range(arguments.slow_readers):
        connection = held.enter_context(target.connect())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = target.head(path=arguments.large, more="\r\n")
        with contextlib.suppress(OSError):
            connection.sendall(request * 20)
    return f"{arguments.slow_readers} readers of {arguments.large} who do not read", True


AMBIGUOUS = {
    "length and chunks": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "list of lengths": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na",
    "chunks": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": "GET / HTTP/1.1\nHost: a\n\n",
    "bare carriage return": "GET / HTTP/1.1\r\nHost: a\rA: b\r\n\r\n",
    "NUL": "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "folded header": "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
    "other host": "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "old version": "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


def ambiguous(target, held, arguments):
    accepted = []
    for name, request in AMBIGUOUS.items():
        with target.connect() as connection:
            connection.sendall(request.encode("latin-1"))
            answer = receive_all(connection, 100_000)
        is_refused = answer[9:12] in (b"400", b"411", b"505") and answer.count(b"\r\nDate: ") == 1
        if not is_refused:
            accepted.append(f"{name}: {answer[:40]!r}")
    return f"{len(AMBIGUOUS)} ambiguous requests, accepted: {accepted or 'none'}", not accepted


ABUSES = {"endless header line": endless_line, "endless headers": endless_headers,
          "half-open requests": half_open, "listeners": listeners, "slow readers": slow_readers,
          "ambiguous requests": ambiguous}


def play(target, name, abuse, arguments, memory_before):
    with contextlib.ExitStack() as held:
        said, is_well = abuse(target, held, arguments)
        slowest = max(target.ask() for _ in range(arguments.good_requests))
        grown = target.memory_bytes() - memory_before
    is_well = is_well and slowest < LONGEST_ANSWER_S and grown < MOST_GROWTH_BYTES
    print(f"{'ok  ' if is_well else 'FAIL'} {name}: {said}; {arguments.good_requests} good requests "
          f"meanwhile, the slowest {slowest * 1000:.0f} ms; memory {grown / 1e6:+.1f} MB", flush=True)
    return is_well


def abuse_all(arguments):
    target = Target(arguments)
    target.ask()
    before = target.memory_bytes()
    print(f"process {target.pid}: {before / 1e6:.1f} MB before", flush=True)
    results = [play(target, name, abuse, arguments, before) for name, abuse in ABUSES.items()]
    return 0 if all(results) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="http://127.0.0.1:PORT")
    parser.add_argument("--pid", type=int, help="of the server")
    parser.add_argument("--serve", nargs="+", metavar="WORD",
                        help="instead of both: a server to start, which prints its URL first")
    parser.add_argument("--account", help="NAME:PASSWORD")
    parser.add_argument("--half-open", type=int, default=500)
    parser.add_argument("--listeners", type=int, default=1_000)
    parser.add_argument("--slow-readers", type=int, default=300)
    parser.add_argument("--large", default="/vendor/uPlot.iife.min.js", help="what slow readers ask for")
    parser.add_argument("--good-requests", type=int, default=50)
    arguments = parser.parse_args()
    if bool(arguments.serve) == bool(arguments.url and arguments.pid):
        parser.error("either --url and --pid, or --serve")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as started:
        if arguments.serve:
            server = started.enter_context(subprocess.Popen(
                arguments.serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            arguments.url, arguments.pid = server.stdout.readline().strip(), server.pid
        return abuse_all(arguments)


if __name__ == "__main__":
    sys.exit(main())
