#!/usr/bin/env python3
"""Alerts of a running daemon: each kind is provoked as it comes about in life, reaches a webhook's
server and a mail server, once each, and is over, once each, when its cause has gone.

The policy runs every --every seconds and so promises backups not older than twice that. The store
lies on a small file system of its own where this may be mounted (as root); elsewhere that it fills
is left out, and said. The receivers need Debian's python3-aiosmtpd and its own interpreter.
"""

import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from campaign import Campaign, Skip
from harness import expect, serve

MAILBOX = "ada.albers@contoso.com"
PATIENCE = 300  # seconds
RECEIVERS = pathlib.Path(__file__).parents[1] / "harness" / "receivers.py"
DISK_BYTES = 400 << 20
KINDS = {"run", "overdue", "missed_run", "damage", "credential_expiry", "clock_skew", "throttling",
         "mass_change", "retention", "store_filling", "store_unavailable"}


class Receivers:
    """What arrived at either, in order."""

    def __init__(self):
        self.process = subprocess.Popen(["/usr/bin/python3", str(RECEIVERS)],
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise Skip("the receivers did not start: python3-aiosmtpd is missing")
        self.ports = json.loads(line)
        self.received = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.received.append(json.loads(line))

    @property
    def fragment(self):
        return (f'[alerts]\nwebhook = ["http://127.0.0.1:{self.ports["webhook_port"]}/hook"]\n'
                f'smtp = "smtp://127.0.0.1:{self.ports["smtp_port"]}"\n'
                'mail_to = ["admins@contoso.com"]\n')

    def alerts(self, event):
        """Of the webhook, the alerts that were told to have opened, or to be over."""
        posts = [each["body"] for each in list(self.received) if each["by"] == "webhook"]
        return [body["alert"] for body in posts if body["event"] == event]

    def mails(self, alert_id):
        return [each["headers"]["subject"] for each in list(self.received)
                if each["by"] == "mail" and f"Alert {alert_id} " in each["text"]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Appliance:
    """A tenant, the daemon, and who is alerted."""

    def __init__(self, campaign, arguments, simulator, coffer, receivers):
        self.campaign = campaign
        self.simulator = simulator
        self.coffer = coffer
        self.receivers = receivers
        self.seen = {}  # kinds, and what was told
        self.schedule = f'schedule = "*:*:0/{arguments.every}"\n'
        coffer.policy_keys = self.schedule
        self.daemon = serve(coffer, receivers.fragment)

    def add_to_policy(self, keys):
        self.coffer.policy_keys = self.schedule + keys
        self.coffer.configure()

    def reload(self):
        self.daemon.process.send_signal(signal.SIGHUP)

    def await_told(self, event, kind):
        def told():
            return [each for each in self.receivers.alerts(event) if each["kind"] == kind]

        self.daemon.wait_for(told, f"an alert of {kind} is {event}", PATIENCE,
                             lambda: f"{[each['kind'] for each in self.receivers.alerts(event)]}")
        return told()[-1]

    def provoke(self, kind, begin, end):
        """From its cause to its end."""
        begin()
        alert = self.await_told("opened", kind)
        self.campaign.say(f"{kind}: {alert['subject']}")
        end()
        self.await_told("over", kind)
        self.seen[kind] = alert

    def await_runs(self, count):
        """So many more scheduled runs that ended."""
        known = {job["id"] for job in self.daemon.jobs("backup")}

        def new():
            jobs = self.daemon.jobs("backup")
            return [job for job in jobs if job["state"] == "ended" and job["id"] not in known]

        self.daemon.wait_for(lambda: len(new()) >= count, f"{count} more runs", PATIENCE)

    def are_mails_complete(self):
        """Mails go out behind the posts."""
        ended = {alert["id"] for alert in self.receivers.alerts("over")}
        return all(len(self.receivers.mails(alert["id"])) >= 1 + (alert["id"] in ended)
                   for alert in self.receivers.alerts("opened"))

    def check_once(self):
        """Whatever was alerted to was told once to each receiver, and so was its end."""
        opened = self.receivers.alerts("opened")
        over = self.receivers.alerts("over")
        for alert in opened:
            alert_id = alert["id"]
            expect(sum(each["id"] == alert_id for each in opened) == 1, f"told twice: {alert}")
            mails = self.receivers.mails(alert_id)
            ends = sum(each["id"] == alert_id for each in over)
            expect(ends <= 1, f"its end was told twice: {alert}")
            expect(len(mails) == 1 + ends, f"{alert}: {ends} ends, but the mails are {mails}")


def partial_run(appliance):
    record = appliance.simulator.record_of(MAILBOX)
    item = next(iter(record.items.values()))
    what = {"mailbox": MAILBOX, "item": item.id}
    appliance.simulator.operations({"operation": "change_item", **what})
    what["item"] = next(new.id for new in appliance.simulator.record_of(MAILBOX).items.values()
                        if new.search_key == item.search_key)
    appliance.provoke(
        "run", lambda: appliance.simulator.operations({"operation": "poison_item", **what}),
        # A mailbox that stays partial is without a good backup for longer than promised.
        lambda: appliance.provoke(
            "overdue", lambda: None,
            lambda: appliance.simulator.operations({"operation": "heal_item", **what})))


def missed_run(appliance, every):
    tenant = appliance.simulator.process

    def hang():
        tenant.send_signal(signal.SIGSTOP)
        time.sleep(2 * every + 5)

    try:
        appliance.provoke("missed_run", hang, lambda: tenant.send_signal(signal.SIGCONT))
    finally:
        tenant.send_signal(signal.SIGCONT)


def damage(appliance):
    def flip():
        pack = next(path for path in sorted((appliance.coffer.store / "pack").rglob("*"))
                    if path.is_file())
        pack.chmod(0o600)
        with open(pack, "r+b") as file:
            file.seek(pack.stat().st_size // 2)
            octet = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([octet[0] ^ 0x10]))
        check("scrub")

    def check(level, **more):
        daemon = appliance.daemon
        daemon.wait_for_job(daemon.order(command="check", level=level, **more), PATIENCE)

    def mend():
        check("scrub", repair=True)
        check("scrub")

    appliance.provoke("damage", flip, mend)


def credential(appliance):
    site = appliance.simulator.directory
    files = [site / "backup-certificate.pem", site / "backup-key.pem"]
    kept = [file.read_bytes() for file in files]

    def short_lived():
        made = site / "short"
        made.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "5",
                        "-subj", "/CN=coffer-backup", "-keyout", made / "key", "-out",
                        made / "certificate"], check=True, capture_output=True)
        appliance.simulator.operations({"operation": "add_certificate", "app": "backup",
                                        "pem": (made / "certificate").read_text()})
        put([(made / "certificate").read_bytes(), (made / "key").read_bytes()])

    def put(contents):
        for file, content in zip(files, contents):
            file.write_bytes(content)
        appliance.reload()

    appliance.provoke("credential_expiry", short_lived, lambda: put(kept))


def clock_skew(appliance):
    def shift(seconds):
        appliance.simulator.skew(seconds)
        appliance.reload()

    appliance.provoke("clock_skew", lambda: shift(600), lambda: shift(0))


def throttling(appliance):
    appliance.provoke(
        "throttling", lambda: appliance.simulator.faults({"rates": "throttled=0.5"}),
        lambda: appliance.simulator.faults({"clear": True}))


def mass_change(appliance):
    def go():
        record = appliance.simulator.record_of(MAILBOX)
        for item in list(record.items.values())[:250]:
            appliance.simulator.operations({"operation": "delete_item", "mailbox": MAILBOX,
                                            "item": item.id})

    appliance.provoke("mass_change", go, lambda: None)  # the next run finds all as it was


def retention(appliance):
    def few():
        appliance.add_to_policy("[policy.nightly.retention]\nkeep_last = 1\n")
        appliance.reload()

    appliance.provoke("retention", few, lambda: appliance.coffer.run(
        "forget", "--policy", "nightly", "--confirm"))


def store_filling(appliance):
    rest = appliance.coffer.store.parent / "other"

    def fill():
        space = os.statvfs(appliance.coffer.store)
        with open(rest, "wb") as file:
            os.posix_fallocate(file.fileno(), 0,
                               space.f_bavail * space.f_frsize - DISK_BYTES // 20)

    appliance.provoke("store_filling", fill, rest.unlink)


def store_unavailable(appliance):
    store, away = appliance.coffer.store, appliance.coffer.directory / "away"
    expect(appliance.daemon.stop() == 0, "it did not stop well")
    store.rename(away)
    appliance.provoke("store_unavailable", lambda: appliance.daemon.start(ready=False),
                      lambda: away.rename(store))


def mounted(directory):
    """A small file system for the store; false where nobody may mount one."""
    directory.mkdir()
    if os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(directory)]
    return subprocess.run(mount, check=False, capture_output=True).returncode == 0


def run(campaign, arguments):
    disk = campaign.directory / "disk"
    is_mounted = mounted(disk)
    try:
        with campaign.tenant("tenant", "disk/coffer", mailboxes=3, items=1500,
                             bytes=3 * 10**6) as (simulator, coffer), Receivers() as receivers:
            coffer.use_key_file()
            appliance = Appliance(campaign, arguments, simulator, coffer, receivers)
            with appliance.daemon:
                appliance.await_runs(2)
                expect(not receivers.received, f"alerts of nothing: {receivers.received}")
                partial_run(appliance)
                missed_run(appliance, arguments.every)
                damage(appliance)
                credential(appliance)
                clock_skew(appliance)
                throttling(appliance)
                mass_change(appliance)
                retention(appliance)
                if is_mounted:
                    store_filling(appliance)
                else:
                    campaign.say("store_filling: left out, nothing may be mounted here")
                store_unavailable(appliance)
                appliance.daemon.wait_for(appliance.are_mails_complete, "all mails arrived")
                expect(appliance.daemon.stop() == 0, "it did not stop well")
            appliance.check_once()
            left_out = set() if is_mounted else {"store_filling"}
            expect(set(appliance.seen) == KINDS - left_out, f"not each kind: {appliance.seen}")
            told = {"webhook": 0, "mail": 0}
            for each in receivers.received:
                told[each["by"]] += 1
            campaign.say(f"{len(appliance.seen)} kinds began and ended: {told['webhook']} posts, "
                         f"{told['mail']} mails, each once")
    finally:
        if is_mounted:
            subprocess.run(["umount", str(disk)], check=True)


if __name__ == "__main__":
    campaign = Campaign("alerts", __doc__)
    campaign.argument("--every", type=int, default=20, help="seconds between runs")
    campaign.main(run)
