#!/usr/bin/env python3
"""What cannot be had costs nothing else: one item that is never exported, and lost delta tokens.

Among --items one is poisoned. The run stores all others and names that one; the next run asks for
it and for nothing else; once it is healed, the run after that stores it. Then the tenant takes no
delta token any more: everything is listed anew and nothing is exported. The full size is
--items 20000 --bytes 200MB.
"""

from campaign import Campaign, size
from harness import expect

MAILBOX = "info@contoso.com"  # the largest


def next_run(campaign, simulator, coffer, what, **how):
    """A run, the tenant's statistics of it, and its report on the mailbox."""
    simulator.reset_statistics()
    run = coffer.backup(**how)
    statistics = simulator.statistics()
    requests = simulator.requests_by_operation()
    told = next(told for told in run.of_type("mailbox") if told["mailbox"] == MAILBOX)
    campaign.say(
        f"{what}: {run.summary['status']}, {run.summary['items']}, "
        f"{requests.get('export_items', 0):,} export requests for {statistics['exported_items']:,} "
        f"items, {run.seconds:.1f} s"
    )
    return run, statistics, told


def expect_only_problem(run, item):
    problems = run.summary["problems"]
    named = [(problem["mailbox"], problem["folder"], problem["item"]) for problem in problems]
    expect(named == [(MAILBOX, item.folder, item.id)], f"not just the poisoned item: {problems}")
    expect(problems[0]["code"] and problems[0]["message"], f"nothing said of it: {problems}")


def expect_stored(coffer, run, items):
    """The run's restore point has exactly these. A partial one has to be named by its id."""
    point = next(each for each in run.summary["snapshots"] if each["mailbox"] == MAILBOX)
    told = coffer.items(MAILBOX, point["id"])
    seen = {(item["id"], item["folder"], item["sha256"]) for item in told}
    true = {(item.id, item.folder, item.sha256) for item in items}
    expect(seen == true, f"{len(true - seen)} items missing, {len(seen - true)} extra")


def poisoned_item(campaign, simulator, coffer, records):
    total = sum(len(record.items) for record in records.values())
    item = campaign.random.choice(sorted(records[MAILBOX].items.values(), key=lambda each: each.id))
    others = [each for each in records[MAILBOX].items.values() if each.id != item.id]
    simulator.operations({"operation": "poison_item", "mailbox": MAILBOX, "item": item.id})

    run, statistics, told = next_run(campaign, simulator, coffer, "with one item poisoned",
                                     expect_status=3)
    counts = run.summary["mailboxes"]
    expect(told["status"] == "partial", f"{MAILBOX} is {told['status']}")
    expect((counts["partial"], counts["failed"]) == (1, 0), f"{counts}")
    expect_only_problem(run, item)
    expect(run.summary["items"]["failed"] == 1, f"{run.summary['items']}")
    expect(run.summary["items"]["stored"] == total - 1, f"{total} items: {run.summary['items']}")
    expect_stored(coffer, run, others)

    run, statistics, told = next_run(campaign, simulator, coffer, "once more", expect_status=3)
    expect_only_problem(run, item)
    # An item that came along would be counted as exported.
    expect(statistics["exported_items"] == 0, f"{statistics['exported_items']} others exported")
    asked = statistics["requests"].get("export_items", {})
    expect(asked == {"200": 1}, f"asked for the one item with {asked} requests")

    simulator.operations({"operation": "heal_item", "mailbox": MAILBOX, "item": item.id})
    run, statistics, told = next_run(campaign, simulator, coffer, "after it was healed")
    expect(run.summary["status"] == "complete", f"{run.summary}")
    expect(run.summary["items"]["stored"] == 1, f"{run.summary['items']}")
    expect(statistics["exported_items"] == 1, f"{statistics['exported_items']} items exported")
    expect_stored(coffer, run, [*others, item])


def lost_tokens(campaign, simulator, coffer, records):
    simulator.operations({"operation": "reject_delta_tokens"})
    run, statistics, _ = next_run(campaign, simulator, coffer, "with all delta tokens lost")
    refused = statistics["requests"]["items_delta"].get("410", 0)
    folders = sum(len(record.folders) for record in records.values())
    campaign.say(f"{refused} delta tokens of {folders} folders were refused")
    expect(refused == folders, f"{refused} delta tokens of {folders} folders were refused")
    expect(run.summary["status"] == "complete", f"{run.summary}")
    expect(run.summary["items"]["stored"] == 0, f"{run.summary['items']}")
    exports = statistics["requests"].get("export_items", {})
    expect(not exports and statistics["exported_items"] == 0, f"exported again: {exports}")
    expect_stored(coffer, run, records[MAILBOX].items.values())


def run(campaign, arguments):
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(**shape) as (simulator, coffer):
        coffer.use_key_file()
        records = simulator.record()
        campaign.tell_tenant(records)
        poisoned_item(campaign, simulator, coffer, records)
        lost_tokens(campaign, simulator, coffer, records)


if __name__ == "__main__":
    campaign = Campaign("poison", __doc__)
    campaign.argument("--mailboxes", type=int, default=5)
    campaign.argument("--items", type=int, default=20_000)
    campaign.argument("--bytes", type=size, default=size("200MB"))
    campaign.main(run)
