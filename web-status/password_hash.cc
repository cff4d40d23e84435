#include "web-status/password_hash.h"

#include "src/base/error.h"

#include <sodium.h>

#include <array>

namespace web {

namespace {

constexpr unsigned kMostWaiting = 4;

void start_sodium() {
  static const bool is_started = sodium_init() >= 0;
  if (!is_started) throw base::Error{base::ErrorKind::failed, "libsodium cannot be started"};
}

}  // namespace

std::string hash_password(std::string_view password) {
  start_sodium();
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str(hash.data(), password.data(), password.size(),
                        crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
    throw base::Error{base::ErrorKind::unavailable, "there is no memory to hash a password"};
  }
  return hash.data();
}

bool matches_password(const std::string& hash, std::string_view password) {
  start_sodium();
  // The library reads as many bytes as a hash may have.
  std::array<char, crypto_pwhash_STRBYTES> padded{};
  if (hash.size() >= padded.size()) return false;
  hash.copy(padded.data(), hash.size());
  return crypto_pwhash_str_verify(padded.data(), password.data(), password.size()) == 0;
}

HashingGate::Turn::Turn(HashingGate& gate) : gate_(gate) {
  std::unique_lock lock{gate_.mutex_};
  if (gate_.waiting_ >= kMostWaiting) {
    throw base::Error{base::ErrorKind::unavailable, "too many log in at once: try again"};
  }
  ++gate_.waiting_;
  gate_.free_.wait(lock, [this] { return !gate_.taken_; });
  --gate_.waiting_;
  gate_.taken_ = true;
}

HashingGate::Turn::~Turn() {
  {
    const std::lock_guard lock{gate_.mutex_};
    gate_.taken_ = false;
  }
  gate_.free_.notify_one();
}

}  // namespace web
