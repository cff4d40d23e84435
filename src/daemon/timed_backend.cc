#include "src/daemon/timed_backend.h"

#include <utility>

namespace appliance {
namespace {

class Timing {
 public:
  Timing(const base::Clock& clock, const OnStoreTime& on_time)
      : clock_(clock), on_time_(on_time), begin_(clock.monotonic()) {}
  ~Timing() { on_time_(clock_.monotonic() - begin_); }
  Timing(const Timing&) = delete;
  Timing& operator=(const Timing&) = delete;

 private:
  const base::Clock& clock_;
  const OnStoreTime& on_time_;
  base::Duration begin_;
};

class TimedBackend final : public store::Backend {
 public:
  TimedBackend(std::unique_ptr<store::Backend> backend, const base::Clock& clock,
               OnStoreTime on_time)
      : backend_(std::move(backend)), clock_(clock), on_time_(std::move(on_time)) {}

  Put put_if_absent(std::string_view name, std::span<const base::ByteView> parts) override {
    const Timing timing{clock_, on_time_};
    return backend_->put_if_absent(name, parts);
  }
  void replace(std::string_view name, base::ByteView content) override {
    backend_->replace(name, content);
  }
  [[nodiscard]] base::Bytes read(std::string_view name, std::uint64_t offset,
                                 std::size_t size_bytes) const override {
    const Timing timing{clock_, on_time_};
    return backend_->read(name, offset, size_bytes);
  }
  [[nodiscard]] std::optional<std::uint64_t> size_bytes(std::string_view name) const override {
    return backend_->size_bytes(name);
  }
  void list(
      std::string_view prefix,
      const std::function<void(const std::string&, std::uint64_t)>& on_object) const override {
    backend_->list(prefix, on_object);
  }
  void keep_copy(std::string_view name, std::string_view copy) override {
    backend_->keep_copy(name, copy);
  }
  void remove(std::string_view name) override { backend_->remove(name); }
  void discard(std::string_view name, std::uint64_t batch) override {
    backend_->discard(name, batch);
  }
  [[nodiscard]] std::vector<std::uint64_t> discarded_batches() const override {
    return backend_->discarded_batches();
  }
  std::uint64_t empty_batch(std::uint64_t batch) override { return backend_->empty_batch(batch); }
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const override {
    return backend_->free_bytes();
  }
  void keep_reserve(std::uint64_t size_bytes) override { backend_->keep_reserve(size_bytes); }
  void release_reserve() override { backend_->release_reserve(); }
  void regain_reserve(std::uint64_t size_bytes) override { backend_->regain_reserve(size_bytes); }
  [[nodiscard]] std::set<std::string> occupants() const override { return backend_->occupants(); }
  [[nodiscard]] std::string describe() const override { return backend_->describe(); }
  [[nodiscard]] std::unique_ptr<Lock> lock_for_writing(Reserve reserve) override {
    return backend_->lock_for_writing(reserve);
  }

 private:
  std::unique_ptr<store::Backend> backend_;
  const base::Clock& clock_;
  OnStoreTime on_time_;
};

}  // namespace

std::unique_ptr<store::Backend> timed(std::unique_ptr<store::Backend> backend, base::Clock& clock,
                                      OnStoreTime on_time) {
  return std::make_unique<TimedBackend>(std::move(backend), clock, std::move(on_time));
}

}  // namespace appliance
