#!/usr/bin/env python3
"""A hostile tenant: it refuses writes to the backup app, redirects requests to a foreign host, and
plants links and import URLs that lead there. Nothing reaches that host, and what was refused is
named.

The foreign host is real: it listens on a port of its own at 127.0.0.1, 127.0.0.2 and ::1, and
counts connections. The tenant speaks TLS, so that http instead of https is another place, too.
"""

import dataclasses
import socket
import threading
import time

from campaign import Campaign, size
from harness import Coffer, expect

MAILBOX = "info@contoso.com"  # the largest
WRITES = ("create_folder", "update_folder", "delete_folder", "delete_item",
          "create_import_session", "import_item")


class ForeignHost:
    """Listens, and remembers who came and what they said first."""

    def __init__(self):
        self.port = None
        self.visits = []
        self.listeners = []

    def __enter__(self):
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2"),
                                (socket.AF_INET6, "::1")):
            try:
                listener = socket.create_server((address, self.port or 0), family=family)
            except OSError:
                if family == socket.AF_INET6:
                    continue  # no IPv6 here: then nobody can come by it
                raise
            self.port = listener.getsockname()[1]
            self.listeners.append(listener)
            threading.Thread(target=self._receive, args=(listener,), daemon=True).start()
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            listener.close()

    def _receive(self, listener):
        while True:
            try:
                visitor, _ = listener.accept()
            except OSError:
                return  # closed
            with visitor:
                visitor.settimeout(1)
                try:
                    said = visitor.recv(4096)
                except OSError:
                    said = b""
                self.visits.append((listener.getsockname()[0], said))

    def prove_that_it_listens(self):
        for listener in self.listeners:
            with socket.create_connection(listener.getsockname()[:2]) as visitor:
                visitor.sendall(b"knock")
        deadline = time.monotonic() + 10
        while len(self.visits) < len(self.listeners) and time.monotonic() < deadline:
            time.sleep(0.01)
        heard = [said for _, said in self.visits]
        expect(heard == [b"knock"] * len(self.listeners), f"the foreign host heard {heard}")
        self.visits.clear()


@dataclasses.dataclass
class Lure:
    """A foreign origin, and what a message about it says."""

    what: str
    origin: str
    told: str
    for_imports: bool = True


def lures(foreign, graph):
    """`graph` is the authority of the service: localhost:port."""
    elsewhere = f"127.0.0.2:{foreign.port}"
    there = f"https://{elsewhere}"
    number = f"2130706434:{foreign.port}"
    other_port = f"https://localhost:{foreign.port}"
    return [
        Lure("another host", there, there),
        Lure("the same host, another port", other_port, other_port),
        Lure("http, another host", f"http://{elsewhere}", f"http://{elsewhere}"),
        # An import URL may be http on this machine, if its host is allowed.
        Lure("http to the service's own port", f"http://{graph}", f"http://{graph}", False),
        Lure("the service as a user's name", f"https://{graph}@{elsewhere}", elsewhere),
        Lure("with a password", f"https://localhost:secret@{elsewhere}", elsewhere),
        Lure("a backslash before the service", f"{there}\\@{graph}", elsewhere),
        Lure("the service in a fragment", f"{there}#@{graph}", elsewhere),
        Lure("no scheme", f"//{elsewhere}", elsewhere),
        Lure("an address as one number", f"https://{number}", number),
        Lure("a line break", f"https://{graph}\r\n@{elsewhere}", elsewhere),
    ]


def expect_told(run, lure):
    """Some problem, or the error, names what was refused."""
    messages = [problem["message"] for problem in run.summary["problems"]]
    if run.error:
        messages += [run.error["message"], *run.error["context"]]
    named = any(lure.told in message for message in messages)
    expect(named, f"{lure.what}: no message names {lure.told}: {messages[:3]}")


def expect_refused(simulator, foreign, lure, fault, operation, run):
    statistics = simulator.statistics()
    struck = statistics["faults"].get(fault, 0)
    expect(struck == 1, f"{fault} struck {struck} answers to {operation}")
    expect(not foreign.visits, f"{lure.what}: the foreign host was reached: {foreign.visits}")
    expect(not statistics["violations"], f"the tenant saw {statistics['violations']}")
    expect(run.status != 0, f"{lure.what}: {run} knows of nothing")
    expect_told(run, lure)


def lead_astray(simulator, lure, fault, operation):
    simulator.faults({"clear": True, "rates": f"foreign_origin={lure.origin}",
                      "order": [{"fault": fault, "operation": operation, "times": 1}]})
    simulator.reset_statistics()


def backup_led_astray(campaign, simulator, coffer, foreign, lure, fault, operation):
    """One answer leads away; the next run, which none does, is complete."""
    lead_astray(simulator, lure, fault, operation)
    run = coffer.backup(expect_status=None)
    expect_refused(simulator, foreign, lure, fault, operation, run)
    simulator.faults({"clear": True})
    coffer.backup()
    return run


def expect_partial(run, what):
    counts = run.summary["mailboxes"]
    ended = (run.status, counts["partial"] + counts["failed"])
    expect(ended == (3, 1), f"{what}: {run}, {counts}")


def planted_links(campaign, simulator, coffer, foreign, graph):
    for lure in lures(foreign, graph):
        for operation in ("items_delta", "folders_delta"):
            simulator.operations({"operation": "reject_delta_tokens"})
            run = backup_led_astray(
                campaign, simulator, coffer, foreign, lure, "foreign_link", operation
            )
            expect_partial(run, lure.what)
        campaign.say(f"links, {lure.what}: refused; {run.summary['problems'][0]['message']}")


def redirects(campaign, simulator, coffer, foreign, graph):
    lure = lures(foreign, graph)[0]
    operations = ("login", "list_users", "folders_delta", "items_delta", "export_items")
    for operation in operations:
        if operation == "export_items":
            simulator.evolve(1)
        run = backup_led_astray(
            campaign, simulator, coffer, foreign, lure, "foreign_redirect", operation
        )
        if operation not in ("login", "list_users"):  # without these there is nothing to back up
            expect_partial(run, operation)
        campaign.say(f"redirect of {operation}: exit status {run.status}, {lure.told} is named")


def restore_led_astray(simulator, coffer, foreign, lure, fault, operation, chosen, target):
    """One answer leads away; the same restore, begun again, does all."""
    lead_astray(simulator, lure, fault, operation)
    restore = ["restore", MAILBOX, *chosen, "--to", target, "--into", f"{fault}, {lure.what}"]
    run = coffer.run(*restore, expect_status=None)
    expect_refused(simulator, foreign, lure, fault, operation, run)
    simulator.faults({"clear": True})
    again = coffer.run(*restore)
    counts = again.summary["items"]
    done = counts["restored"] + counts["skipped"]
    expect(done == counts["selected"] and counts["failed"] == 0, f"begun again: {counts}")
    return run


def restores(campaign, simulator, coffer, foreign, record, target, graph):
    items = sorted(record.items.values(), key=lambda item: (item.bytes, item.id))[:5]
    chosen = [part for item in items for part in ("--item", item.id)]
    for lure in lures(foreign, graph):
        if not lure.for_imports:
            continue
        run = restore_led_astray(
            simulator, coffer, foreign, lure, "foreign_import_url", "create_import_session",
            chosen, target,
        )
        campaign.say(f"import URL, {lure.what}: refused, exit status {run.status}")
    for operation in ("create_folder", "create_import_session", "import_item"):
        lure = dataclasses.replace(lures(foreign, graph)[0], what=operation)
        run = restore_led_astray(
            simulator, coffer, foreign, lure, "foreign_redirect", operation, chosen, target
        )
        campaign.say(f"redirect of {operation}: exit status {run.status}, {lure.told} is named")


def refused_writes(campaign, simulator, coffer, records):
    """The backup app may write nothing, and never tries; as a restore app it gets nowhere."""
    simulator.reset_statistics()
    coffer.backup()
    requests = simulator.statistics()["requests"]
    writes = [operation for operation in WRITES if operation in requests]
    refused = {name: each["403"] for name, each in requests.items() if "403" in each}
    expect(not writes, f"the backup wrote: {writes}")
    expect(not refused, f"the backup asked for what it has no right to: {refused}")
    expect(simulator.record() == records, "the backup changed the tenant")

    kept, restore_app = simulator.fragment.split("[tenant.contoso.restore_app]\n")
    backup_app = kept.split("[tenant.contoso.backup_app]\n")[1]
    expect(restore_app != backup_app, "the two apps are one already")
    reader = Coffer(coffer.program, coffer.directory,
                    f"{kept}[tenant.contoso.restore_app]\n{backup_app}")
    reader.open_with(coffer.secret_file)
    target = min(records, key=lambda address: len(records[address].items))
    run = reader.run("restore", MAILBOX, "--to", target, "--into", "Proof", expect_status=4)
    requests = simulator.statistics()["requests"]
    tried = [operation for operation in WRITES if operation in requests]
    expect(tried, "the restore did not try to write")
    allowed = {name: requests[name] for name in tried if set(requests[name]) != {"403"}}
    expect(not allowed, f"the tenant took writes of the backup app: {allowed}")
    expect(simulator.record() == records, "the backup app changed the tenant")
    coffer.configure()
    campaign.say(f"no write of the backup app in a backup; as a restore app: {run.error['message']}")


def run(campaign, arguments):
    shape = {"mailboxes": 3, "items": arguments.items, "bytes": arguments.bytes, "tls": True}
    with ForeignHost() as foreign, campaign.tenant(**shape) as (simulator, coffer):
        foreign.prove_that_it_listens()
        coffer.use_key_file()
        records = simulator.record()
        campaign.tell_tenant(records)
        graph = simulator.endpoints["graph_url"].split("/")[2]
        target = min(records, key=lambda address: len(records[address].items))
        refused_writes(campaign, simulator, coffer, records)
        planted_links(campaign, simulator, coffer, foreign, graph)
        redirects(campaign, simulator, coffer, foreign, graph)
        restores(campaign, simulator, coffer, foreign, records[MAILBOX], target, graph)
        expect(not foreign.visits, f"the foreign host was reached: {foreign.visits}")
        campaign.say("the foreign host saw no connection")


if __name__ == "__main__":
    campaign = Campaign("hostile", __doc__)
    campaign.argument("--items", type=int, default=3000)
    campaign.argument("--bytes", type=size, default=size("30MB"))
    campaign.main(run)
