#!/usr/bin/env python3
"""A million small items in one mailbox: what a quiet night, a hundred changes and every command cost.

A run without changes and a run with changes at random places are held to what they may add to packs
and log (parity, twice the size of a small pack, is told apart), every command to its peak of memory,
`ls` to its speed. The tenant has three mailboxes, of which the largest, with about half of its items,
is backed up.
"""

import json
import tempfile
import time

from campaign import Campaign, megabytes, size, tree_bytes
from harness import expect
from harness.coffer import wait_with_usage


PARTS = ("pack", "par", "log", "gc", "trash", "scrub")


class Measured:
    """A mailbox, its coffer, and what the commands cost so far."""

    def __init__(self, campaign, coffer, mailbox):
        self.campaign = campaign
        self.coffer = coffer
        self.mailbox = mailbox
        self.peak = 0

    def run(self, what, *arguments):
        """Gives the run, and what packs and log have grown by."""
        before = self.sizes()
        run = self.coffer.run(*arguments)
        grown = {part: size - before[part] for part, size in self.sizes().items()}
        parts = ", ".join(f"{part} {change:+,}" for part, change in grown.items() if change)
        self.told(what, run.seconds, run.peak_memory_bytes, f"bytes: {parts or 'none'}")
        return run, grown["pack"] + grown["log"]

    def sizes(self):
        return {part: tree_bytes(self.coffer.store / part) for part in PARTS}

    def told(self, what, seconds, peak, more):
        self.peak = max(self.peak, peak)
        self.campaign.say(f"{what}: {seconds:.1f} s, peak {megabytes(peak)}; {more}")

    def list_items(self, chosen):
        """Ids of so many items of the latest restore point, at random places."""
        with tempfile.TemporaryFile() as output:
            started = time.monotonic()
            process = self.coffer.start(
                *("ls", self.mailbox, "--recursive"), stdout=output, stderr=None
            )
            status, peak = wait_with_usage(process)
            seconds = time.monotonic() - started
            expect(status == 0, f"ls ended with {status}")
            output.seek(0)
            lines = [line for line in output if b'"type":"item"' in line.replace(b" ", b"")]
        rate = len(lines) / seconds
        self.told("ls", seconds, peak, f"{len(lines):,} items, {rate:,.0f} a second")
        picked = self.campaign.random.sample(lines, chosen)
        return len(lines), rate, [json.loads(line)["id"] for line in picked]


def run(campaign, arguments):
    mailbox = "info@contoso.com"  # the largest
    with campaign.tenant(
        mailboxes=3, items=arguments.items, bytes=arguments.bytes, request_limit=10**9
    ) as (simulator, coffer):
        coffer.use_key_file()
        measured = Measured(campaign, coffer, mailbox)
        first, _ = measured.run("first backup", "backup", mailbox)
        campaign.say(f"{mailbox}: {first.summary['items']}, {first.summary['bytes']}")
        _, quiet = measured.run("backup without changes", "backup", mailbox)
        items, rate, changed = measured.list_items(arguments.changes)
        for item in changed:
            simulator.operations({"operation": "change_item", "mailbox": mailbox, "item": item})
        second, added = measured.run(f"backup after {len(changed)} changes", "backup", mailbox)
        stored = second.summary["items"]["stored"]
        expect(stored == len(changed), f"{stored} items were stored: {second.summary}")
        statistics = coffer.run("stats").summary
        index = tree_bytes(coffer.index)
        campaign.say(f"stats: {json.dumps(statistics)}; the index has {index:,} bytes")
        oldest = min(coffer.snapshots(), key=lambda entry: entry["time"])["id"]
        measured.run("check --level structure", "check", "--level", "structure")
        measured.run("check --level full", "check", "--level", "full")
        measured.run("forget", "forget", "--confirm", "--snapshot", oldest)
        measured.run("prune", "prune")
        measured.run("rebuild-index", "rebuild-index")
        campaign.say(
            f"{items:,} items: {quiet:,} bytes without changes, {added:,} bytes for "
            f"{len(changed)} changes, of which {second.summary['bytes']['stored']:,} are streams; "
            f"ls {rate:,.0f} items/s; the highest peak {megabytes(measured.peak)}"
        )
        expect(quiet < arguments.quiet_limit, f"a quiet night adds {quiet:,} bytes")
        expect(added < arguments.change_limit, f"{len(changed)} changes add {added:,} bytes")
        expect(measured.peak < arguments.memory_limit, f"a peak of {megabytes(measured.peak)}")


if __name__ == "__main__":
    campaign = Campaign("million", __doc__)
    campaign.argument("--items", type=int, default=2_100_000, help="of all three mailboxes")
    campaign.argument("--bytes", type=size, default=size("1GB"))
    campaign.argument("--changes", type=int, default=100)
    campaign.argument("--quiet-limit", type=size, default=size("4KiB"))
    campaign.argument("--change-limit", type=size, default=size("256KiB"))
    campaign.argument("--memory-limit", type=size, default=size("1GiB"))
    campaign.main(run)
