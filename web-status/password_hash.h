// Passwords are kept as Argon2id hashes (libsodium's crypto_pwhash_str).
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

namespace web {

// With the cost that libsodium names for people who wait: 64 MiB and a tenth of a second or so.
std::string hash_password(std::string_view password);
[[nodiscard]] bool matches_password(const std::string& hash, std::string_view password);

// Hashing takes memory: one at a time, and few may wait for it, so that a flood of logins takes
// neither the memory nor all threads. Thread-safe.
class HashingGate {
 public:
  // Held while hashing. Error(unavailable) if too many wait already.
  class Turn {
   public:
    explicit Turn(HashingGate& gate);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    HashingGate& gate_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  unsigned waiting_ = 0;
  bool taken_ = false;
};

}  // namespace web
