// Who is connected, who may connect, and how many bytes are held for all of them: the policy of the
// HTTP server, without sockets. Not thread-safe.
#pragma once

#include "web-status/http_settings.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace web {

class ConnectionBook {
 public:
  using Id = std::uint64_t;
  enum class Admission : std::uint8_t { admitted, peer_has_enough, full };

  explicit ConnectionBook(const HttpLimits& limits) : limits_(limits) {}

  // `peer` is a normalized IP address.
  [[nodiscard]] Admission admit(Id id, const std::string& peer);
  void leave(Id id);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  // What the server waits for from a client. Meanwhile it may have to make room for others.
  enum class Wait : std::uint8_t { head, body, reading };
  void begin_waiting(Id id, Wait wait);
  void end_waiting(Id id);
  // Of those that the server waits for, the one that has taken longest.
  [[nodiscard]] std::optional<Id> longest_waiting(Wait wait) const;
  // The one to go when all places are taken.
  [[nodiscard]] std::optional<Id> first_to_go() const;

 private:
  struct Entry {
    std::string group;
    std::optional<Wait> wait;
    std::list<Id>::iterator place{};  // among those that wait for the same
  };

  HttpLimits limits_;
  std::unordered_map<Id, Entry> entries_;
  std::map<std::string, std::size_t> groups_;
  std::array<std::list<Id>, 3> waiting_;  // by Wait; who began first is first
};

// Bytes that all connections may hold together.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t most_bytes) : most_bytes_(most_bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // Given back when it is dropped; the budget outlives it.
  class Share {
   public:
    Share() = default;
    ~Share() {
      if (budget_ != nullptr) budget_->taken_bytes_ -= bytes_;
    }
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }

   private:
    friend class ByteBudget;
    Share(ByteBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  [[nodiscard]] bool has(std::size_t bytes) const {
    return bytes <= most_bytes_ && taken_bytes_ <= most_bytes_ - bytes;
  }
  // Even if it is more than there was left: what is there is there.
  [[nodiscard]] Share take(std::size_t bytes);
  [[nodiscard]] std::size_t taken_bytes() const { return taken_bytes_; }

 private:
  std::size_t most_bytes_;
  std::size_t taken_bytes_ = 0;
};

}  // namespace web
