#!/usr/bin/env python3
"""The article's form of the API: a mailbox is backed up, lives on, is backed up again, and its
earlier time is restored: the folders' streams are equal. A large folder of which little changed
adds less than 3 % of its size to the store.
"""

import hashlib

from campaign import Campaign, megabytes, size, tree_bytes
from harness import expect

ITEM_BYTES = 250_000
MAILBOX = "info@contoso.com"


def operate(simulator, operation, count=1, **arguments):
    for _ in range(count):
        simulator.operations({"operation": operation, "mailbox": MAILBOX, **arguments})


def large_items(simulator):
    state = simulator.state(MAILBOX)["mailboxes"][0]
    folder = next(folder["id"] for folder in state["folders"] if folder["path"] == "Large")
    return [item["id"] for item in state["items"] if item["folder_id"] == folder]


def make_large_folder(simulator, items):
    operate(simulator, "create_folder", name="Large", type="IPF.Note")
    operate(simulator, "add_item", items, folder="Large", bytes=ITEM_BYTES)


def change_a_little(campaign, simulator):
    """Five items come, three are edited, two go, anywhere in the folder's stream."""
    items = campaign.random.sample(large_items(simulator), 5)
    for item in items[:3]:
        operate(simulator, "change_item", item=item)
    for item in items[3:]:
        operate(simulator, "delete_item", item=item)
    operate(simulator, "add_item", 5, folder="Large", bytes=ITEM_BYTES)


def check_stored(coffer, point, streams):
    seen = {item["folder"]: item["sha256"] for item in coffer.items(MAILBOX, point)}
    expect(seen == streams, f"{point}: {set(seen.items()) ^ set(streams.items())}")


def back_up(coffer):
    run = coffer.backup(MAILBOX)
    return run, run.summary["snapshots"][0]["id"]


def check_extracted(campaign, coffer, point, streams):
    """Every stream as a file: the large one, too, of which a restore takes a quarter of an hour."""
    output = campaign.directory / "extracted"
    for item in coffer.extract(MAILBOX, point, output):
        with open(output / item["file"], "rb") as file:
            seen = hashlib.file_digest(file, "sha256").hexdigest()
        expect(seen == streams[item["folder"]], f"{item['folder']} extracted: {seen}")


def restore(campaign, simulator, coffer, point, streams, with_large):
    folders = sorted(path for path in streams if "/" not in path and (with_large or path != "Large"))
    options = [part for path in folders for part in ("--folder", path)]
    arguments = ["restore", MAILBOX, "--at", point, *options, "--into", "Back", "--reason", "proof"]
    run = coffer.run(*arguments)
    expected = {
        path: sha256 for path, sha256 in streams.items() if path.split("/")[0] in folders
    }
    seen = simulator.folder_streams(MAILBOX, below="Back")
    expect(seen == expected, f"restored: {set(seen.items()) ^ set(expected.items())}")
    again = coffer.run(*arguments)
    expect(again.summary["items"]["restored"] == 0, f"again: {again.summary['items']}")
    campaign.say(
        f"restore of {point}: {len(expected)} folders in {run.seconds:.0f} s, all streams equal; "
        f"again: {again.summary['items']['skipped']} skipped"
    )


def run(campaign, arguments):
    shape = {"mailboxes": 3, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(api="folder-jobs", **shape) as (simulator, coffer):
        make_large_folder(simulator, arguments.folder // ITEM_BYTES)
        then = simulator.folder_streams(MAILBOX)
        first, point = back_up(coffer)
        check_stored(coffer, point, then)
        before = tree_bytes(coffer.store)
        campaign.say(
            f"first night: {megabytes(first.summary['bytes']['exported'])} in {first.seconds:.0f} "
            f"s, the store has {megabytes(before)}, peak {megabytes(first.peak_memory_bytes)}"
        )
        change_a_little(campaign, simulator)
        second, later = back_up(coffer)
        check_stored(coffer, later, simulator.folder_streams(MAILBOX))
        grown = tree_bytes(coffer.store) - before
        campaign.say(
            f"second night: {megabytes(second.summary['bytes']['exported'])} exported, "
            f"{megabytes(second.summary['bytes']['new'])} new; the store grew by "
            f"{megabytes(grown)}, {grown / arguments.folder:.2%} of the large folder"
        )
        expect(grown < arguments.growth * arguments.folder, f"the store grew by {grown:,} bytes")
        simulator.evolve(2)
        check_extracted(campaign, coffer, point, then)
        restore(campaign, simulator, coffer, point, then, arguments.restore_large)


if __name__ == "__main__":
    campaign = Campaign("folder-jobs", __doc__)
    campaign.argument("--items", type=int, default=300, help="in other folders")
    campaign.argument("--bytes", type=size, default=size("30MB"), help="of these")
    campaign.argument("--folder", type=size, default=size("500MB"), help="of the large folder")
    campaign.argument("--growth", type=float, default=0.03, help="at most, of that folder")
    campaign.argument("--restore-large", action="store_true", help="at 150 MB in five minutes")
    campaign.main(run)
