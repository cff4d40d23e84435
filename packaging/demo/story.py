#!/usr/bin/env python3
"""The main job on a simulated tenant, end to end, told on the terminal. Every figure is measured.

packaging/dev demo builds the programs and calls this. It ends with 1 and names the item if anything
that comes back is not exactly what the tenant had.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import Coffer, Mismatch, Simulator, compare_placed, expect, find_ports  # noqa: E402
from harness.figures import megabytes, plural  # noqa: E402

COLUMNS = 80
MARKER = "made-by-the-coffer-demo"
DAYS = 3
RESTORED_DAY = 2
# Of streams: the service takes 150 MB of base64 in five minutes from one application into one
# mailbox, and the demo is not to wait.
UPLOAD_LIMIT = 90_000_000


def tell(text):
    print(textwrap.fill(" ".join(text.split()), COLUMNS), flush=True)


def show(text):
    """Lines that belong to the step above."""
    for line in textwrap.wrap(text, COLUMNS - 4, break_long_words=False, break_on_hyphens=False):
        print("    " + line, flush=True)


def as_typed(arguments):
    return "coffer " + " ".join(f'"{part}"' if " " in part else part for part in arguments)


class Story:
    def __init__(self, arguments):
        self.directory = arguments.directory.absolute()
        self.program = arguments.coffer.absolute()
        self.simulator_program = arguments.simulator.absolute()
        self.tenant_options = {
            "port": find_ports(),  # tenant.py brings it back there
            "tls": True,
            "mailboxes": arguments.mailboxes,
            "items": arguments.items,
            "bytes": arguments.bytes,
            "seed": arguments.seed,
        }
        self.steps = 0
        self.started = time.monotonic()
        self.compared = 0
        self.history = {}  # day -> what the tenant had, by address
        self.points = {}  # day -> the restore points of that night, by address

    def tell_all(self):
        self.make_room()
        tenant = self.directory / "tenant"
        with Simulator(self.simulator_program, tenant, **self.tenant_options) as simulator:
            self.simulator = simulator
            self.coffer = Coffer(self.program, self.directory, simulator.fragment)
            self.introduce()
            self.make_store()
            self.ask_the_doctor()
            self.first_backup()
            self.live()
            self.damage()
            self.restore_in_place()
            self.restore_into_another()
        self.check_and_count()
        self.farewell()

    def step(self, title):
        self.steps += 1
        print(f"\n{self.steps}. {title}", flush=True)

    def command(self, *arguments):
        """Shows and runs a command of coffer."""
        show("$ " + as_typed(arguments))
        return self.coffer.run(*arguments)

    def make_room(self):
        """A directory that an earlier demo made goes away; anything else is left alone."""
        if self.directory.exists() and any(self.directory.iterdir()):
            if not (self.directory / MARKER).exists():
                sys.exit(
                    f"{self.directory} is not empty, and no earlier demo made it: "
                    "set COFFER_DEMO_DIR to another place"
                )
            shutil.rmtree(self.directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / MARKER).touch()

    def introduce(self):
        self.mailboxes = self.simulator.record()
        records = self.mailboxes.values()
        shared = sum(record.purpose == "shared" for record in records)
        tell(
            f"""A simulated Exchange Online tenant is up (login, Graph and import host, over TLS on
            loopback): {len(records)} mailboxes, {shared} of them shared, with
            {sum(len(record.items) for record in records):,} items,
            {megabytes(sum(record.bytes() for record in records))} of streams. coffer signs in with
            certificates: one application reads, another restores."""
        )

    def make_store(self):
        self.step("A store is made")
        key = self.directory / "recovery-key"
        run = self.command("init", "--recovery-key-file", str(key))
        show(
            f"Encrypted under a passphrase (Argon2id), in {run.seconds:.1f} s. "
            "The recovery key is written once, to that file."
        )

    def ask_the_doctor(self):
        self.step("Is everything ready?")
        checks = self.command("doctor").of_type("check")
        states = [check["status"] for check in checks]
        counts = [f"{states.count(state)} {state}" for state in sorted(set(states))]
        show(f"{plural(len(checks), 'check')}: {', '.join(counts)}.")
        mailboxes = self.command("mailboxes").of_type("mailbox")
        without = [entry for entry in mailboxes if entry["mailbox_id"] is None]
        expect(all(entry["reason"] for entry in without), "an account is left out without a reason")
        show(
            f"{len(mailboxes) - len(without)} mailboxes to protect; "
            f"{plural(len(without), 'account')} without one, each listed with its reason."
        )

    def backup(self):
        run = self.command("backup")
        items = run.summary["items"]
        ended = items["stored"] + items["unchanged"] + items["skipped"] + items["failed"]
        expect(items["listed"] == ended, f"items are unaccounted for: {items}")
        expect(items["failed"] == 0, f"items failed: {run.summary['problems'][:3]}")
        complete = run.summary["mailboxes"]["complete"]
        expect(complete == len(self.mailboxes), f"mailboxes: {run.summary['mailboxes']}")
        return run

    def first_backup(self):
        self.step("The first night: everything is new")
        run = self.backup()
        items, bytes_ = run.summary["items"], run.summary["bytes"]
        show(
            f"{items['stored']:,} of {items['listed']:,} items stored: "
            f"{megabytes(bytes_['exported'])} exported by {run.summary['requests']['total']:,} "
            f"requests in {run.seconds:.1f} s; {megabytes(bytes_['new'])} after deduplication, "
            f"{megabytes(bytes_['stored'])} in the store."
        )

    def live(self):
        self.step(f"The tenant lives for {DAYS} days, with a backup each night")
        columns = "{:>3} {:>6} {:>8} {:>6} {:>8} {:>9} {:>10} {:>10} {:>6}"
        names = "day new changed moved deleted exported unchanged stored s".split()
        lines = [columns.format(*names)]
        for day in range(1, DAYS + 1):
            lived = self.simulator.evolve(1)["days"][0]
            self.history[day] = self.simulator.record()
            run = self.backup()
            self.points[day] = {
                point["mailbox"]: point["id"] for point in run.summary["snapshots"]
            }
            items = run.summary["items"]
            lines.append(
                columns.format(
                    day,
                    *(lived[what] for what in ("added", "changed", "moved", "deleted")),
                    f"{items['stored']:,}",
                    f"{items['unchanged']:,}",
                    megabytes(run.summary["bytes"]["stored"]),
                    f"{run.seconds:.1f}",
                )
            )
        for line in lines:
            print("    " + line, flush=True)

    def choose_mailboxes(self):
        """The victim: the fullest mailbox that can be restored without waiting. And a colleague."""
        fitting = [
            record
            for record in self.history[RESTORED_DAY].values()
            if record.purpose == "user" and record.bytes() < UPLOAD_LIMIT
        ]
        fitting.sort(key=lambda record: (len(record.items), record.address))
        self.victim, self.colleague = fitting[-1].address, fitting[0].address
        self.then = self.history[RESTORED_DAY][self.victim]
        self.point = self.points[RESTORED_DAY][self.victim]

    def damage(self):
        self.step("Something goes wrong")
        self.choose_mailboxes()
        done = self.simulator.damage(self.victim)
        show(
            f"In {self.victim} {plural(done['changed'], 'item')} are overwritten and "
            f"{done['deleted']:,} deleted. Nobody notices; the damage is backed up that night:"
        )
        run = self.backup()
        show(
            f"{plural(run.summary['items']['stored'], 'item')} stored. "
            "The earlier restore points stay what they are."
        )

    def restore_in_place(self):
        self.step(f"{self.victim} goes back to day {RESTORED_DAY}")
        before = self.simulator.record_of(self.victim).placed()
        options = ["--in-place", "--on-conflict", "replace", "--reason", "ransomware"]
        run = self.command("restore", self.victim, "--at", self.point, *options)
        after = self.simulator.record_of(self.victim).placed()
        items = run.summary["items"]
        show(
            f"{items['selected']:,} items selected: {items['replaced']:,} brought back to their "
            f"old version, {items['restored']:,} created, {items['skipped']:,} unchanged, "
            f"{items['failed']:,} failed; {items['verified']:,} verified; in {run.seconds:.1f} s."
        )
        # All of that time is back, each stream in its folder; besides lies only what lay there.
        then = self.then.placed()
        compare_placed(f"{self.victim} after the restore", then, after & then)
        newer = after - then
        compare_placed(f"what lies in {self.victim} besides", newer, newer & before)
        self.compared += then.total()
        show(
            f"Compared with what the tenant had on day {RESTORED_DAY}: {then.total():,} of "
            f"{then.total():,} streams equal by SHA-256, each in its folder; "
            f"{plural(newer.total(), 'other item')} of the damaged mailbox left alone."
        )

    def restore_into_another(self):
        self.step(f"The same day beside the mail of {self.colleague}")
        into = f"Day {RESTORED_DAY} of {self.victim.split('@')[0]}"
        before = self.simulator.record_of(self.colleague).placed()
        options = ["--to", self.colleague, "--into", into, "--reason", "audit"]
        run = self.command("restore", self.victim, "--at", self.point, *options)
        after = self.simulator.record_of(self.colleague)
        items = run.summary["items"]
        show(
            f"{items['restored']:,} items created in "
            f"{plural(run.summary['folders']['created'], 'new folder')}, {items['verified']:,} "
            f"verified; in {run.seconds:.1f} s."
        )
        then = self.then.placed()
        compare_placed(f"{into} in {self.colleague}", then, after.placed_below(into))
        compare_placed(f"the mail of {self.colleague}", before, after.placed_outside(into))
        self.compared += then.total()
        show(
            f"Compared both ways: {then.total():,} streams and their folders equal, 0 missing, "
            f"0 extra; the {before.total():,} items that were there before are untouched."
        )

    def check_and_count(self):
        self.step("Is the store sound, and what does it cost?")
        check = self.command("check", "--level", "full").summary
        expect(check["errors"] == 0, f"check found {check['errors']} errors")
        show(
            f"{check['chunks']:,} chunks in {plural(check['packs'], 'pack')} opened, decompressed "
            f"and hashed again, {megabytes(check['bytes_read'])} read: 0 errors."
        )
        stats = self.command("stats").of_type("stats")[0]
        expect(stats["dedup_factor"] and stats["compression_factor"], f"no factors: {stats}")
        show(
            f"{plural(stats['snapshots'], 'restore point')} of {stats['mailboxes']} mailboxes: "
            f"{megabytes(stats['logical_bytes'])} in all, {megabytes(stats['unique_bytes'])} "
            f"unique, {megabytes(stats['stored_bytes'])} stored (deduplication "
            f"{stats['dedup_factor']:.1f}, compression {stats['compression_factor']:.2f}); "
            f"index {megabytes(stats['index_bytes'])}."
        )

    def commands_to_try(self):
        subjects = [item.subject for item in self.then.items.values()]
        words = [word for subject in subjects for word in subject.split() if word.isalpha()]
        long_words = sorted({word for word in words if word.isascii() and len(word) > 5})
        return [
            ["snapshots", self.victim],
            ["ls", self.victim, "--at", self.point],
            ["find", "--mailbox", self.victim, "--subject", max(long_words, key=words.count)],
            ["extract", self.victim, "--folder", "Inbox", "--output", "/tmp/extracted"],
            ["check"],
        ]

    def farewell(self):
        # What is recommended has to work: each is tried, what it would write goes beside the store.
        elsewhere = str(self.directory / "tried")
        for arguments in self.commands_to_try():
            tried = [elsewhere if part == "/tmp/extracted" else part for part in arguments]
            self.coffer.run(*tried)
        shutil.rmtree(elsewhere)
        options = {
            "simulator": str(self.simulator_program),
            "coffer": str(self.program),
            "tenant": self.tenant_options,
        }
        (self.directory / "demo.json").write_text(json.dumps(options, indent=1) + "\n")
        print()
        tell(
            f"""All {self.compared:,} restored streams are what the tenant had. The demo took
            {time.monotonic() - self.started:.0f} s. The tenant is stopped; the store is left in
            {self.directory} for looking around:"""
        )
        print(f"\n  export COFFER_CONFIG={self.coffer.config}")
        print(f"  export PATH={self.program.parent}:$PATH")
        for arguments in self.commands_to_try():
            print("  " + as_typed(arguments))
        print(flush=True)
        tell(
            """These only read the store. To back up and restore as well, start the tenant again in
            another terminal (it begins anew with its first day):"""
        )
        print(f"\n  {ROOT}/packaging/demo/tenant.py {self.directory}", flush=True)


def find_program(build, name):
    found = [path for path in build.rglob(name) if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        sys.exit(f"there is no {name} below {build}: packaging/dev demo builds it")
    return found[0]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    place = pathlib.Path(os.environ.get("COFFER_DEMO_DIR") or ROOT / "build" / "demo")
    build = ROOT / "build" / "release"
    parser.add_argument("--build", type=pathlib.Path, default=build, help="where the programs are")
    parser.add_argument("--coffer", type=pathlib.Path)
    parser.add_argument("--simulator", type=pathlib.Path)
    parser.add_argument("--directory", type=pathlib.Path, default=place)
    parser.add_argument("--mailboxes", type=int, default=25)
    parser.add_argument("--items", type=int, default=4_000)
    parser.add_argument("--bytes", type=int, default=300_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.coffer = arguments.coffer or find_program(arguments.build, "coffer")
    arguments.simulator = arguments.simulator or find_program(arguments.build, "coffer-simulator")
    return arguments


def main():
    try:
        Story(parse()).tell_all()
    except Mismatch as mismatch:
        print(f"\nThe demo FAILED: {mismatch}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
