#!/usr/bin/env python3
"""A restore of a large mailbox into another one, killed again and again: each run goes on where the
one before was, and in the end every item is there once.

`create` never tells that it doubles an item. So the tenant loses answers of imports that it carried
out, and exports what was imported as other bytes than it was given: neither an answer nor a
comparison of streams tells what is there already. Items are counted by folder and search key.
"""

import collections

from campaign import Campaign, megabytes, size
from harness import expect

SOURCE = "info@contoso.com"  # the largest mailbox
FAULTS = "seed={seed},lost_import_answer=0.03,rewrite=1"


def placed_by_key(record, below):
    """How often each search key lies in each folder below `below`."""
    prefix = below + "/" if below else ""
    return collections.Counter(
        (item.folder[len(prefix):], item.search_key)
        for item in record.items.values()
        if item.folder.startswith(prefix)
    )


def restore_killed(campaign, simulator, coffer, then, target, mode):
    items = len(then.items)
    into = f"Killed with {mode}"
    before = simulator.record_of(target)
    arguments = ["restore", SOURCE, "--to", target, "--into", into, "--on-conflict", mode]
    simulator.faults({"rates": FAULTS.format(seed=campaign.arguments.seed)})
    simulator.reset_statistics()
    for number in range(campaign.arguments.kills):
        share = (number + campaign.random.random()) / (campaign.arguments.kills + 1)
        least = max(1, int(share * items))
        campaign.kill_when(simulator, "imported_items", least, coffer, *arguments)
    last = coffer.run(*arguments, "--reason", "campaign")
    counts = last.summary["items"]
    simulator.faults({"clear": True})
    after = simulator.record_of(target)
    expected = placed_by_key(then, "")
    found = placed_by_key(after, into)
    twice = sum((found - expected).values())
    missing = sum((expected - found).values())
    campaign.say(
        f"{mode}: {campaign.arguments.kills} kills, {items:,} items, {twice} twice, {missing} "
        f"missing; the last run: {counts['restored']:,} restored, {counts['skipped']:,} of before "
        f"({last.seconds:.1f} s, {megabytes(last.peak_memory_bytes)})"
    )
    expect(found == expected, f"{mode}: {twice} items are there twice, {missing} are missing")
    expect(after.placed_outside(into) == before.placed_outside(into), "something else has changed")
    expect(last.summary["resumed"] is True, f"the last run: {last.summary}")
    expect(counts["restored"] + counts["skipped"] == items, f"the last run: {counts}")
    expect(counts["verified"] == counts["restored"], f"the last run: {counts}")
    left = [each for each in coffer.store.glob("restore/*/*") if each.is_file()]
    expect(not left, f"{len(left)} entries of the restore's journal are left")


def run(campaign, arguments):
    shape = {"mailboxes": 3, "items": arguments.items, "bytes": arguments.bytes}
    limits = {"request_limit": 10**9, "upload_limit": 10**12}
    with campaign.tenant(**shape, **limits) as (simulator, coffer):
        coffer.use_key_file()
        records = simulator.record()
        then = records[SOURCE]
        campaign.tell_tenant({SOURCE: then})
        target = min(records, key=lambda address: len(records[address].items))
        coffer.backup(SOURCE)
        for mode in ("skip", "copy"):
            restore_killed(campaign, simulator, coffer, then, target, mode)


if __name__ == "__main__":
    campaign = Campaign("restore-kill", __doc__)
    campaign.argument("--items", type=int, default=20_000, help="of all three mailboxes")
    campaign.argument("--bytes", type=size, default=size("100MB"))
    campaign.argument("--kills", type=int, default=20)
    campaign.main(run)
