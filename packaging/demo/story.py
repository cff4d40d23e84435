#!/usr/bin/env python3
"""The main job on a simulated tenant, end to end, told on the terminal. Every figure is measured in this run.

packaging/dev demo builds the programs and calls this. Ends with 1 and names the item if anything that comes back is
not exactly what the tenant had.
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

from harness import Coffer, Mismatch, Simulator, compare_placed, expect  # noqa: E402
from harness.figures import megabytes, plural  # noqa: E402

COLUMNS = 80
MARKER = "made-by-the-coffer-demo"
DAYS = 3
RESTORED_DAY = 2
# What the service takes from one application into one mailbox in five minutes is 150 MB of base64.
UPLOAD_LIMIT = 90_000_000


def tell(text):
    print(textwrap.fill(" ".join(text.split()), COLUMNS), flush=True)


def show(text):
    """One line that belongs to the step above."""
    for line in textwrap.wrap(text, COLUMNS - 4, break_long_words=False, break_on_hyphens=False):
        print("    " + line, flush=True)


class Story:
    def __init__(self, arguments):
        self.directory = arguments.directory.absolute()
        self.program = arguments.coffer.absolute()
        self.simulator_program = arguments.simulator.absolute()
        self.tenant_options = {
            "tls": True,
            "mailboxes": arguments.mailboxes,
            "items": arguments.items,
            "bytes": arguments.bytes,
            "seed": arguments.seed,
        }
        self.step_number = 0
        self.started = time.monotonic()
        self.compared = 0

    def step(self, title):
        self.step_number += 1
        print(f"\n{self.step_number}. {title}", flush=True)

    def command(self, *arguments, expect_status=0):
        """Shows and runs a command of coffer."""
        show("$ coffer " + " ".join(f'"{part}"' if " " in part else part for part in arguments))
        return self.coffer.run(*arguments, expect_status=expect_status)

    # The story.

    def tell_all(self):
        self.make_room()
        with Simulator(self.simulator_program, self.directory / "tenant", **self.tenant_options) as simulator:
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
        self.simulator = None
        self.check_and_count()
        self.farewell()

    def make_room(self):
        """A directory that an earlier demo made goes away; anything else is left alone."""
        if self.directory.exists() and any(self.directory.iterdir()):
            if not (self.directory / MARKER).exists():
                sys.exit(f"{self.directory} is not empty and not of an earlier demo: set COFFER_DEMO_DIR to another one")
            shutil.rmtree(self.directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / MARKER).touch()

    def introduce(self):
        self.records = self.simulator.record()
        items = sum(len(record.items) for record in self.records.values())
        total = sum(record.bytes() for record in self.records.values())
        shared = sum(record.purpose == "shared" for record in self.records.values())
        tell(f"""A simulated Exchange Online tenant is up (login, Graph and import host, over TLS on loopback):
             {len(self.records)} mailboxes, {shared} of them shared, with {items:,} items, {megabytes(total)} of
             streams. coffer signs in with certificates, one application for reading, another for restoring.""")

    def make_store(self):
        self.step("A store is made")
        run = self.command("init", "--recovery-key-file", str(self.directory / "recovery-key"))
        show(f"Encrypted by a passphrase (Argon2id) in {run.seconds:.1f} s; the recovery key is in {self.directory.name}/recovery-key.")

    def ask_the_doctor(self):
        self.step("Is everything ready?")
        run = self.command("doctor")
        checks = run.of_type("check")
        expect(checks, "doctor gave no records")
        states = {}
        for check in checks:
            states.setdefault(check["status"], []).append(check)
        show(f"{plural(len(checks), 'check')}: " + ", ".join(f"{len(found)} {state}" for state, found in sorted(states.items())) + ".")
        unprotected = [r for r in self.coffer.run("mailboxes").of_type("mailbox") if r.get("reason")]
        if unprotected:
            show(f"{plural(len(unprotected), 'account')} without a mailbox to protect; each is listed with its reason.")

    def backup(self):
        run = self.command("backup")
        summary = run.summary
        items = summary["items"]
        expect(items["listed"] == items["stored"] + items["unchanged"] + items["skipped"] + items["failed"],
               f"items are unaccounted for: {items}")
        expect(items["failed"] == 0, f"items failed: {summary['problems'][:3]}")
        expect(summary["mailboxes"]["complete"] == len(self.records), f"not all mailboxes: {summary['mailboxes']}")
        self.points = {snapshot["mailbox"]: snapshot for snapshot in summary["snapshots"]}
        return run

    def first_backup(self):
        self.step("The first night: everything is new")
        run = self.backup()
        summary = run.summary
        show(f"{summary['items']['stored']:,} of {summary['items']['listed']:,} items stored, "
             f"{megabytes(summary['bytes']['exported'])} exported in {run.seconds:.1f} s by "
             f"{summary['requests']['total']:,} requests; new after deduplication "
             f"{megabytes(summary['bytes']['new'])}, in the store {megabytes(summary['bytes']['stored'])}.")

    def live(self):
        self.step(f"The tenant lives for {DAYS} days, with a backup each night")
        self.history = {}
        lines = []
        for day in range(1, DAYS + 1):
            lived = self.simulator.evolve(1)["days"][0]
            self.history[day] = self.simulator.record()
            run = self.backup()
            summary = run.summary
            self.history_points = getattr(self, "history_points", {})
            self.history_points[day] = self.points
            lines.append(
                f"{day:>3}{lived['added']:>7}{lived['changed']:>9}{lived['moved']:>7}{lived['deleted']:>9}"
                f"{summary['items']['stored']:>10,}{summary['items']['unchanged']:>11,}"
                f"{megabytes(summary['bytes']['stored']):>11}{run.seconds:>7.1f}"
            )
        show("")
        print(f"    {'day':>3}{'new':>7}{'changed':>9}{'moved':>7}{'deleted':>9}{'exported':>10}{'unchanged':>11}"
              f"{'stored':>11}{'s':>7}")
        for line in lines:
            print("    " + line, flush=True)

    def choose_mailboxes(self):
        """The victim: the one with most items that fits into five minutes of uploading. And a colleague."""
        then = self.history[RESTORED_DAY]
        fitting = [record for record in then.values() if record.bytes() < UPLOAD_LIMIT and record.purpose == "user"]
        fitting.sort(key=lambda record: (len(record.items), record.address))
        return fitting[-1].address, fitting[0].address

    def damage(self):
        self.step("Something goes wrong")
        self.victim, self.colleague = self.choose_mailboxes()
        done = self.simulator.damage(self.victim)
        show(f"In the mailbox {self.victim} {plural(done['changed'], 'item')} are overwritten and "
             f"{done['deleted']:,} deleted. Nobody notices, and the damage is backed up that night:")
        run = self.backup()
        show(f"{plural(run.summary['items']['stored'], 'item')} stored. The earlier restore points stay as they are.")

    def restore_in_place(self):
        self.step(f"{self.victim} goes back to day {RESTORED_DAY}")
        then, before = self.history[RESTORED_DAY][self.victim], self.simulator.record_of(self.victim)
        point = self.history_points[RESTORED_DAY][self.victim]
        self.point = point["id"]
        run = self.command("restore", self.victim, "--at", self.point, "--in-place", "--on-conflict", "replace",
                           "--reason", "ransomware")
        after = self.simulator.record_of(self.victim)
        items = run.summary["items"]
        show(f"{items['selected']:,} items selected: {items['replaced']:,} brought back to their old version, "
             f"{items['restored']:,} created, {items['skipped']:,} unchanged, {items['failed']:,} failed, "
             f"{items['verified']:,} verified, in {run.seconds:.1f} s.")
        # Everything of that time is back, stream by stream in its folder; beside it lies only what was there before.
        compare_placed(f"{self.victim} after the restore", then.placed(), after.placed() & then.placed())
        added = after.placed() - then.placed()
        expect(not added - before.placed(), f"the restore left what nobody asked for: {added - before.placed()}")
        self.compared += len(then.items)
        show(f"Compared with what the tenant had on day {RESTORED_DAY}: {len(then.items):,} of {len(then.items):,} "
             f"streams equal by SHA-256, each in its folder ({len(set(then.placed()))} places); "
             f"{plural(added.total(), 'newer item')} left alone.")

    def restore_into_another(self):
        self.step(f"The same day, beside the mail of {self.colleague}")
        into = f"Day {RESTORED_DAY} of {self.victim.split('@')[0]}"
        then, before = self.history[RESTORED_DAY][self.victim], self.simulator.record_of(self.colleague)
        run = self.command("restore", self.victim, "--at", self.point, "--to", self.colleague, "--into", into,
                           "--reason", "audit")
        after = self.simulator.record_of(self.colleague)
        items, folders = run.summary["items"], run.summary["folders"]
        show(f"{items['restored']:,} items created in {plural(folders['created'], 'new folder')}, "
             f"{items['verified']:,} verified, in {run.seconds:.1f} s.")
        compare_placed(f"{into} in {self.colleague}", then.placed(), after.placed_below(into))
        compare_placed(f"the mail of {self.colleague}", before.placed(), after.placed_outside(into))
        self.compared += len(then.items)
        show(f"Compared both ways: {len(then.items):,} streams and their paths equal, 0 missing, 0 extra; "
             f"the mail that was there before is untouched.")

    def check_and_count(self):
        self.step("Is the store sound, and what does it cost?")
        check = self.command("check", "--level", "full").summary
        expect(check["errors"] == 0, f"check found {check['errors']} errors")
        show(f"{check['chunks']:,} chunks in {plural(check['packs'], 'pack')} opened, decompressed and hashed again "
             f"({megabytes(check['bytes_read'])} read): 0 errors.")
        stats = self.command("stats").of_type("stats")[0]
        show(f"{plural(stats['snapshots'], 'restore point')} of {stats['mailboxes']} mailboxes; all streams of all of "
             f"them {megabytes(stats['logical_bytes'])}, unique {megabytes(stats['unique_bytes'])}, stored "
             f"{megabytes(stats['stored_bytes'])} (deduplication {stats['dedup_factor']:.1f}, compression "
             f"{stats['compression_factor']:.2f}); index {megabytes(stats['index_bytes'])}.")

    # The end.

    def commands_to_try(self):
        return [
            ["snapshots", self.victim],
            ["ls", self.victim, "--at", self.point],
            ["find", "--mailbox", self.victim, "--subject", self.subject_to_find()],
            ["extract", self.victim, "--at", self.point, "--folder", "Inbox", "--output",
             str(self.directory / "extracted")],
            ["check"],
        ]

    def subject_to_find(self):
        subjects = [item.subject for item in self.history[RESTORED_DAY][self.victim].items.values()]
        words = [word for subject in subjects for word in subject.split() if word.isascii() and word.isalpha() and len(word) > 5]
        return max(sorted(set(words)), key=words.count)

    def farewell(self):
        # What is recommended has to work: each is tried, and what it writes is taken away again.
        for arguments in self.commands_to_try():
            self.coffer.run(*arguments)
        shutil.rmtree(self.directory / "extracted")
        print()
        tell(f"""All {self.compared:,} restored streams are what the tenant had. The demo took
             {time.monotonic() - self.started:.0f} s. The tenant is stopped; the store is left in {self.directory}
             for looking around:""")
        print(f"\n  export COFFER_CONFIG={self.coffer.config}")
        print(f"  export PATH={self.program.parent}:$PATH")
        for arguments in self.commands_to_try():
            print("  coffer " + " ".join(f'"{part}"' if " " in part else part for part in arguments))
        print(flush=True)
        self.tell_how_to_restart()

    def tell_how_to_restart(self):
        options = {"simulator": str(self.simulator_program), "coffer": str(self.program), "tenant": self.tenant_options}
        (self.directory / "demo.json").write_text(json.dumps(options, indent=1) + "\n")
        tell("""These only read the store. To back up and restore as well, start the tenant again in another
             terminal (it begins anew with its first day):""")
        print(f"\n  {ROOT}/packaging/demo/tenant.py {self.directory}", flush=True)


def find_program(build, name):
    found = [path for path in build.rglob(name) if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        sys.exit(f"there is no {name} below {build}: packaging/dev demo builds it")
    return found[0]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release", help="where the programs are")
    parser.add_argument("--coffer", type=pathlib.Path)
    parser.add_argument("--simulator", type=pathlib.Path)
    parser.add_argument("--directory", type=pathlib.Path,
                        default=pathlib.Path(os.environ.get("COFFER_DEMO_DIR") or ROOT / "build" / "demo"))
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
