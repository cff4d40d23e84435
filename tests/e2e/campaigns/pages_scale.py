#!/usr/bin/env python3
"""The pages over thousands of mailboxes and a million items: how long the overview, searching
mailboxes and browsing a very large folder take, and how much memory the daemon needs for it.

Each request is made --times times by one client, and the slowest counts. Mailboxes are searched also
right after a restore point was added, when others would look through the store for it.
"""

import time

from campaign import Campaign, megabytes, size
from harness import expect, serve

MAILBOX = "info@contoso.com"  # the largest
FOLDER = "Archive of everything"
PAGE = 100


def memory_of(process):
    """Bytes: what is resident now, and at most so far."""
    status = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status"))
    return [int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM")]


class Watch:
    """What is asked of the daemon, and how long the slowest answer took."""

    def __init__(self, campaign, daemon, times, slack):
        self.campaign = campaign
        self.daemon = daemon
        self.times = times
        self.slack = slack

    def ask(self, what, within, path, **query):
        taken = []
        for _ in range(self.times):
            started = time.monotonic()
            answer = self.daemon.api(path, **query)
            taken.append(time.monotonic() - started)
        slowest, median = max(taken), sorted(taken)[len(taken) // 2]
        self.campaign.say(f"{what}: {1000 * slowest:.1f} ms at most, {1000 * median:.1f} median")
        expect(slowest < within * self.slack, f"{what} took {slowest:.3f} s")
        return answer


def fill(simulator, items):
    """A folder with so many items in the largest mailbox."""
    made = simulator.operations(
        {"operation": "create_folder", "mailbox": MAILBOX, "name": FOLDER}
    )
    simulator.operations({"operation": "add_item", "mailbox": MAILBOX, "folder": made["id"],
                          "bytes": 400, "count": items})


def walk(watch, folder, items):
    """The whole folder, page by page: each as quick as the first, and every item once."""
    seen, after, slowest = set(), None, 0
    while True:
        started = time.monotonic()
        page = watch.daemon.api("items", mailbox=MAILBOX, at="latest", folder=folder, limit=PAGE,
                                **({"after": after} if after else {}))
        slowest = max(slowest, time.monotonic() - started)
        seen.update(entry["id"] for entry in page["items"] if entry["type"] == "item")
        after = page["next"]
        if after is None:
            break
    watch.campaign.say(f"the folder in pages of {PAGE}: {len(seen):,} items, the slowest page "
                       f"{1000 * slowest:.1f} ms")
    expect(len(seen) == items, f"{len(seen):,} of {items:,} items were shown")
    expect(slowest < 0.2 * watch.slack, f"a page took {slowest:.3f} s")


def run(campaign, arguments):
    with campaign.tenant(mailboxes=arguments.mailboxes, items=arguments.items,
                         bytes=arguments.bytes, request_limit=10**9) as (simulator, coffer):
        coffer.use_key_file()
        coffer.limit(concurrent_mailboxes=32)
        fill(simulator, arguments.folder)
        first = coffer.run("backup")
        items = first.summary["items"]
        campaign.say(f"{arguments.mailboxes:,} mailboxes: {items}, {first.seconds:.0f} s, "
                     f"peak {megabytes(first.peak_memory_bytes)}")
        for _ in range(arguments.nights - 1):
            coffer.run("backup")
        with serve(coffer) as daemon:
            daemon.wait_for(lambda: daemon.api("status")["discovered"], "all were looked at", 600)
            status = daemon.api("status")
            points = status["store"]["snapshots"]
            before, _ = memory_of(daemon.process)
            campaign.say(f"{points:,} restore points, {status['mailboxes']}, resident at first "
                         f"{megabytes(before)}")
            expect(status["mailboxes"]["protected"] > arguments.mailboxes * 0.9, f"{status}")
            watch = Watch(campaign, daemon, arguments.times, arguments.slack)
            watch.ask("overview", 0.2, "status")
            watch.ask("the first page of mailboxes", 0.1, "mailboxes", limit=PAGE)
            found = watch.ask("searching mailboxes", 0.1, "mailboxes", search="info")
            expect(any(each["address"] == MAILBOX for each in found["mailboxes"]), f"{found}")
            watch.ask("one mailbox", 0.5, f"mailboxes/{MAILBOX}")
            root = watch.ask("the folders of a mailbox", 0.2, "items", mailbox=MAILBOX, at="latest")
            folder = next(each["path"] for each in root["items"] if each["path"].endswith(FOLDER))
            walk(watch, folder, arguments.folder)
            one = daemon.api("items", mailbox=MAILBOX, at="latest", folder=folder)["items"][0]
            watch.ask("searching a mailbox's items", 2, "items", mailbox=MAILBOX, at="latest",
                      subject=one["subject"])
            job = daemon.order(command="backup", mailboxes=[MAILBOX])
            daemon.wait_for_job(job)
            watch.ask("searching mailboxes right after a backup", 0.1, "mailboxes", search="info")
            watch.ask("the overview after it", 0.2, "status")
            daemon.wait_for(lambda: daemon.api("status")["store"]["snapshots"] == points + 1,
                            "the new restore point is shown", 60)
            now, most = memory_of(daemon.process)
            campaign.say(f"resident at last {megabytes(now)}, at most {megabytes(most)}")
            expect(most < arguments.memory_limit, f"a peak of {megabytes(most)}")
            expect(daemon.stop() == 0, "it did not stop well")


if __name__ == "__main__":
    campaign = Campaign("pages-scale", __doc__)
    campaign.argument("--mailboxes", type=int, default=5000)
    campaign.argument("--items", type=int, default=900_000, help="of all mailboxes")
    campaign.argument("--bytes", type=size, default=size("1GB"))
    campaign.argument("--folder", type=int, default=100_000, help="items in one folder besides")
    campaign.argument("--nights", type=int, default=3, help="backups before")
    campaign.argument("--times", type=int, default=20)
    campaign.argument("--slack", type=float, default=1,
                      help="so many times longer may it take: on a machine that does other things")
    campaign.argument("--memory-limit", type=size, default=size("1GiB"))
    campaign.main(run)
