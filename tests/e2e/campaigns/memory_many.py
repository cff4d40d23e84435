#!/usr/bin/env python3
"""Memory of many mailboxes at once: --mailboxes backed up side by side, in each of them an item of
up to --large, stay below --limit; and so does the restore of the largest.

The tenant takes --latency before each answer, so that the mailboxes run beside each other and not
one after the other; how many did is told. Sizes of the large items are spread evenly from a tenth
of --large to the whole. The full size, of about 8 GB, takes ten minutes.
"""

import collections

from campaign import Campaign, megabytes, size
from harness import Observer, compare_placed, expect


def grow_items(campaign, simulator, records, largest):
    """One item in each mailbox becomes large."""
    for number, record in enumerate(records.values()):
        share = 0.1 + 0.9 * (number + 1) / len(records)
        simulator.operations({
            "operation": "grow_item",
            "mailbox": record.address,
            "item": campaign.random.choice(sorted(record.items)),
            "bytes": int(share * largest),
        })


def mailboxes_at_once(looks):
    """The largest number of mailboxes that had requests in flight in one look."""
    return max(
        sum(1 for in_flight in look["in_flight_by_mailbox"].values() if in_flight)
        for look in looks
    )


def back_up(campaign, arguments, simulator, coffer):
    with Observer(simulator, 0.5) as observer:
        run = coffer.backup()
    at_once = mailboxes_at_once(observer.looks)
    campaign.say(
        f"backup of {run.summary['mailboxes']['complete']} mailboxes, up to {at_once} at once: "
        f"{megabytes(run.summary['bytes']['exported'])} in {run.seconds:.0f} s, peak "
        f"{megabytes(run.peak_memory_bytes)}"
    )
    expect(run.summary["status"] == "complete", f"{run.summary}")
    expect(at_once >= 0.9 * arguments.mailboxes, f"only {at_once} mailboxes ran at once")
    return run.peak_memory_bytes


def restore_largest(campaign, simulator, coffer, records):
    everything = ((record, item) for record in records.values() for item in record.items.values())
    source, item = max(everything, key=lambda pair: pair[1].bytes)
    target = min(records.values(), key=lambda record: record.bytes())
    run = coffer.run("restore", source.address, "--item", item.id, "--to", target.address,
                     "--into", "Proof")
    restored = simulator.record_of(target.address).placed_below("Proof")
    compare_placed("restored", collections.Counter([(item.folder, item.sha256)]), restored)
    campaign.say(
        f"restore of {megabytes(item.bytes)} in {run.seconds:.0f} s, peak "
        f"{megabytes(run.peak_memory_bytes)}"
    )
    return run.peak_memory_bytes


def run(campaign, arguments):
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(**shape, latency=arguments.latency) as (simulator, coffer):
        coffer.limit(concurrent_mailboxes=arguments.mailboxes, memory="4GiB")
        grow_items(campaign, simulator, simulator.record(), arguments.large)
        records = simulator.record()
        campaign.tell_tenant(records)
        backup = back_up(campaign, arguments, simulator, coffer)
        restore = restore_largest(campaign, simulator, coffer, records)
        expect(max(backup, restore) < arguments.limit, f"over {megabytes(arguments.limit)}")


if __name__ == "__main__":
    campaign = Campaign("memory-many", __doc__)
    campaign.argument("--mailboxes", type=int, default=100)
    campaign.argument("--items", type=int, default=10_000)
    campaign.argument("--bytes", type=size, default=size("100MB"), help="of the small items")
    campaign.argument("--large", type=size, default=size("150MB"), help="of the largest item")
    campaign.argument("--latency", type=int, default=1000, help="milliseconds")
    campaign.argument("--limit", type=size, default=size("1GB"))
    campaign.main(run)
