#!/usr/bin/env python3
"""A machine's life with the package, from bare installation to purge, told by the machine itself.

Usage: story.py [STEP]: ends after that step.
"""

import pathlib
import shutil
import signal
import subprocess
import sys
import traceback

import machine
from machine import coffer, command, equal, property_of_service, records, rights, wait_for

CONFIGURATION = pathlib.Path("/etc/coffer/coffer.toml")
TENANT = pathlib.Path("/srv/tenant")
STORE = pathlib.Path("/var/lib/coffer/store")
MAILBOXES = 3

STORE_PART = """# An administrator's own words.
[store]
url = "/var/lib/coffer/store"
passphrase_file = "credential:store-passphrase"
"""
POLICY_PART = """
[policy.often]
tenant = "contoso"
include = ["*"]
schedule = "*-*-* *:*:00"
timezone = "Europe/Berlin"
"""


def step_installed():
    """User, directories and rights are there; the service is neither enabled nor running."""
    equal(rights("/etc/coffer"), "0750 root:coffer", "rights of /etc/coffer")
    equal(rights("/etc/coffer/credentials"), "2750 root:coffer", "rights of the credentials")
    equal(rights(CONFIGURATION), "0640 root:coffer", "rights of the configuration")
    equal(rights("/var/lib/coffer"), "0700 coffer:coffer", "rights of /var/lib/coffer")
    command("systemctl", "is-enabled", "coffer.service", expect=1)
    command("systemctl", "is-active", "coffer.service", expect=3)
    equal(command("systemctl", "--failed", "-q").strip(), "", "failed units")


def step_unconfigured():
    """Started too early it says what is missing, on its pages and in the journal, and waits for it."""
    command("systemctl", "start", "coffer.service")
    wait_for("the reason", lambda: "store-passphrase" in machine.why_not_ready())
    assert "store-passphrase" in machine.journal(), machine.journal()
    equal(machine.ask("/api/v1/status")["state"], "bad", "state on the page")
    equal(property_of_service("NRestarts"), "0", "restarts")
    command("systemctl", "stop", "coffer.service")
    equal(property_of_service("Result"), "success", "result")
    assert "store-passphrase" in coffer("doctor", expect=1)


def step_configured():
    """A tenant, a passphrase and a store, as OPERATIONS.md says, with a simulated tenant."""
    (program,) = pathlib.Path("/opt").glob("coffer-simulator-*/coffer-simulator")
    command("systemd-run", "--unit=tenant", program, "--directory", TENANT, "--mailboxes", MAILBOXES,
            "--items", 300, "--bytes", "6MB", "--latency", 200, "--port", 8543)
    wait_for("the simulated tenant", (TENANT / "coffer.toml").exists)
    tenant = (TENANT / "coffer.toml").read_text()
    for app in ("backup", "restore"):
        certificate = pathlib.Path("/etc/coffer") / f"{app}.pem"
        shutil.copy(TENANT / f"{app}-certificate.pem", certificate)
        certificate.chmod(0o644)
        machine.write_secret(f"{app}.key", (TENANT / f"{app}-key.pem").read_bytes())
        tenant = tenant.replace(f'"{TENANT}/{app}-key.pem"', f'"credential:{app}.key"')
        tenant = tenant.replace(f'"{TENANT}/{app}-certificate.pem"', f'"/etc/coffer/{app}.pem"')
    machine.write_secret("store-passphrase", b"correct horse battery staple\n")
    CONFIGURATION.write_text(STORE_PART + tenant + POLICY_PART)
    equal(rights(CONFIGURATION), "0640 root:coffer", "rights of the configuration")
    assert "recovery key" in coffer("init").lower()
    coffer("doctor")
    protected = [each for each in records("mailboxes") if each["type"] == "mailbox"]
    assert len(protected) >= MAILBOXES, protected
    equal(rights(STORE), "0700 coffer:coffer", "rights of the store")
    # A directory that the user coffer cannot enter is where administrators usually are.
    subprocess.run(["coffer-admin", "stats"], cwd="/root", check=True, capture_output=True)


def step_started():
    """The service becomes ready, as its own user, with keys locked in memory."""
    command("systemctl", "enable", "--now", "coffer.service")
    wait_for("readiness", machine.is_ready)
    equal(property_of_service("ActiveState"), "active", "state")
    status = pathlib.Path(f"/proc/{property_of_service('MainPID')}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    equal(fields["CapEff"].strip(), "0" * 16, "capabilities")
    equal(fields["NoNewPrivs"].strip(), "1", "NoNewPrivs")
    assert int(fields["VmLck"].split()[0]) > 0, "no key is locked in memory"
    assert "cannot be locked" not in machine.journal(), machine.journal()


def step_scheduled():
    """The first scheduled backup runs by itself."""
    first = wait_for(
        "a scheduled backup", lambda: next(
            (each for each in machine.jobs() if each["command"] == "backup"), None), 150)
    ended = machine.ended_job(first["id"])
    equal(ended["by"], "schedule", "who began it")
    shown = machine.ask("/api/v1/snapshots?limit=1000")["snapshots"]
    assert len({each["mailbox"] for each in shown}) >= MAILBOXES, shown
    by_hand = [each["id"] for each in records("snapshots") if each["type"] == "snapshot"]
    assert {each["id"] for each in shown} <= set(by_hand), "by hand one sees other restore points"


def step_restored():
    """A restore that the page asks for."""
    address = machine.ask("/api/v1/snapshots")["snapshots"][0]["mailbox"]
    begun = machine.ask("/api/v1/jobs", {
        "command": "restore", "mailbox": address, "into": "Brought back", "reason": "Ticket 4711"})
    items = machine.ended_job(begun["id"])["summary"]["items"]
    assert items["restored"] > 0 and items["failed"] == 0, items
    equal(items["verified"], items["restored"], "verified items")


def step_killed():
    """kill -9: systemd starts it again, and the job goes on."""
    begun = machine.ask("/api/v1/jobs", {"command": "backup", "full": True})
    wait_for("the backup to run", lambda: machine.job(begun["id"])["state"] == "running")
    before = property_of_service("MainPID")
    command("systemctl", "kill", "--signal", signal.SIGKILL.name, "coffer.service")
    wait_for("the restart", lambda: property_of_service("NRestarts") == "1")
    wait_for("readiness", machine.is_ready)
    assert property_of_service("MainPID") not in ("0", before), "it is the old process"
    machine.ended_job(begun["id"])
    assert "No damage found" in coffer("check")


def step_reloaded():
    """SIGHUP reads the configuration again, in the same process; a wrong one changes nothing."""
    before = property_of_service("MainPID")
    text = CONFIGURATION.read_text()
    CONFIGURATION.write_text(text.replace("[policy.often]", "[policy.seldom]")
                             .replace('"*-*-* *:*:00"', '"*-01-01 00:00:00"'))
    command("systemctl", "reload", "coffer.service")
    wait_for("the new policy", lambda: [
        each["policy"] for each in machine.ask("/api/v1/schedule")["schedule"]
        if each["command"] == "backup"] == ["seldom"])
    CONFIGURATION.write_text(CONFIGURATION.read_text() + "\nnonsense = 1\n")
    command("systemctl", "reload", "coffer.service")
    wait_for("the complaint", lambda: "nonsense" in machine.journal())
    CONFIGURATION.write_text(CONFIGURATION.read_text().replace("\nnonsense = 1\n", ""))
    equal(property_of_service("MainPID"), before, "process")
    assert machine.is_ready()


def step_upgraded():
    """A newer package keeps store and configuration, and the service goes on with it."""
    before, process = snapshot_ids(), property_of_service("MainPID")
    words = CONFIGURATION.read_text()
    (newer,) = pathlib.Path("/opt").glob("coffer_*-2_*.deb")
    command("dpkg", "-i", newer)
    assert command("dpkg-query", "-W", "-f", "${Version}", "coffer").endswith("-2")
    wait_for("readiness", machine.is_ready)
    assert property_of_service("MainPID") != process, "the old version goes on"
    equal(CONFIGURATION.read_text(), words, "configuration")
    equal(rights(CONFIGURATION), "0640 root:coffer", "rights of the configuration")
    equal(snapshot_ids(), before, "restore points")
    command("systemctl", "is-enabled", "coffer.service")


def snapshot_ids():
    return sorted(each["id"] for each in records("snapshots") if each["type"] == "snapshot")


def step_removed():
    """Removal and purge leave the store, its keys and its owner."""
    command("systemctl", "stop", "coffer.service")
    kept = machine.files_below("/var/lib/coffer")
    secrets = machine.files_below("/etc/coffer/credentials")
    assert len(kept) > 10 and len(secrets) == 3, (len(kept), len(secrets))
    command("dpkg", "-r", "coffer")
    command("systemctl", "is-active", "coffer.service", expect=3)
    assert CONFIGURATION.exists(), "removal took the configuration"
    command("dpkg", "-P", "coffer")
    assert not CONFIGURATION.exists(), "purge left the configuration"
    assert machine.files_below("/var/lib/coffer") == kept, "the store is not what it was"
    assert machine.files_below("/etc/coffer/credentials") == secrets, "keys are gone"
    equal(rights(STORE), "0700 coffer:coffer", "rights of the store")
    equal(command("systemctl", "--failed", "-q").strip(), "", "failed units")


STEPS = [step_installed, step_unconfigured, step_configured, step_started, step_scheduled,
         step_restored, step_killed, step_reloaded, step_upgraded, step_removed]


def main():
    last = sys.argv[1] if len(sys.argv) > 1 else ""
    for step in STEPS:
        name = step.__name__.removeprefix("step_")
        try:
            step()
        except Exception:  # the whole machine ends with it
            print(f"FAILED {name}: {step.__doc__}\n{traceback.format_exc()}", flush=True)
            sys.exit(1)
        print(f"ok {name}: {step.__doc__}", flush=True)
        if name == last:
            break
    print("The end.", flush=True)


if __name__ == "__main__":
    main()
