#include "tests/bench/store_phases.h"

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/local_backend.h"
#include "store/repository.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace bench {
namespace {

constexpr std::string_view kPassphrase = "a passphrase that guards nothing";
constexpr std::size_t kPieceBytes = 64 * 1024;  // what the network hands over at once, about
constexpr std::uint64_t kCommitBytes = std::uint64_t{256} << 20;

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

std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

store::StoredContent put_stream(store::TenantStore& into, base::ByteView stream) {
  const auto writer = into.new_content();
  for (std::size_t at = 0; at < stream.size(); at += kPieceBytes) {
    writer->append(stream.subspan(at, std::min(kPieceBytes, stream.size() - at)));
  }
  return writer->finish();
}

store::Snapshot put_mailbox(store::TenantStore& into, const std::filesystem::path& directory,
                            base::Clock& clock, PhaseResult& result) {
  const auto writer = into.new_snapshot(nullptr);
  writer->put_folder({"inbox", "", "Inbox", "IPF.Note", "inbox"});
  store::Snapshot snapshot;
  snapshot.time = clock.now();
  for (const std::filesystem::path& path : sorted_entries(directory)) {
    const base::Bytes stream = base::read_file(path);
    const store::StoredContent stored = put_stream(into, stream);
    result.bytes += stream.size();
    result.stored_bytes += stored.stored_bytes;
    store::ItemEntry item;
    item.folder_id = "inbox";
    item.id = path.filename().string();
    item.change_key = stored.ref.sha256.hex();
    item.item_class = "IPM.Note";
    item.size_bytes = stream.size();
    item.content = stored.ref;
    writer->put_item(item, {});
    ++snapshot.counts.listed;
    ++snapshot.counts.stored;
  }
  const store::SnapshotWriter::Built built = writer->finish();
  snapshot.id = base::new_ulid(snapshot.time);
  snapshot.tenant = tenant();
  snapshot.mailbox_id = directory.filename().string();
  snapshot.address = snapshot.mailbox_id + "@contoso.com";
  snapshot.purpose = "user";
  snapshot.complete = true;
  snapshot.items = built.items;
  snapshot.bytes = built.bytes;
  snapshot.roots = built.roots;
  return snapshot;
}

}  // namespace

void create_store(const StorePaths& paths) {
  base::SystemClock clock;
  const auto backend = store::open_local(paths.store);
  store::Repository::Settings settings;
  settings.index = paths.index;
  store::Repository::create(*backend, settings, base::Secret{kPassphrase}, clock);
}

PhaseResult ingest(const StorePaths& paths, const std::filesystem::path& corpus) {
  const auto opened = open(paths, store::Access::write);
  store::TenantStore& into = opened->repository->tenant(tenant());
  PhaseResult result;
  result.cost = measure([&] {
    std::vector<store::PreparedSnapshot> prepared;
    for (const std::filesystem::path& mailbox : sorted_entries(corpus)) {
      prepared.push_back(put_mailbox(into, mailbox, opened->clock, result));
      if (into.uncommitted_bytes() < kCommitBytes) continue;
      opened->repository->commit(prepared);
      prepared.clear();
    }
    if (!prepared.empty()) opened->repository->commit(prepared);
  });
  return result;
}

PhaseResult restore(const StorePaths& paths) {
  const auto opened = open(paths, store::Access::read);
  const store::TenantStore& from = opened->repository->tenant(tenant());
  std::map<std::string, store::Snapshot> newest;
  for (store::Snapshot& snapshot : opened->repository->snapshots()) {
    newest.insert_or_assign(snapshot.mailbox_id, std::move(snapshot));
  }
  PhaseResult result;
  result.cost = measure([&] {
    base::Bytes buffer(kPieceBytes);
    for (const auto& [mailbox, snapshot] : newest) {
      from.open_snapshot(snapshot)->items([&](const store::ItemEntry& item) {
        const auto reader = from.open_content(item.content);
        while (const std::size_t size = reader->read(buffer)) result.bytes += size;
        return true;
      });
    }
  });
  return result;
}

PhaseResult check_store(const StorePaths& paths) {
  const auto opened = open(paths, store::Access::read);
  PhaseResult result;
  result.cost = measure([&] {
    const store::CheckReport report =
        opened->repository->check(store::CheckLevel::full, [](const store::Progress&) {}, {});
    result.bytes = report.bytes_read;
    if (report.errors.empty()) return;
    throw base::Error{base::ErrorKind::corrupt, report.errors.front()};
  });
  return result;
}

}  // namespace bench
