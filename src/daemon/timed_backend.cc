#include "src/daemon/timed_backend.h"

#include <utility>

namespace appliance {
namespace {

class Timing {
 public:
  explicit Timing(StoreTimer& timer) : timer_(timer) { timer_.begin(); }
  ~Timing() { timer_.end(); }
  Timing(const Timing&) = delete;
  Timing& operator=(const Timing&) = delete;

 private:
  StoreTimer& timer_;
};

class TimedBackend final : public store::Backend {
 public:
  TimedBackend(std::unique_ptr<store::Backend> backend, StoreTimer& timer)
      : backend_(std::move(backend)), timer_(timer) {}

  Put put_if_absent(std::string_view name, std::span<const base::ByteView> parts) override {
    const Timing timing{timer_};
    return backend_->put_if_absent(name, parts);
  }
  void replace(std::string_view name, base::ByteView content) override {
    backend_->replace(name, content);
  }
  [[nodiscard]] base::Bytes read(std::string_view name, std::uint64_t offset,
                                 std::size_t size_bytes) const override {
    const Timing timing{timer_};
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
  StoreTimer& timer_;
};

}  // namespace

void StoreTimer::begin() {
  auto state = state_.lock();
  if (state->under_way++ == 0) state->since = clock_.monotonic();
}

void StoreTimer::end() {
  auto state = state_.lock();
  if (--state->under_way == 0) state->ended += clock_.monotonic() - state->since;
}

base::Duration StoreTimer::so_far() const {
  auto state = state_.lock();
  if (state->under_way == 0) return state->ended;
  return state->ended + (clock_.monotonic() - state->since);
}

std::unique_ptr<store::Backend> timed(std::unique_ptr<store::Backend> backend, StoreTimer& timer) {
  return std::make_unique<TimedBackend>(std::move(backend), timer);
}

}  // namespace appliance
