#!/usr/bin/env python3
"""Mailboxes as they were, restored into other mailboxes: every stream and every path equal, nothing
missing, nothing extra; and a second restore that skips what is there creates nothing.
"""

from campaign import Campaign, megabytes, size
from harness import compare_placed, expect

# Of streams into one mailbox: inside what the service takes in five minutes.
UPLOAD_LIMIT = 100_000_000


def choose(campaign, records, count):
    """Pairs of (source, target), all different; sources that can be restored without waiting."""
    addresses = sorted(records)
    campaign.random.shuffle(addresses)
    fitting = [each for each in addresses if 0 < records[each].bytes() < UPLOAD_LIMIT]
    sources = fitting[:count]
    targets = [address for address in addresses if address not in sources][:count]
    expect(len(sources) == len(targets) == count, f"the tenant has no {count} pairs for this")
    return list(zip(sources, targets))


def restore_one(campaign, simulator, coffer, then, source, target, point):
    into = f"Proof/from {source.split('@')[0]}"
    before = simulator.record_of(target)
    arguments = ["restore", source, "--at", point, "--to", target, "--into", into]
    run = coffer.run(*arguments, "--reason", "campaign")
    after = simulator.record_of(target)
    # Below the folder: exactly the record of that time. Outside it: exactly what was there before.
    compare_placed(f"{source} restored into {target}", then.placed(), after.placed_below(into))
    compare_placed(f"what {target} had before", before.placed(), after.placed_outside(into))
    items = run.summary["items"]
    expect(items["restored"] == items["verified"] == len(then.items), f"{source}: {items}")

    again = coffer.run(*arguments, "--on-conflict", "skip", "--reason", "campaign, again")
    compare_placed(f"{source} restored twice", after.placed(), simulator.record_of(target).placed())
    expect(again.summary["items"]["restored"] == 0, f"{source}, again: {again.summary['items']}")
    skipped = again.summary["items"]["skipped"]
    expect(skipped == len(then.items), f"{source}, again: {again.summary['items']}")
    campaign.say(
        f"{source} -> {target}: {len(then.items)} items, {megabytes(then.bytes())} in "
        f"{run.seconds:.1f} s: all equal; again: 0 created, {skipped} skipped"
    )


def run(campaign, arguments):
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(**shape) as (simulator, coffer):
        campaign.tell_tenant(simulator.record())
        coffer.backup()
        simulator.evolve(1)
        then = simulator.record()
        points = {entry["mailbox"]: entry["id"] for entry in coffer.backup().summary["snapshots"]}
        for _ in range(2):  # the tenant goes on: what is restored is not what it has now
            simulator.evolve(2)
            coffer.backup()
        for source, target in choose(campaign, then, arguments.pairs):
            restore_one(campaign, simulator, coffer, then[source], source, target, points[source])


if __name__ == "__main__":
    campaign = Campaign("restore-proof", __doc__)
    campaign.argument("--mailboxes", type=int, default=40)
    campaign.argument("--items", type=int, default=20_000)
    campaign.argument("--bytes", type=size, default=size("2GB"))
    campaign.argument("--pairs", type=int, default=5)
    campaign.main(run)
