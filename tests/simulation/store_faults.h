// Faults of everything that a repository stands on: the power is cut, or an operation fails, at a
// moment that is given by a count over backend and index together.
#pragma once

#include "store/memory_backend.h"
#include "tests/support/memory_index.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace simulation {

// No std::exception, so that nothing on the way up handles it.
struct PowerCut {};

enum class Fault : std::uint8_t {
  power_cut_before,  // the operation is not done
  power_cut_after,   // it is done, and nobody is told
  error_before,
  error_after,  // it is done, and reported as failed
};

// Thread-safe.
class StoreFaults {
 public:
  // At the operation that comes after so many others, of those whose names begin so.
  void plan(Fault fault, std::uint64_t operations, std::string prefix);
  // Nothing more is planned, and the power is there.
  void clear();
  [[nodiscard]] bool is_power_cut() const;
  // Faults that have happened so far.
  [[nodiscard]] std::uint64_t happened() const;

  // Around each operation.
  void before(std::string_view name);
  void after();

 private:
  struct Planned {
    Fault fault;
    std::uint64_t operations;
    std::string prefix;
  };
  [[noreturn]] void cut_power();
  [[noreturn]] void fail();

  mutable std::mutex mutex_;
  std::optional<Planned> planned_;
  std::optional<Fault> due_after_;
  bool power_is_cut_ = false;
  std::uint64_t happened_ = 0;
};

// The backend in memory, with these faults, and with a view on the operations of one thread.
class FaultyBackend final : public store::Backend {
 public:
  FaultyBackend(store::MemoryBackend& backend, StoreFaults& faults)
      : backend_(backend), faults_(faults) {}

  // Called before each operation of the thread that made this object.
  using OnOperation = std::function<void(std::string_view name)>;
  void set_on_operation(OnOperation on_operation) { on_operation_ = std::move(on_operation); }

  Put put_if_absent(std::string_view name, std::span<const base::ByteView> parts) override;
  void replace(std::string_view name, base::ByteView content) override;
  [[nodiscard]] base::Bytes read(std::string_view name, std::uint64_t offset,
                                 std::size_t size_bytes) const override;
  [[nodiscard]] std::optional<std::uint64_t> size_bytes(std::string_view name) const override;
  void list(std::string_view prefix,
            const std::function<void(const std::string& name, std::uint64_t size_bytes)>& on_object)
      const override;
  void remove(std::string_view name) override;
  void discard(std::string_view name, std::uint64_t batch) override;
  [[nodiscard]] std::vector<std::uint64_t> discarded_batches() const override;
  std::uint64_t empty_batch(std::uint64_t batch) override;
  [[nodiscard]] std::string describe() const override { return backend_.describe(); }
  using Backend::lock_for_writing;
  [[nodiscard]] std::unique_ptr<Lock> lock_for_writing(Reserve reserve) override;

 private:
  template <typename Act>
  auto around(std::string_view name, Act act) const;

  store::MemoryBackend& backend_;
  StoreFaults& faults_;
  OnOperation on_operation_;
  std::thread::id thread_ = std::this_thread::get_id();
};

// The same for an index.
test::MemoryIndex::Hook faults_of_index(StoreFaults& faults);

}  // namespace simulation
