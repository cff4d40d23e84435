"""What the tenant held at a moment: the oracle that stands outside coffer."""

import collections
import dataclasses

# Folders that no backup takes: what is in them was made by the service or a program.
SKIPPED_FOLDERS = {
    "searchfolders",
    "syncissues",
    "conflicts",
    "localfailures",
    "serverfailures",
    "outbox",
}


@dataclasses.dataclass(frozen=True)
class Item:
    id: str
    folder_id: str
    folder: str  # path of display names, as coffer writes it
    sha256: str  # of the exact stream
    change_key: str
    search_key: str
    bytes: int  # of the exact stream
    subject: str


@dataclasses.dataclass
class MailboxRecord:
    address: str
    mailbox_id: str
    purpose: str
    folders: dict  # id -> path; those that a backup takes
    items: dict  # id -> Item; those in these folders

    @staticmethod
    def from_state(state):
        """From one mailbox of the admin endpoint's state."""
        folders = {
            folder["id"]: folder["path"]
            for folder in state["folders"]
            if not folder["search"] and folder["well_known_name"] not in SKIPPED_FOLDERS
        }
        items = {}
        for item in state["items"]:
            if item["folder_id"] not in folders:
                continue
            items[item["id"]] = Item(
                id=item["id"],
                folder_id=item["folder_id"],
                folder=folders[item["folder_id"]],
                sha256=item["sha256"],
                change_key=item["change_key"],
                search_key=item["search_key"],
                bytes=item["stream_bytes"],
                subject=item["subject"],
            )
        return MailboxRecord(state["address"], state["id"], state["purpose"], folders, items)

    def placed(self):
        """How often each stream lies in each folder: the form in which mailboxes are compared."""
        return collections.Counter((item.folder, item.sha256) for item in self.items.values())

    def placed_below(self, path):
        """The same for the folders below `path`, with their paths counted from there."""
        prefix = path + "/"
        return collections.Counter(
            (item.folder[len(prefix):], item.sha256)
            for item in self.items.values()
            if item.folder.startswith(prefix)
        )

    def placed_outside(self, path):
        """The same for all other folders."""
        prefix = path + "/"
        return collections.Counter(
            (item.folder, item.sha256)
            for item in self.items.values()
            if not item.folder.startswith(prefix) and item.folder != path
        )

    def versions(self):
        """What a backup has to have fetched: each item, where it lies, at its version."""
        return {
            (self.address, item.folder_id, item.id, item.change_key)
            for item in self.items.values()
        }

    def bytes(self):
        return sum(item.bytes for item in self.items.values())
