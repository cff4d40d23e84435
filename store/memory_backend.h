// A repository in memory, for tests: faults on demand, and damage as planted.
#pragma once

#include "src/base/synchronized.h"
#include "store/backend.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace store {

class MemoryBackend final : public Backend {
 public:
  enum class Operation : std::uint8_t {
    put,
    replace,
    read,
    size,
    list,
    remove,
    discard,
    empty,
    lock
  };
  // Called before each operation, on the caller's thread; what it throws is the operation's
  // failure, and nothing has happened then.
  using Hook = std::function<void(Operation operation, const std::string& name)>;

  Put put_if_absent(std::string_view name, std::span<const base::ByteView> parts) override;
  void replace(std::string_view name, base::ByteView content) override;
  [[nodiscard]] base::Bytes read(std::string_view name, std::uint64_t offset,
                                 std::size_t size_bytes) const override;
  [[nodiscard]] std::optional<std::uint64_t> size_bytes(std::string_view name) const override;
  void list(std::string_view prefix,
            const std::function<void(const std::string& name, std::uint64_t size_bytes)>& on_object)
      const override;
  void remove(std::string_view name) override;
  [[nodiscard]] std::string describe() const override { return "memory"; }
  void discard(std::string_view name, std::uint64_t batch) override;
  [[nodiscard]] std::vector<std::uint64_t> discarded_batches() const override;
  std::uint64_t empty_batch(std::uint64_t batch) override;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const override { return free_bytes_; }
  using Backend::lock_for_writing;
  [[nodiscard]] std::unique_ptr<Lock> lock_for_writing(Reserve reserve) override;

  // Not while other threads use the backend.
  void set_hook(Hook hook) { hook_ = std::move(hook); }
  // Called after each put that stored something; what it throws is told to the caller, as by a file
  // system that has done what it says it has not.
  using AfterPut = std::function<void(const std::string& name)>;
  void set_after_put(AfterPut after_put) { after_put_ = std::move(after_put); }
  void set_free_bytes(std::optional<std::uint64_t> free_bytes) { free_bytes_ = free_bytes; }
  // Changes the bytes of an object behind the store's back.
  void alter(const std::string& name, const std::function<void(base::Bytes&)>& change);
  // Puts an object there behind the store's back, whatever was there.
  void plant(const std::string& name, base::Bytes content);
  // Sorted.
  [[nodiscard]] std::vector<std::string> names(std::string_view prefix = "") const;

 private:
  void before(Operation operation, std::string_view name) const;
  [[nodiscard]] base::Bytes content_of(std::string_view name) const;

  using Objects = std::map<std::string, base::Bytes, std::less<>>;
  base::Synchronized<Objects> objects_;
  base::Synchronized<std::map<std::uint64_t, Objects>> trash_;
  std::shared_ptr<bool> locked_ =
      std::make_shared<bool>(false);  // shared with the lock, which may outlive us
  Hook hook_;
  AfterPut after_put_;
  std::optional<std::uint64_t> free_bytes_;
};

}  // namespace store
