#include "tests/crash/recorded_store.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/local_backend.h"

#include <functional>
#include <random>

namespace test {
namespace {

using Numbers = std::mt19937_64;

base::Bytes make_stream(Numbers& numbers, std::size_t size_bytes) {
  base::Bytes stream(size_bytes);
  // Every other stretch repeats, so that some chunks compress and some do not.
  for (std::size_t i = 0; i < size_bytes; ++i) {
    const bool repeats = (i / 3000) % 2 == 0;
    stream[i] = static_cast<std::byte>(repeats ? (i / 7) & 0x3f : numbers() & 0xff);
  }
  return stream;
}

store::StoredContent put(store::TenantStore& into, base::ByteView stream) {
  const auto writer = into.new_content();
  writer->append(stream);
  return writer->finish();
}

// One mailbox over the two commits of the store's making.
class Mailbox {
 public:
  Mailbox(std::uint64_t number, store::TenantStore& into) : number_(number), into_(into) {}

  // Adds, changes and removes items, then builds the next snapshot.
  store::Snapshot next(Numbers& numbers, const base::Bytes& shared, base::Clock& clock) {
    const auto writer = into_.new_snapshot(last_ ? &*last_ : nullptr);
    change_folders(*writer);
    for (int i = 0; i < 12; ++i) {
      // One chunk, a few, and more than one recipe line of them.
      const std::size_t size = i == 0 ? 90'000 : 40 + numbers() % (i % 4 == 0 ? 20'000 : 3'000);
      put_item(*writer, base::text("item-", next_item_++), make_stream(numbers, size));
    }
    put_item(*writer, base::text("item-", next_item_++), shared);
    if (last_) {
      const auto gone = recorded_.items.begin()->first;
      writer->remove_item(gone.first, gone.second);
      recorded_.items.erase(gone);
    }
    return finish(*writer, clock);
  }

  void acknowledge(RecordedStore& recorded) {
    recorded.snapshots[recorded_.snapshot.id] = recorded_;
    last_ = recorded_.snapshot;
  }

 private:
  void change_folders(store::SnapshotWriter& writer) {
    const auto put_folder = [&](const store::FolderEntry& folder) {
      writer.put_folder(folder);
      recorded_.folders[folder.id] = folder;
    };
    put_folder({"root", "", "", "", ""});
    put_folder({"inbox", "root", "Inbox", "IPF.Note", "inbox"});
    put_folder({"work", "inbox", last_ ? "Work / old" : "Work", "IPF.Note", ""});
  }

  void put_item(store::SnapshotWriter& writer, const std::string& id, const base::Bytes& stream) {
    RecordedItem item;
    item.stream = stream;
    item.entry.folder_id = next_item_ % 3 == 0 ? "work" : "inbox";
    item.entry.id = id;
    item.entry.change_key = base::text("version-of-", id);
    item.entry.item_class = "IPM.Note";
    item.entry.modified = base::from_milliseconds(1'700'000'000'000 + next_item_);
    item.entry.size_bytes = stream.size();
    item.entry.content = put(into_, stream).ref;
    item.display.subject = base::text("About ", id);
    item.display.sender_address = "ada@contoso.com";
    item.display.received = item.entry.modified;
    writer.put_item(item.entry, item.display);
    recorded_.items[{item.entry.folder_id, id}] = std::move(item);
  }

  store::Snapshot finish(store::SnapshotWriter& writer, base::Clock& clock) {
    const store::SnapshotWriter::Built built = writer.finish();
    store::Snapshot snapshot;
    snapshot.time = clock.now();
    snapshot.id = base::new_ulid(snapshot.time);
    snapshot.tenant = {"contoso.com"};
    snapshot.mailbox_id = base::text("mailbox-", number_);
    snapshot.address = base::text("person", number_, "@contoso.com");
    snapshot.purpose = "user";
    snapshot.policy = "nightly";
    snapshot.complete = true;
    snapshot.items = built.items;
    snapshot.bytes = built.bytes;
    snapshot.roots = built.roots;
    snapshot.state = put(into_, base::as_bytes(base::text("notes of ", snapshot.id))).ref;
    recorded_.snapshot = snapshot;
    return snapshot;
  }

  std::uint64_t number_;
  store::TenantStore& into_;
  std::int64_t next_item_ = 1;
  RecordedSnapshot recorded_;
  std::optional<store::Snapshot> last_;
};

// What a snapshot is told apart by; the counts of a run are not read back by anything here.
bool same(const store::Snapshot& left, const store::Snapshot& right) {
  return left.id == right.id && left.tenant == right.tenant &&
         left.mailbox_id == right.mailbox_id && left.address == right.address &&
         left.display_name == right.display_name && left.purpose == right.purpose &&
         left.policy == right.policy && left.time == right.time &&
         left.complete == right.complete && left.items == right.items &&
         left.bytes == right.bytes && left.roots == right.roots && left.state == right.state;
}

// Runs one read. What it throws is a refusal; anything but base::Error goes on and fails the test.
void attempt(Reading& reading, const std::function<void()>& read) {
  try {
    read();
  } catch (const base::Error& error) {
    reading.refused.emplace_back(error.what());
  }
}

void read_listing(const store::SnapshotReader& reader, const RecordedSnapshot& expected,
                  Reading& reading) {
  const std::string name = "snapshot " + expected.snapshot.id;
  attempt(reading, [&] {
    std::map<std::string, store::FolderEntry> folders;
    for (const store::FolderEntry& folder : reader.folders()) folders[folder.id] = folder;
    if (folders != expected.folders) reading.wrong.push_back("folders of " + name);
  });
  attempt(reading, [&] {
    std::size_t seen = 0;
    reader.displayed_items({},
                           [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
                             ++seen;
                             const auto found = expected.items.find({item.folder_id, item.id});
                             if (found == expected.items.end() || found->second.entry != item ||
                                 found->second.display != display) {
                               reading.wrong.push_back("entry of item " + item.id + " of " + name);
                             }
                             return true;
                           });
    if (seen != expected.items.size()) reading.wrong.push_back("number of items of " + name);
  });
}

void read_contents(const store::TenantStore& from, const RecordedSnapshot& expected,
                   Reading& reading) {
  for (const auto& entry : expected.items) {
    const RecordedItem& item = entry.second;
    attempt(reading, [&] {
      if (from.read_content(item.entry.content) != item.stream) {
        reading.wrong.push_back("stream of item " + item.entry.id + " of " + expected.snapshot.id);
      }
    });
  }
  attempt(reading, [&] {
    const base::Bytes notes = from.read_content(*expected.snapshot.state);
    if (base::as_text(notes) != "notes of " + expected.snapshot.id) {
      reading.wrong.push_back("notes of " + expected.snapshot.id);
    }
  });
}

}  // namespace

store::Repository::Settings recorded_store_settings(const RecordedStore& recorded) {
  store::Repository::Settings settings;
  settings.index = recorded.index;
  settings.kdf_memory_bytes = std::uint64_t{1} << 20;
  settings.kdf_passes = 1;
  settings.parity = true;
  return settings;
}

base::Secret recorded_store_passphrase() { return base::Secret{std::string_view{"open sesame"}}; }

RecordedStore make_recorded_store(const std::filesystem::path& directory, std::uint64_t seed,
                                  base::Clock& clock) {
  RecordedStore recorded;
  recorded.store = directory / "store";
  recorded.index = directory / "beside" / "index";
  std::filesystem::create_directories(recorded.index.parent_path());
  const auto backend = store::open_local(recorded.store);
  const store::Repository::Settings settings = recorded_store_settings(recorded);
  store::Repository::create(*backend, settings, recorded_store_passphrase(), clock);
  const auto repository = store::Repository::open(*backend, settings, recorded_store_passphrase(),
                                                  store::Access::write, clock);
  store::TenantStore& into = repository->tenant(recorded.tenant);

  Numbers numbers{seed};
  std::vector<Mailbox> mailboxes;
  for (std::uint64_t i = 0; i < 3; ++i) mailboxes.emplace_back(i, into);
  for (int run = 0; run < 2; ++run) {
    const base::Bytes shared = make_stream(numbers, 30'000);
    std::vector<store::PreparedSnapshot> prepared;
    for (Mailbox& mailbox : mailboxes) prepared.push_back(mailbox.next(numbers, shared, clock));
    repository->commit(prepared);
    for (Mailbox& mailbox : mailboxes) mailbox.acknowledge(recorded);
  }
  return recorded;
}

Reading read_everything(store::Repository& repository, const RecordedStore& expected) {
  Reading reading;
  attempt(reading, [&] {
    std::uint64_t listed = 0;
    for (const store::Snapshot& snapshot : repository.snapshots()) {
      const auto found = expected.snapshots.find(snapshot.id);
      if (found == expected.snapshots.end() || !same(found->second.snapshot, snapshot)) {
        reading.wrong.push_back("restore point " + snapshot.id);
      } else {
        ++listed;
      }
    }
    reading.missing = expected.snapshots.size() - listed;
  });
  for (const auto& entry : expected.snapshots) {
    const RecordedSnapshot& recorded = entry.second;
    attempt(reading, [&] {
      const store::TenantStore& from = repository.tenant(expected.tenant);
      read_listing(*from.open_snapshot(recorded.snapshot), recorded, reading);
      read_contents(from, recorded, reading);
    });
  }
  return reading;
}

}  // namespace test
