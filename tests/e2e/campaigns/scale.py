#!/usr/bin/env python3
"""A tenant of size: everything accounted for, a quiet night costs next to nothing, changes cost
what changed.

The full size is --mailboxes 40 --items 20000 --bytes 2GB.
"""

from campaign import Campaign, megabytes, size
from harness import expect

# What a run asks once a tenant, whatever the mailboxes hold; all else counts against the bound.
TENANT_OPERATIONS = ("login", "list_users", "count_users", "list_transitive_members")


def compare_listing(coffer, records):
    """The newest restore points have exactly the tenant's items: folders, versions and hashes."""
    for address, record in records.items():
        seen = {
            (item["id"], item["change_key"], item["folder"], item["sha256"])
            for item in coffer.items(address)
        }
        true = {
            (item.id, item.change_key, item.folder, item.sha256)
            for item in record.items.values()
        }
        expect(
            seen == true,
            f"{address}: {len(true - seen)} items missing, {len(seen - true)} extra; for instance "
            f"{next(iter(seen ^ true), None)}",
        )


def first_backup(campaign, coffer, records):
    run = coffer.backup()
    told = {told["mailbox"]: told for told in run.of_type("mailbox") if told["status"] != "skipped"}
    expect(set(told) == set(records), f"mailboxes that differ: {sorted(set(told) ^ set(records))}")
    for address, record in records.items():
        items = told[address]["items"]
        expect(told[address]["status"] == "complete", f"{address} is {told[address]['status']}")
        expect(items["stored"] == len(record.items), f"{address}: {items}, has {len(record.items)}")
    items, bytes_ = run.summary["items"], run.summary["bytes"]
    campaign.say(
        f"first backup: {items['stored']:,} items, {megabytes(bytes_['exported'])} in "
        f"{run.seconds:.0f} s, stored {megabytes(bytes_['stored'])}, peak memory "
        f"{megabytes(run.peak_memory_bytes)}"
    )
    return run


def quiet_night(campaign, simulator, coffer, records):
    simulator.reset_statistics()
    run = coffer.backup()
    counts = simulator.requests_by_operation()
    folders = sum(len(record.folders) for record in records.values())
    of_tenant = sum(counts.get(operation, 0) for operation in TENANT_OPERATIONS)
    of_mailboxes = sum(counts.values()) - of_tenant
    bound = folders + 2 * len(records)
    items = run.summary["items"]
    campaign.say(
        f"second backup: {items['stored']} stored, {items['unchanged']:,} unchanged, "
        f"{run.seconds:.1f} s; {of_mailboxes} requests (at most {bound}) and {of_tenant} for the "
        f"tenant: {counts}"
    )
    expect(items["stored"] == 0, f"items stored without a change: {items}")
    expect(run.summary["bytes"]["exported"] == 0, "something was exported without a change")
    expect(of_mailboxes <= bound, f"{of_mailboxes} requests, {bound} allowed: {counts}")


def after_changes(campaign, simulator, coffer, before, days):
    simulator.evolve(days)
    after = simulator.record()
    known = set().union(*(record.versions() for record in before.values()))
    changed = set().union(*(record.versions() for record in after.values())) - known
    simulator.reset_statistics()
    run = coffer.backup()
    exported = simulator.statistics()["exported_items"]
    stored = run.summary["items"]["stored"]
    campaign.say(
        f"after {days} days: {len(changed):,} items are new, changed or moved; {exported:,} were "
        f"exported, {stored:,} stored; {megabytes(run.summary['bytes']['exported'])} in "
        f"{run.seconds:.1f} s"
    )
    # The listing below shows that each changed one is there at its new version, so it was exported;
    # with no more exports than that, nothing else was.
    expect(exported == len(changed), f"{exported} items exported, {len(changed)} had changed")
    expect(stored == len(changed), f"{run.summary['items']}, but {len(changed)} had changed")
    compare_listing(coffer, after)


def run(campaign, arguments):
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(**shape) as (simulator, coffer):
        records = simulator.record()
        campaign.tell_tenant(records)
        first_backup(campaign, coffer, records)
        compare_listing(coffer, records)
        quiet_night(campaign, simulator, coffer, records)
        after_changes(campaign, simulator, coffer, records, arguments.days)


if __name__ == "__main__":
    campaign = Campaign("scale", __doc__)
    campaign.argument("--mailboxes", type=int, default=40)
    campaign.argument("--items", type=int, default=20_000)
    campaign.argument("--bytes", type=size, default=size("2GB"))
    campaign.argument("--days", type=int, default=3)
    campaign.main(run)
