#!/usr/bin/env python3
"""Memory stays flat: one large item among small ones, and a whole gigabyte of them, cost the same.

Peak memory is what the kernel counted for the process (ru_maxrss), for backup and for restore. The
service takes 150 MB in five minutes into a mailbox and coffer keeps to it ahead of time, so each
further large item that is restored (--restored) adds five minutes.
"""

import collections

from campaign import Campaign, megabytes, size
from harness import compare_placed, expect


def measure(campaign, arguments, large_items):
    """Peaks of a backup and of a restore of a tenant with so many large items in one mailbox."""
    with campaign.tenant(
        name=f"tenant-{large_items}",
        store=f"coffer-{large_items}",
        mailboxes=arguments.mailboxes,
        items=arguments.items,
        bytes=arguments.bytes,
        large_items=large_items,
        large_size=arguments.large,
    ) as (simulator, coffer):
        records = simulator.record()
        heavy = max(records.values(), key=lambda record: record.bytes())
        light = min(records.values(), key=lambda record: record.bytes())
        campaign.tell_tenant(records)
        backup = coffer.backup()
        problems = backup.summary["problems"]
        expect(backup.summary["items"]["failed"] == 0, f"items failed: {problems[:3]}")
        by_size = sorted(heavy.items.values(), key=lambda item: (item.bytes, item.id))
        chosen = by_size[-arguments.restored :]
        options = [part for item in chosen for part in ("--item", item.id)]
        options += ["--to", light.address, "--into", "Proof"]
        restore = coffer.run("restore", heavy.address, *options)
        expected = collections.Counter((item.folder, item.sha256) for item in chosen)
        restored = simulator.record_of(light.address)
        compare_placed("the large items restored", expected, restored.placed_below("Proof"))
        campaign.say(
            f"{large_items} items of {megabytes(arguments.large)}: backup of "
            f"{megabytes(backup.summary['bytes']['exported'])} in {backup.seconds:.1f} s, peak "
            f"{megabytes(backup.peak_memory_bytes)}; restore of {len(chosen)} of them in "
            f"{restore.seconds:.1f} s, peak {megabytes(restore.peak_memory_bytes)}"
        )
        return backup.peak_memory_bytes, restore.peak_memory_bytes


def run(campaign, arguments):
    one = measure(campaign, arguments, 1)
    many = measure(campaign, arguments, max(2, round(arguments.large_total / arguments.large)))
    for what, first, second in zip(("backup", "restore"), one, many):
        campaign.say(
            f"{what}: peak {megabytes(first)} with one large item, {megabytes(second)} with many "
            f"({second / first:.2f} of it)"
        )
        expect(max(first, second) < arguments.limit, f"{what}: over {megabytes(arguments.limit)}")
        expect(second < first * 1.15, f"{what}: memory grows with the number of large items")


if __name__ == "__main__":
    campaign = Campaign("memory", __doc__)
    campaign.argument("--mailboxes", type=int, default=5)
    campaign.argument("--items", type=int, default=500)
    campaign.argument("--bytes", type=size, default=size("50MB"), help="of the small items")
    campaign.argument("--large", type=size, default=size("150MB"), help="of one large item")
    campaign.argument("--large-total", type=size, default=size("1GB"))
    campaign.argument("--restored", type=int, default=1, help="large items to restore")
    campaign.argument("--limit", type=size, default=size("400MB"))
    campaign.main(run)
