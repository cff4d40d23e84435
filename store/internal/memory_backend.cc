#include "store/memory_backend.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"

#include <utility>

namespace store {
namespace {

class MemoryLock final : public Backend::Lock {
 public:
  explicit MemoryLock(std::shared_ptr<bool> locked) : locked_(std::move(locked)) {
    *locked_ = true;
  }
  ~MemoryLock() override { *locked_ = false; }
  MemoryLock(const MemoryLock&) = delete;
  MemoryLock& operator=(const MemoryLock&) = delete;

 private:
  std::shared_ptr<bool> locked_;
};

}  // namespace

void MemoryBackend::before(Operation operation, std::string_view name) const {
  if (hook_) hook_(operation, std::string{name});
}

Backend::Put MemoryBackend::put_if_absent(std::string_view name,
                                          std::span<const base::ByteView> parts) {
  check_object_name(name);
  before(Operation::put, name);
  {
    auto objects = objects_.lock();
    const auto [object, is_new] = objects->try_emplace(std::string{name});
    if (!is_new) return Put::exists;
    for (const base::ByteView part : parts) base::append(object->second, part);
  }
  if (after_put_) after_put_(std::string{name});
  return Put::stored;
}

void MemoryBackend::replace(std::string_view name, base::ByteView content) {
  check_object_name(name);
  before(Operation::replace, name);
  objects_.lock()->insert_or_assign(std::string{name}, base::to_bytes(content));
}

// Of the object, or of the one that lay there before it was discarded.
base::Bytes MemoryBackend::content_of(std::string_view name) const {
  {
    auto objects = objects_.lock();
    const auto object = objects->find(name);
    if (object != objects->end()) return object->second;
  }
  auto trash = trash_.lock();
  for (const auto& [batch, objects] : *trash) {
    const auto object = objects.find(name);
    if (object != objects.end()) return object->second;
  }
  throw base::Error{base::ErrorKind::not_found, base::text("there is no object ", name)};
}

base::Bytes MemoryBackend::read(std::string_view name, std::uint64_t offset,
                                std::size_t size_bytes) const {
  check_object_name(name);
  before(Operation::read, name);
  const base::Bytes content = content_of(name);
  if (offset > content.size() || size_bytes > content.size() - offset) {
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("object ", name, " ends at ", content.size(), " bytes, before ",
                                 offset, " + ", size_bytes)};
  }
  return base::to_bytes(base::ByteView{content}.subspan(offset, size_bytes));
}

std::optional<std::uint64_t> MemoryBackend::size_bytes(std::string_view name) const {
  check_object_name(name);
  before(Operation::size, name);
  auto objects = objects_.lock();
  const auto object = objects->find(name);
  if (object == objects->end()) return std::nullopt;
  return object->second.size();
}

void MemoryBackend::list(
    std::string_view prefix,
    const std::function<void(const std::string& name, std::uint64_t size_bytes)>& on_object) const {
  before(Operation::list, prefix);
  // A copy of the names, so that the callback may use the backend.
  std::vector<std::pair<std::string, std::uint64_t>> found;
  {
    auto objects = objects_.lock();
    for (auto object = objects->lower_bound(prefix);
         object != objects->end() && object->first.starts_with(prefix); ++object) {
      found.emplace_back(object->first, object->second.size());
    }
  }
  for (const auto& [name, size] : found) on_object(name, size);
}

void MemoryBackend::remove(std::string_view name) {
  check_object_name(name);
  before(Operation::remove, name);
  auto objects = objects_.lock();
  const auto object = objects->find(name);
  if (object != objects->end()) objects->erase(object);
}

void MemoryBackend::discard(std::string_view name, std::uint64_t batch) {
  check_object_name(name);
  before(Operation::discard, name);
  auto objects = objects_.lock();
  const auto object = objects->find(name);
  if (object == objects->end()) return;
  trash_.lock()->operator[](batch).insert(objects->extract(object));
}

std::vector<std::uint64_t> MemoryBackend::discarded_batches() const {
  std::vector<std::uint64_t> batches;
  auto trash = trash_.lock();
  for (const auto& [batch, objects] : *trash) batches.push_back(batch);
  return batches;
}

std::uint64_t MemoryBackend::empty_batch(std::uint64_t batch) {
  before(Operation::empty, "trash");
  auto trash = trash_.lock();
  const auto found = trash->find(batch);
  if (found == trash->end()) return 0;
  std::uint64_t freed = 0;
  for (const auto& [name, content] : found->second) freed += content.size();
  trash->erase(found);
  return freed;
}

std::unique_ptr<Backend::Lock> MemoryBackend::lock_for_writing(Reserve) {
  before(Operation::lock, "lock");
  if (*locked_) {
    throw base::Error{base::ErrorKind::in_use, "the store in memory is in use by this process"};
  }
  return std::make_unique<MemoryLock>(locked_);
}

void MemoryBackend::alter(const std::string& name,
                          const std::function<void(base::Bytes&)>& change) {
  auto objects = objects_.lock();
  const auto object = objects->find(name);
  base::check(object != objects->end(), "only what is there can be altered");
  change(object->second);
}

void MemoryBackend::plant(const std::string& name, base::Bytes content) {
  objects_.lock()->insert_or_assign(name, std::move(content));
}

std::vector<std::string> MemoryBackend::names(std::string_view prefix) const {
  std::vector<std::string> found;
  auto objects = objects_.lock();
  for (const auto& [name, content] : *objects) {
    if (name.starts_with(prefix)) found.push_back(name);
  }
  return found;
}

}  // namespace store
