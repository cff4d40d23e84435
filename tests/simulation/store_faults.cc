#include "tests/simulation/store_faults.h"

#include "src/base/error.h"

namespace simulation {

void StoreFaults::plan(Fault fault, std::uint64_t operations, std::string prefix) {
  const std::lock_guard lock{mutex_};
  planned_ = Planned{fault, operations, std::move(prefix)};
}

void StoreFaults::clear() {
  const std::lock_guard lock{mutex_};
  planned_.reset();
  due_after_.reset();
  power_is_cut_ = false;
}

bool StoreFaults::is_power_cut() const {
  const std::lock_guard lock{mutex_};
  return power_is_cut_;
}

std::uint64_t StoreFaults::happened() const {
  const std::lock_guard lock{mutex_};
  return happened_;
}

void StoreFaults::before(std::string_view name) {
  const std::lock_guard lock{mutex_};
  if (power_is_cut_) throw PowerCut{};
  if (!planned_ || !name.starts_with(planned_->prefix)) return;
  if (planned_->operations > 0) {
    --planned_->operations;
    return;
  }
  const Fault fault = planned_->fault;
  planned_.reset();
  if (fault == Fault::power_cut_before) cut_power();
  if (fault == Fault::error_before) fail();
  due_after_ = fault;
}

void StoreFaults::after() {
  const std::lock_guard lock{mutex_};
  if (!due_after_) return;
  if (std::exchange(due_after_, std::nullopt) == Fault::power_cut_after) cut_power();
  fail();
}

void StoreFaults::cut_power() {
  ++happened_;
  power_is_cut_ = true;
  throw PowerCut{};
}

void StoreFaults::fail() {
  ++happened_;
  throw base::Error{base::ErrorKind::disk, "the disk of the simulation failed"};
}

template <typename Act>
auto FaultyBackend::around(std::string_view name, Act act) const {
  if (on_operation_ && std::this_thread::get_id() == thread_) on_operation_(name);
  faults_.before(name);
  auto result = act();
  faults_.after();
  return result;
}

store::Backend::Put FaultyBackend::put_if_absent(std::string_view name,
                                                 std::span<const base::ByteView> parts) {
  return around(name, [&] { return backend_.put_if_absent(name, parts); });
}

void FaultyBackend::replace(std::string_view name, base::ByteView content) {
  around(name, [&] { return backend_.replace(name, content), 0; });
}

base::Bytes FaultyBackend::read(std::string_view name, std::uint64_t offset,
                                std::size_t size_bytes) const {
  return around(name, [&] { return backend_.read(name, offset, size_bytes); });
}

std::optional<std::uint64_t> FaultyBackend::size_bytes(std::string_view name) const {
  return around(name, [&] { return backend_.size_bytes(name); });
}

void FaultyBackend::remove(std::string_view name) {
  around(name, [&] { return backend_.remove(name), 0; });
}

void FaultyBackend::discard(std::string_view name, std::uint64_t batch) {
  around(name, [&] { return backend_.discard(name, batch), 0; });
}

std::vector<std::uint64_t> FaultyBackend::discarded_batches() const {
  return around("trash", [&] { return backend_.discarded_batches(); });
}

std::uint64_t FaultyBackend::empty_batch(std::uint64_t batch) {
  return around("trash", [&] { return backend_.empty_batch(batch); });
}

std::unique_ptr<store::Backend::Lock> FaultyBackend::lock_for_writing(Reserve reserve) {
  return around("lock", [&] { return backend_.lock_for_writing(reserve); });
}

// Its callback may use the backend, and is no part of the operation.
void FaultyBackend::list(
    std::string_view prefix,
    const std::function<void(const std::string& name, std::uint64_t size_bytes)>& on_object) const {
  using Found = std::vector<std::pair<std::string, std::uint64_t>>;
  const Found found = around(prefix, [&] {
    Found objects;
    backend_.list(prefix, [&](const std::string& name, std::uint64_t size) {
      objects.emplace_back(name, size);
    });
    return objects;
  });
  for (const auto& [name, size] : found) on_object(name, size);
}

test::MemoryIndex::Hook faults_of_index(StoreFaults& faults) {
  return [&faults](test::MemoryIndex::Moment moment) {
    if (moment == test::MemoryIndex::Moment::before) {
      faults.before("index");
    } else {
      faults.after();
    }
  };
}

}  // namespace simulation
