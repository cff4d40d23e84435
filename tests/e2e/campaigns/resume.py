#!/usr/bin/env python3
"""A first backup of a large mailbox, killed again and again: each run goes on where the one before
was, and what is exported twice is next to nothing.

Each kill (kill -9) falls when the run has exported its share of the items; what the tenant counts
as exported, over all runs, is the measure. The tenant has three mailboxes, of which the largest,
with about half of its items, is backed up.
"""

from campaign import Campaign, megabytes, size
from harness import expect

MAILBOX = "info@contoso.com"  # the largest


def run(campaign, arguments):
    shape = {"mailboxes": 3, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(**shape, request_limit=10**9) as (simulator, coffer):
        coffer.use_key_file()
        record = simulator.record()[MAILBOX]
        campaign.tell_tenant({MAILBOX: record})
        items = len(record.items)
        simulator.reset_statistics()
        for number in range(arguments.kills):
            share = (number + campaign.random.random()) / (arguments.kills + 1)
            least = max(1, int(share * items))
            campaign.kill_when(simulator, "exported_items", least, coffer, "backup", MAILBOX)
            expect(not coffer.snapshots(), "a killed first backup shows a restore point")
        before = simulator.statistics()["exported_items"]
        last = coffer.backup(MAILBOX)
        exported = simulator.statistics()["exported_items"]
        campaign.say(
            f"{arguments.kills} kills: {exported:,} items exported for {items:,}, "
            f"{exported / items:.4f} times; {exported - before:,} of them by the last run "
            f"({last.seconds:.1f} s, {megabytes(last.peak_memory_bytes)})"
        )
        expect(last.summary["status"] == "complete", f"the last run: {last.summary}")
        expect(last.summary["items"]["stored"] == items, f"the last run: {last.summary}")
        seen = {(item["id"], item["folder"], item["sha256"]) for item in coffer.items(MAILBOX)}
        true = {(item.id, item.folder, item.sha256) for item in record.items.values()}
        expect(seen == true, f"{len(seen ^ true)} items differ")
        check = coffer.run("check", "--level", "full")
        expect(check.summary["errors"] == 0, f"{check.summary}")
        expect(
            exported <= items * arguments.limit,
            f"{exported:,} items exported; {arguments.limit} times {items:,} are allowed",
        )
        spool = coffer.index.with_name(f"{coffer.index.name}.spool")
        expect(not list(spool.glob("*")), f"something is left in {spool}")


if __name__ == "__main__":
    campaign = Campaign("resume", __doc__)
    campaign.argument("--items", type=int, default=105_000, help="of all three mailboxes")
    campaign.argument("--bytes", type=size, default=size("1GB"))
    campaign.argument("--kills", type=int, default=20)
    campaign.argument("--limit", type=float, default=1.02, help="exports for each item, at most")
    campaign.main(run)
