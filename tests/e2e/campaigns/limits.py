#!/usr/bin/env python3
"""The service's limits are kept, and used: nothing is asked beyond them, and at least 95 % of what
they allow while there is work.

  lanes      --mailboxes at once, of a service that takes --latency: 4 requests in flight on each
  throttled  the same, of a service that refuses requests out of the blue: nobody comes back early
  window     one mailbox of --folders folders, four requests each: 10,000 requests in 10 minutes
  upload     one mailbox restored over --windows of 5 minutes: 150 MB uploaded in each

In the full size that takes 10 minutes, 10, 12 and 5 for each window. `lanes` is measured by looking
ten times a second at how many requests each mailbox has in flight; a look counts if the mailbox's
exports have begun and enough items are left for four requests. It says something of coffer only
where the processors are not the limit: 100 mailboxes ask for 8,000 items in each --latency. In
`window` and `upload` the tenant's limits are the service's, and coffer's are the margins it always
keeps.
"""

import signal
import subprocess
import time

from campaign import Campaign, megabytes, size
from harness import Observer, expect

MAILBOX = "info@contoso.com"  # the largest of three
LEAST = 0.95
IN_FLIGHT = 4
BATCH = 20  # items in one export request, at most
WINDOW_REQUESTS, WINDOW_SECONDS = 10_000, 600
UPLOAD_BYTES, UPLOAD_SECONDS = 150_000_000, 300
# What a run asks of the directory, and not of a mailbox.
DIRECTORY = ("login", "list_users", "count_users", "get_user", "list_transitive_members")
THROTTLING = "throttled=0.02,throttled_http_date=0.02,throttled_bare=0.01"


def mailbox_requests(look):
    return sum(sum(by_status.values()) for operation, by_status in look["requests"].items()
               if operation not in DIRECTORY)


def expect_kept(campaign, look):
    """No request beyond a limit; whatever was throttled was so out of the blue."""
    throttled = {name: sum(count for status, count in by_status.items() if status == "429")
                 for name, by_status in look["requests"].items()}
    throttled = {name: count for name, count in throttled.items() if count}
    struck = {name: count for name, count in look["faults"].items() if name in THROTTLING}
    campaign.say(
        f"  {look['total_requests']:,} requests, at most {look['maximum_in_flight']} in flight on "
        f"a mailbox; beyond the limits {look['violations'] or 'none'}; throttled by faults "
        f"{struck or 'none'}, answered with 429 {throttled or 'none'}; {look['early_retries']} "
        "came back early"
    )
    expect(not look["violations"], f"beyond the limits: {look['violations']}")
    expect(look["maximum_in_flight"] <= IN_FLIGHT, f"{look['maximum_in_flight']} in flight")
    expect(sum(throttled.values()) == sum(struck.values()), f"throttled otherwise: {throttled}")
    expect(look["early_retries"] == 0, f"{look['early_retries']} requests came back early")


def lanes_used(looks, items):
    """How many requests the mailboxes had in flight while they had work for four: the mean, how
    many looks at a mailbox it is of, and how many of them saw each number."""
    seen = [0] * (IN_FLIGHT + 1)
    for look in looks:
        for mailbox, exported in look["exported_items_by_mailbox"].items():
            in_flight = look["in_flight_by_mailbox"][mailbox]
            batches_left = -(-(items[mailbox] - exported) // BATCH)
            if batches_left >= IN_FLIGHT:
                seen[in_flight] += 1
    count = sum(seen)
    return sum(number * times for number, times in enumerate(seen)) / max(count, 1), count, seen


def many_mailboxes(campaign, arguments, name, faults):
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    with campaign.tenant(name, f"coffer-{name}", latency=arguments.latency, **shape) as (
        simulator,
        coffer,
    ):
        coffer.limit(concurrent_mailboxes=arguments.mailboxes, memory="4GiB")
        coffer.use_key_file()
        records = simulator.record()
        campaign.tell_tenant(records)
        simulator.faults({"rates": faults})
        with Observer(simulator, 0.1) as observer:
            run = coffer.backup()
        items = {record.mailbox_id: len(record.items) for record in records.values()}
        mean, count, seen = lanes_used(observer.looks, items)
        shares = ", ".join(f"{number}: {times / max(count, 1):.1%}"
                           for number, times in enumerate(seen))
        campaign.say(
            f"{name}: {run.summary['items']['stored']:,} items in {run.seconds:.0f} s, peak memory "
            f"{megabytes(run.peak_memory_bytes)}; {mean:.2f} of {IN_FLIGHT} requests in flight a "
            f"mailbox with work ({mean / IN_FLIGHT:.1%}, {count:,} looks; {shares})"
        )
        expect_kept(campaign, observer.looks[-1])
        expect(run.summary["status"] == "complete", f"{run.summary}")
        return mean / IN_FLIGHT


def lanes(campaign, arguments):
    share = many_mailboxes(campaign, arguments, "lanes", "")
    expect(share >= arguments.least, f"{share:.1%} of the requests in flight that are allowed")


def throttled(campaign, arguments):
    many_mailboxes(campaign, arguments, "throttled", THROTTLING)


def window(campaign, arguments):
    with campaign.tenant("window", "coffer-window", mailboxes=3, items=30, bytes=10**6) as (
        simulator,
        coffer,
    ):
        coffer.use_key_file()
        for number in range(arguments.folders):
            made = simulator.operations({"operation": "create_folder", "mailbox": MAILBOX,
                                         "name": f"Folder {number}"})
            simulator.operations({"operation": "add_item", "mailbox": MAILBOX,
                                  "folder": made["id"], "bytes": 300})
        with Observer(simulator, 1) as observer:
            run = coffer.backup(MAILBOX)
        total = mailbox_requests(observer.looks[-1])
        begun = observer.before(mailbox_requests)
        used = mailbox_requests(observer.at(begun + WINDOW_SECONDS))
        allowed = min(WINDOW_REQUESTS, total)
        most = observer.most_within(WINDOW_SECONDS, mailbox_requests)
        campaign.say(
            f"window: {total:,} requests on one mailbox in {run.seconds:.0f} s; {used:,} in the "
            f"first {WINDOW_SECONDS} s ({used / allowed:.1%} of {allowed:,}), at most {most:,} in "
            "any"
        )
        expect_kept(campaign, observer.looks[-1])
        expect(run.summary["status"] == "complete", f"{run.summary}")
        expect(most <= WINDOW_REQUESTS, f"{most:,} requests in {WINDOW_SECONDS} s")
        expect(used >= LEAST * allowed, f"{used:,} requests of {allowed:,}")


def restore_for(coffer, seconds, observer, *arguments):
    """Restores until the observer has seen so many seconds of uploads, then interrupts it."""
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = coffer.start("restore", *arguments, **nowhere)
    try:
        while process.poll() is None:
            time.sleep(0.5)
            times = [moment for moment, look in zip(list(observer.times), observer.looks)
                     if look["imported_items"]]
            if times and time.monotonic() > times[0] + seconds + 2 * observer.seconds:
                process.send_signal(signal.SIGINT)
                break
        return process.wait(timeout=120)
    finally:
        process.kill()
        process.wait()


def upload(campaign, arguments):
    # Of what is in the tenant, the largest mailbox has at least a third.
    streams = 3 * UPLOAD_BYTES * (arguments.windows + 1)
    shape = {"mailboxes": 3, "items": streams // 100_000, "bytes": streams}
    if not arguments.windows:
        shape = {"mailboxes": 3, "items": 300, "bytes": 10**7}
    seconds = arguments.windows * UPLOAD_SECONDS
    with campaign.tenant("upload", "coffer-upload", **shape) as (simulator, coffer):
        coffer.use_key_file()
        coffer.backup(MAILBOX)
        records = simulator.record()
        target = min(records, key=lambda address: len(records[address].items))
        with Observer(simulator, 1) as observer:
            status = restore_for(coffer, seconds or 3600, observer, MAILBOX, "--to", target,
                                 "--into", "Restored")
        expect(status == (130 if seconds else 0), f"the restore ended with {status}")
        begun = observer.before(lambda look: look["imported_items"])

        def uploaded(moment):
            return observer.at(moment)["uploaded_bytes"]

        most = observer.most_within(UPLOAD_SECONDS, lambda look: look["uploaded_bytes"])
        campaign.say(f"upload: at most {megabytes(most)} in any {UPLOAD_SECONDS} s")
        expect_kept(campaign, observer.looks[-1])
        expect(most <= UPLOAD_BYTES, f"{megabytes(most)} in {UPLOAD_SECONDS} s")
        for number in range(arguments.windows):
            first = begun + number * UPLOAD_SECONDS
            share = (uploaded(first + UPLOAD_SECONDS) - uploaded(first)) / UPLOAD_BYTES
            campaign.say(f"  window {number + 1}: {share:.1%} of {megabytes(UPLOAD_BYTES)}")
        if seconds:
            allowed = arguments.windows * UPLOAD_BYTES
            share = uploaded(begun + seconds) / allowed
            campaign.say(f"  all: {share:.1%} of {megabytes(allowed)} in {seconds} s")
            expect(share >= LEAST, f"{share:.1%} of what may be uploaded")


PARTS = {"lanes": lanes, "throttled": throttled, "window": window, "upload": upload}


def run(campaign, arguments):
    for part in arguments.parts:
        PARTS[part](campaign, arguments)


if __name__ == "__main__":
    campaign = Campaign("limits", __doc__)
    campaign.argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    campaign.argument("--mailboxes", type=int, default=100)
    campaign.argument("--items", type=int, default=100_000, help="of all mailboxes")
    campaign.argument("--bytes", type=size, default=size("300MB"))
    campaign.argument("--latency", type=int, default=4000, help="milliseconds")
    campaign.argument("--least", type=float, default=LEAST, help="share of requests in flight")
    campaign.argument("--folders", type=int, default=4700)
    campaign.argument("--windows", type=int, default=3, help="of five minutes")
    campaign.main(run)
