#include "tests/bench/directory_store.h"

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/random.h"
#include "src/base/side_by_side.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "store/local_backend.h"
#include "store/repository.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::string_view kPassphrase = "a passphrase that guards nothing";
constexpr std::size_t kPieceBytes = 64 * 1024;  // what the network hands over at once, about
constexpr std::uint64_t kCommitBytes = std::uint64_t{256} << 20;
constexpr const char* kFolder = "inbox";

const store::TenantDomain& tenant() {
  static const store::TenantDomain domain{"contoso.com"};
  return domain;
}

struct Opened {
  base::SystemClock clock;
  std::unique_ptr<store::Backend> backend;
  std::unique_ptr<store::Repository> repository;
};

std::unique_ptr<Opened> open(const StorePaths& paths, store::Access access) {
  auto opened = std::make_unique<Opened>();
  opened->backend = store::open_local(paths.store);
  store::Repository::Settings settings;
  settings.index = paths.index;
  opened->repository = store::Repository::open(*opened->backend, settings,
                                               base::Secret{kPassphrase}, access, opened->clock);
  return opened;
}

std::vector<std::filesystem::directory_entry> sorted_entries(
    const std::filesystem::path& directory) {
  std::vector<std::filesystem::directory_entry> entries;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) entries.push_back(entry);
  std::ranges::sort(entries, {}, &std::filesystem::directory_entry::path);
  return entries;
}

using Newest = std::map<std::string, store::Snapshot>;  // by mailbox

Newest newest_points(const store::Repository& repository) {
  Newest newest;
  for (store::Snapshot& snapshot : repository.snapshots()) {
    newest.insert_or_assign(snapshot.mailbox_id, std::move(snapshot));
  }
  return newest;
}

// Commits restore points in groups, as a backup does.
class Committer {
 public:
  Committer(store::Repository& repository, store::TenantStore& into)
      : repository_(repository), into_(into) {}

  void add(store::PreparedSnapshot snapshot) {
    auto prepared = prepared_.lock();
    prepared->push_back(std::move(snapshot));
    if (into_.uncommitted_bytes() >= kCommitBytes) commit(*prepared);
  }
  void finish() {
    auto prepared = prepared_.lock();
    if (!prepared->empty()) commit(*prepared);
  }

 private:
  void commit(std::vector<store::PreparedSnapshot>& prepared) {
    repository_.commit(prepared);
    prepared.clear();
  }

  store::Repository& repository_;
  store::TenantStore& into_;
  base::Synchronized<std::vector<store::PreparedSnapshot>> prepared_;
};

// One mailbox's restore point.
class MailboxBackup {
 public:
  MailboxBackup(store::TenantStore& into, const store::Snapshot* base, bool known_is_read)
      : into_(into), known_is_read_(known_is_read), writer_(into.new_snapshot(base)) {
    if (base == nullptr) return;
    into.open_snapshot(*base)->items([&](const store::ItemEntry& item) {
      known_.emplace(item.id, item.change_key);
      return true;
    });
  }

  store::Snapshot run(const std::filesystem::path& directory, base::Instant now) {
    writer_->put_folder({kFolder, "", "Inbox", "IPF.Note", "inbox"});
    for (const auto& entry : sorted_entries(directory)) take(entry);
    for (const auto& [id, version] : known_) writer_->remove_item(kFolder, id);
    const store::SnapshotWriter::Built built = writer_->finish();
    snapshot_.time = now;
    snapshot_.id = base::new_ulid(now);
    snapshot_.tenant = tenant();
    snapshot_.mailbox_id = directory.filename().string();
    snapshot_.address = snapshot_.mailbox_id + "@contoso.com";
    snapshot_.purpose = "user";
    snapshot_.complete = true;
    snapshot_.items = built.items;
    snapshot_.bytes = built.bytes;
    snapshot_.roots = built.roots;
    return std::move(snapshot_);
  }

  [[nodiscard]] std::uint64_t read_bytes() const { return read_bytes_; }
  [[nodiscard]] std::uint64_t stored_bytes() const { return stored_bytes_; }

 private:
  void take(const std::filesystem::directory_entry& file) {
    ++snapshot_.counts.listed;
    const std::string id = file.path().filename().string();
    const std::string version =
        base::text(file.last_write_time().time_since_epoch().count(), "-", file.file_size());
    const auto known = known_.extract(id);
    const bool is_same = known && known.mapped() == version;
    if (is_same && !known_is_read_) {
      ++snapshot_.counts.unchanged;
      return;
    }
    ++snapshot_.counts.stored;
    const store::StoredContent stored = put(file.path());
    if (is_same) {
      if (stored.stored_bytes == 0) return;
      throw base::Error{base::ErrorKind::failed, file.path().string() + " was stored again"};
    }
    store::ItemEntry item;
    item.folder_id = kFolder;
    item.id = id;
    item.change_key = version;
    item.item_class = "IPM.Note";
    item.size_bytes = stored.ref.size_bytes;
    item.content = stored.ref;
    writer_->put_item(item, {});
  }

  store::StoredContent put(const std::filesystem::path& path) {
    const base::Bytes stream = base::read_file(path);
    const base::ByteView bytes{stream};
    const auto content = into_.new_content();
    for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      content->append(bytes.subspan(at, std::min(kPieceBytes, bytes.size() - at)));
    }
    const store::StoredContent stored = content->finish();
    read_bytes_ += stored.ref.size_bytes;
    stored_bytes_ += stored.stored_bytes;
    return stored;
  }

  store::TenantStore& into_;
  bool known_is_read_;
  std::unique_ptr<store::SnapshotWriter> writer_;
  std::map<std::string, std::string> known_;  // versions by id, of those not met so far
  store::Snapshot snapshot_;
  std::uint64_t read_bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;
};

}  // namespace

void create_store(const StorePaths& paths) {
  base::SystemClock clock;
  const auto backend = store::open_local(paths.store);
  store::Repository::Settings settings;
  settings.index = paths.index;
  store::Repository::create(*backend, settings, base::Secret{kPassphrase}, clock);
}

Work back_up(const StorePaths& paths, const std::filesystem::path& directory, std::size_t lanes,
             bool known_is_read) {
  const auto opened = open(paths, store::Access::write);
  store::TenantStore& into = opened->repository->tenant(tenant());
  std::atomic<std::uint64_t> read_bytes{0}, stored_bytes{0};
  Work done;
  done.cost = measure([&] {
    const auto work = opened->repository->begin_work();
    const Newest newest = newest_points(*opened->repository);
    const auto mailboxes = sorted_entries(directory);
    Committer committer{*opened->repository, into};
    base::run_side_by_side(mailboxes.size(), lanes, [&](std::size_t number) {
      const std::filesystem::path& mailbox = mailboxes.at(number).path();
      const auto base = newest.find(mailbox.filename().string());
      MailboxBackup backup{into, base == newest.end() ? nullptr : &base->second, known_is_read};
      committer.add(backup.run(mailbox, opened->clock.now()));
      read_bytes += backup.read_bytes();
      stored_bytes += backup.stored_bytes();
    });
    committer.finish();
  });
  done.bytes = read_bytes;
  done.stored_bytes = stored_bytes;
  return done;
}

Work restore(const StorePaths& paths, std::size_t lanes) {
  const auto opened = open(paths, store::Access::read);
  const store::TenantStore& from = opened->repository->tenant(tenant());
  const Newest newest = newest_points(*opened->repository);
  std::vector<const store::Snapshot*> points;
  for (const auto& [mailbox, snapshot] : newest) points.push_back(&snapshot);
  std::atomic<std::uint64_t> bytes{0};
  Work done;
  done.cost = measure([&] {
    base::run_side_by_side(points.size(), lanes, [&](std::size_t number) {
      base::Bytes buffer(kPieceBytes);
      from.open_snapshot(*points[number])->items([&](const store::ItemEntry& item) {
        const auto reader = from.open_content(item.content);
        while (const std::size_t size = reader->read(buffer)) bytes += size;
        return true;
      });
    });
  });
  done.bytes = bytes;
  return done;
}

Work check_store(const StorePaths& paths) {
  const auto opened = open(paths, store::Access::read);
  Work done;
  done.cost = measure([&] {
    const store::CheckReport report =
        opened->repository->check(store::CheckLevel::full, [](const store::Progress&) {}, {});
    done.bytes = report.bytes_read;
    if (report.errors.empty()) return;
    throw base::Error{base::ErrorKind::corrupt, report.errors.front()};
  });
  return done;
}

Work prune(const StorePaths& paths) {
  const auto opened = open(paths, store::Access::write);
  Work done;
  done.cost = measure([&] {
    const Newest newest = newest_points(*opened->repository);
    std::vector<store::Forgetting> old;
    for (const store::Snapshot& snapshot : opened->repository->snapshots()) {
      if (newest.at(snapshot.mailbox_id).id != snapshot.id) old.push_back({snapshot, "bench"});
    }
    opened->repository->forget(old);
    store::PruneOptions options;
    options.trash_for = base::Duration::zero();
    const store::PruneReport report = opened->repository->prune(options, {}, {});
    // What was deleted lies in the trash until the next one.
    done.bytes = opened->repository->prune(options, {}, {}).trash_bytes_freed;
    done.stored_bytes = report.bytes_written;
  });
  return done;
}

}  // namespace bench
