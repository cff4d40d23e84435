#include "tests/support/small_repository.h"

#include "src/base/digest.h"
#include "src/base/random.h"
#include "store/internal/object_name.h"
#include "store/keys.h"
#include "store/packs.h"

#include <random>
#include <set>
#include <stdexcept>

namespace test {

SmallRepository::SmallRepository(store::Backend& backend) : backend_(&backend) {
  settings_.index = directory_ / "index";
  settings_.kdf_memory_bytes = 8 << 10;
  settings_.kdf_passes = 1;
  recovery_key_ = store::Repository::create(backend, settings_, passphrase_, clock_);
  reopen();
}

store::Repository& SmallRepository::reopen(store::Access access) {
  repository_.reset();
  repository_ = open(access);
  return *repository_;
}

store::Repository& SmallRepository::reopen_with_parity() {
  settings_.parity = true;
  return reopen();
}

std::unique_ptr<store::Repository> SmallRepository::open(store::Access access) {
  return store::Repository::open(*backend_, settings_, passphrase_, access, clock_);
}

store::Snapshot SmallRepository::prepare(const std::string& mailbox, const Streams& streams,
                                         const store::Snapshot* base) {
  clock_.advance(std::chrono::seconds{1});
  const auto writer = tenant().new_snapshot(base);
  std::set<std::string> folders;
  for (const auto& [name, stream] : streams) {
    const auto& [folder, id] = name;
    if (folders.insert(folder).second) {
      writer->put_folder({folder, "", "Name of " + folder, "IPF.Note", ""});
    }
    const auto content = tenant().new_content();
    content->append(stream);
    store::ItemEntry item;
    item.folder_id = folder;
    item.id = id;
    item.change_key = base::sha256(stream).hex();
    item.size_bytes = stream.size();
    item.content = content->finish().ref;
    store::ItemDisplay display;
    display.subject = "About " + id;
    writer->put_item(item, display);
  }
  const store::SnapshotWriter::Built built = writer->finish();
  store::Snapshot snapshot;
  snapshot.id = base::new_ulid(clock_.now());
  snapshot.tenant = kTenant;
  snapshot.mailbox_id = "id of " + mailbox;
  snapshot.address = mailbox;
  snapshot.time = clock_.now();
  snapshot.complete = true;
  snapshot.items = built.items;
  snapshot.bytes = built.bytes;
  snapshot.roots = built.roots;
  return snapshot;
}

store::Snapshot SmallRepository::back_up(const std::string& mailbox, const Streams& streams,
                                         const store::Snapshot* base) {
  store::Snapshot snapshot = prepare(mailbox, streams, base);
  repository_->commit(std::vector<store::Snapshot>{snapshot});
  return snapshot;
}

store::Snapshot SmallRepository::back_up_with_notes(const std::string& mailbox,
                                                    const Streams& streams, std::string_view notes,
                                                    const store::Snapshot* base) {
  store::Snapshot snapshot = prepare(mailbox, streams, base);
  const auto content = tenant().new_content();
  content->append(base::as_bytes(notes));
  snapshot.state = content->finish().ref;
  repository_->commit(std::vector<store::Snapshot>{snapshot});
  return snapshot;
}

void damage_chunk(store::MemoryBackend& backend, const SmallRepository& store,
                  const store::ChunkId& id) {
  const auto keys = store::KeyRing::open(backend, store.passphrase());
  bool is_there = false;
  for (const store::PackObject& pack : store::list_packs(backend, {})) {
    for (const store::IndexedChunk& chunk :
         store::read_pack_contents(backend, *keys, pack).chunks) {
      if (chunk.id != id) continue;
      is_there = true;
      backend.alter(store::pack_name(pack.chunk_class, pack.id), [&](base::Bytes& bytes) {
        bytes[chunk.location.offset + 64 + chunk.location.sealed_bytes / 2] ^= std::byte{4};
      });
    }
  }
  if (!is_there) throw std::logic_error{"the chunk is in no pack"};
}

Streams restore(store::Repository& repository, const store::Snapshot& snapshot) {
  Streams streams;
  store::TenantStore& tenant = repository.tenant(snapshot.tenant);
  tenant.open_snapshot(snapshot)->items([&](const store::ItemEntry& item) {
    streams[{item.folder_id, item.id}] = tenant.read_content(item.content);
    return true;
  });
  return streams;
}

Streams random_streams(std::uint64_t seed, std::size_t items, std::size_t largest_bytes) {
  std::mt19937_64 random{seed};
  Streams streams;
  for (std::size_t i = 0; i < items; ++i) {
    const std::string folder = "folder-" + std::to_string(random() % 3);
    base::Bytes stream(random() % largest_bytes);
    for (std::byte& byte : stream) byte = static_cast<std::byte>(random());
    streams[{folder, "item-" + std::to_string(seed) + "-" + std::to_string(i)}] = std::move(stream);
  }
  return streams;
}

}  // namespace test
