// Makes a golden repository for the format that this program writes:
//
//   make_golden FOLDER      (tests/golden/v1, v2, ...; not there yet)
//
// What is expected is written from what is put in, never from what is read back; reading is then
// compared with it, so a repository that is wrong from the start is not kept. Run once a format;
// what has been kept is never made again. damaged.json is added by hand.
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/key_slot.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"
#include "store/key_management.h"
#include "store/local_backend.h"
#include "tests/golden/golden.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

namespace golden {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPassphrase = "golden passphrase \xc3\xa4\xc3\xb6";
constexpr const char* kKeyFile = "golden key file, of more than 32 bytes";
const store::TenantDomain kTenant{"contoso.com"};

void write(const fs::path& path, std::string_view text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  if (!file.flush()) throw std::runtime_error{"cannot write " + path.string()};
}

base::Bytes noise(std::uint64_t seed, std::size_t size_bytes) {
  std::mt19937_64 engine{seed};
  base::Bytes bytes(size_bytes);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine() >> 56);
  return bytes;
}

base::Bytes prose(std::size_t size_bytes) {
  base::Bytes bytes;
  for (int line = 0; bytes.size() < size_bytes; ++line) {
    base::append(bytes,
                 base::as_bytes(base::text("Line ", line, " of a mail that compresses.\r\n")));
  }
  bytes.resize(size_bytes);
  return bytes;
}

// One mailbox over its snapshots, and what is expected of it.
class Mailbox {
 public:
  Mailbox(store::Repository& repository, base::Clock& clock, std::string address)
      : tenant_(repository.tenant(kTenant)), clock_(clock), address_(std::move(address)) {}

  void put_folder(const store::FolderEntry& folder) {
    folders_[folder.id] = folder;
    changed_folders_.insert(folder.id);
  }
  void put_item(const std::string& folder, const std::string& id, base::Bytes stream) {
    streams_[{folder, id}] = std::move(stream);
    changed_.insert({folder, id});
  }
  void remove_item(const std::string& folder, const std::string& id) {
    streams_.erase({folder, id});
    removed_.insert({folder, id});
  }

  store::Snapshot next(bool complete) {
    const auto writer = tenant_.new_snapshot(last_ ? &*last_ : nullptr);
    for (const std::string& id : changed_folders_) writer->put_folder(folders_.at(id));
    for (const Key& key : changed_) put(*writer, key);
    for (const auto& [folder, id] : removed_) writer->remove_item(folder, id);
    const store::SnapshotWriter::Built built = writer->finish();
    store::Snapshot snapshot;
    snapshot.time = clock_.now();
    snapshot.id = base::new_ulid(snapshot.time);
    snapshot.tenant = kTenant;
    snapshot.mailbox_id = "MBX:" + address_;
    snapshot.address = address_;
    snapshot.display_name = "The mailbox of " + address_;
    snapshot.purpose = "user";
    snapshot.policy = "nightly";
    snapshot.complete = complete;
    snapshot.items = streams_.size();
    for (const auto& [key, stream] : streams_) snapshot.bytes += stream.size();
    snapshot.counts = {streams_.size() + (complete ? 0 : 1), changed_.size(),
                       streams_.size() - changed_.size(), 0, complete ? 0U : 1U};
    snapshot.roots = built.roots;
    const std::string state = "notes of " + snapshot.id;
    snapshot.state = store(base::as_bytes(state)).ref;
    last_ = snapshot;
    expect(snapshot, base::sha256(base::as_bytes(state)));
    changed_.clear();
    changed_folders_.clear();
    removed_.clear();
    return snapshot;
  }

  // As describe() gives them, in the order of time.
  [[nodiscard]] const Json& expected() const { return expected_; }

 private:
  using Key = std::pair<std::string, std::string>;
  struct Entry {
    store::ItemEntry item;
    store::ItemDisplay display;
  };

  store::StoredContent store(base::ByteView stream) {
    const auto content = tenant_.new_content();
    content->append(stream);
    return content->finish();
  }

  void put(store::SnapshotWriter& writer, const Key& key) {
    const base::Bytes& stream = streams_.at(key);
    Entry& entry = entries_[key];
    entry.item.folder_id = key.first;
    entry.item.id = key.second;
    entry.item.change_key = base::sha256(stream).hex().substr(0, 20);
    entry.item.item_class = "IPM.Note";
    entry.item.size_bytes = stream.size() + 100;
    entry.item.modified = clock_.now();
    if (stream.size() % 2 == 0) entry.item.created = base::from_milliseconds(-1234);
    entry.item.content = store(stream).ref;
    if (!stream.empty()) {
      entry.display = {"About " + key.second,      "Ada L\xc3\xb6velace",
                       "ada@contoso.com",          clock_.now(),
                       base::from_milliseconds(0), std::string("\0\x01\xff", 3),
                       stream.size() > 4096};
    }
    writer.put_item(entry.item, entry.display);
  }

  void expect(const store::Snapshot& snapshot, const base::Sha256& state) {
    Json point = describe(snapshot);
    point["state_sha256"] = state.hex();
    point["folders"] = Json::array();
    for (const auto& [id, folder] : folders_) point["folders"].push_back(describe(folder));
    point["entries"] = Json::array();
    for (const auto& [key, stream] : streams_) {
      const Entry& entry = entries_.at(key);
      point["entries"].push_back(describe(entry.item, entry.display, stream));
    }
    expected_.push_back(std::move(point));
  }

  store::TenantStore& tenant_;
  base::Clock& clock_;
  std::string address_;
  std::map<std::string, store::FolderEntry> folders_;
  std::map<Key, base::Bytes> streams_;
  std::map<Key, Entry> entries_;
  std::set<std::string> changed_folders_;
  std::set<Key> changed_;
  std::set<Key> removed_;
  std::optional<store::Snapshot> last_;
  Json expected_ = Json::array();
};

// What was let go and held is told beside the restore points.
void let_go(store::Repository& repository, test::VirtualClock& clock, Json& expected) {
  const auto forget_first = [&] {
    const store::Snapshot first = repository.snapshots_of(kTenant, "MBX:ada@contoso.com").front();
    repository.forget(std::vector<store::Forgetting>{{first, "golden"}});
    auto& points = expected["restore_points"].get_ref<Json::array_t&>();
    std::erase_if(points, [&](const Json& point) { return point.at("id") == first.id; });
    return first.id;
  };
  const std::string purged = forget_first();
  if (repository.prune({}, {}, {}).purged != std::vector{purged}) {
    throw std::logic_error{"what was forgotten is not purged"};
  }
  expected["forgotten"] = Json::array({forget_first()});
  store::Hold hold;
  hold.id = base::new_ulid(clock.now());
  hold.tenant = kTenant;
  hold.mailbox_id = "MBX:ben@contoso.com";
  hold.subject = "ben@contoso.com";
  hold.reason = "golden";
  hold.time = clock.now();
  repository.add_hold(hold);
  expected["holds"] = Json::array({hold.id});
}

// Four commits of two mailboxes; the third one of the second did not finish.
Json fill(store::Repository& repository, test::VirtualClock& clock) {
  Mailbox ada{repository, clock, "ada@contoso.com"};
  Mailbox ben{repository, clock, "ben@contoso.com"};
  const auto commit = [&](std::vector<store::Snapshot> snapshots) {
    repository.commit(snapshots);
    clock.advance(std::chrono::hours{1});
  };
  for (Mailbox* mailbox : {&ada, &ben}) {
    mailbox->put_folder({"AQMkRoot==", "", "Top of Information Store", "", "msgfolderroot"});
    mailbox->put_folder({"inbox", "AQMkRoot==", "Inbox", "IPF.Note", "inbox"});
    mailbox->put_folder({"work", "inbox", "Work / 2026 \xe2\x82\xac", "IPF.Note", ""});
  }
  ada.put_item("inbox", "AAMkAGI2empty=", {});
  ada.put_item("inbox", "AAMkAGI2small=", noise(1, 100));
  ada.put_item("inbox", "not base64url", prose(3000));
  ada.put_item("work", "AAMkAGI2long1=", noise(2, 30'000));
  ben.put_item("inbox", "AAMkAGI3long2=", prose(70'000));
  commit({ada.next(true), ben.next(true)});

  ada.put_item("inbox", "AAMkAGI2small=", noise(3, 101));
  ada.remove_item("inbox", "not base64url");
  ada.put_item("work", "AAMkAGI2twin0=", noise(2, 30'000));  // the same stream again
  commit({ada.next(true)});

  for (int i = 0; i < 40; ++i) {
    ben.put_item("work", base::text("AAMkAGI3", 1000 + i, "="),
                 prose(200 + static_cast<std::size_t>(i)));
  }
  commit({ada.next(true), ben.next(false)});

  ben.put_item("work", "AAMkAGI31007=", noise(4, 300));  // nodes that are told from others
  commit({ben.next(true)});

  Json all = ada.expected();
  for (const Json& point : ben.expected()) all.push_back(point);
  return all;
}

// Entries of a journal, as texts.
Json write_journal(const store::Repository& repository, const std::string& name) {
  store::Journal journal = repository.journals().open(name);
  Json entries = Json::array();
  for (int i = 1; i <= 3; ++i) {
    entries.push_back(base::text("entry ", i, " of ", name));
    journal.append(base::as_bytes(entries.back().get<std::string>()));
  }
  return entries;
}

// A second revision of the configuration; what it replaces is kept beside, for replaying it.
void raise_revision(store::Backend& backend, const fs::path& folder) {
  const store::SelfCheckedCopies copies =
      store::read_copies(backend, "conf/", store::config_magic());
  write(folder / "older_conf", base::as_text(store::self_checked(copies.contents.front())));
  std::optional<base::Secret> master;
  backend.list("keys/", [&](const std::string& name, std::uint64_t) {
    const std::string slot = name.substr(0, name.size() - 1);
    const auto found = store::read_copies(backend, slot, store::slot_magic());
    if (store::describe_slot(found.contents.front()).kind != store::SlotKind::passphrase) return;
    master = store::open_slot(found.contents.front(), base::Secret{std::string_view{kPassphrase}});
  });
  store::RepositoryConfig config = store::decode_config(copies.contents.front());
  ++config.revision;
  store::write_copies(
      backend, "conf/",
      store::encode_config(config, store::derive_subkey(master->bytes(), 1, "cofferMK").bytes()));
}

// The only data pack of another store with the same passphrase and tenant.
void make_foreign_pack(const fs::path& folder, base::Clock& clock) {
  const test::TemporaryDirectory other;
  const auto backend = store::open_local(other / "store");
  const base::Secret passphrase{std::string_view{kPassphrase}};
  store::Repository::create(*backend, settings(other / "index"), passphrase, clock);
  const auto repository = store::Repository::open(*backend, settings(other / "index"), passphrase,
                                                  store::Access::write, clock);
  Mailbox mailbox{*repository, clock, "eve@contoso.com"};
  mailbox.put_item("inbox", "AAMk", noise(9, 500));
  const std::vector<store::Snapshot> snapshots{mailbox.next(true)};
  repository->commit(snapshots);
  backend->list("pack/d/", [&](const std::string& name, std::uint64_t) {
    fs::copy_file(other / "store" / name, folder / "foreign_pack");
  });
}

void make(const fs::path& folder) {
  if (fs::exists(folder)) throw std::runtime_error{folder.string() + " is there already"};
  fs::create_directories(folder);
  test::VirtualClock clock;
  const test::TemporaryDirectory beside;
  const base::Secret passphrase{std::string_view{kPassphrase}};
  const auto backend = store::open_local(folder / "store");
  const base::Secret recovery_key =
      store::Repository::create(*backend, settings(beside / "index"), passphrase, clock);
  raise_revision(*backend, folder);
  Json expected{
      {"passphrase", kPassphrase}, {"recovery_key", recovery_key.text()}, {"key_file", kKeyFile}};
  {
    store::Repository::Settings with_parity = settings(beside / "index");
    with_parity.parity = true;
    const auto repository =
        store::Repository::open(*backend, with_parity, passphrase, store::Access::write, clock);
    expected["journals"]["audit"] = write_journal(*repository, "audit");
    expected["restore_points"] = in_order(fill(*repository, clock));
    expected["journals"]["restore/golden"] = write_journal(*repository, "restore/golden");
    let_go(*repository, clock, expected);
  }
  store::KeyManagement{*backend, passphrase}.add_key_file(base::Secret{std::string_view{kKeyFile}});
  store::KeyManagement{*backend, passphrase}.rotate();
  make_foreign_pack(folder, clock);
  const auto repository = store::Repository::open(*backend, settings(beside / "other_index"),
                                                  passphrase, store::Access::read, clock);
  if (describe(*repository) != expected["restore_points"]) {
    throw std::logic_error{"the repository does not give back what was put in"};
  }
  fs::remove(folder / "store" / "lock");
  write(folder / "expected.json", expected.dump(1) + "\n");
}

}  // namespace
}  // namespace golden

int main(int argument_count, char* arguments[]) {
  if (argument_count != 2) {
    std::fputs("usage: make_golden FOLDER\n", stderr);
    return 2;
  }
  try {
    golden::make(arguments[1]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_golden: %s\n", error.what());
    return 1;
  }
}
