// Who is logged in with a browser. Nothing of it survives the process.
#pragma once

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/synchronized.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace web {

struct Session {
  std::string account;
  base::Sha256 seal;  // of the account when it logged in
  std::string csrf_token;
};

struct SessionLimits {
  base::Duration idle{std::chrono::minutes{30}};
  base::Duration absolute{std::chrono::hours{12}};
  std::size_t sessions = 1'000;  // beyond that the one that was idle longest ends
};

// Thread-safe. Ids are known to their browsers only: what is kept is a digest.
class Sessions {
 public:
  // `clock` outlives the sessions.
  explicit Sessions(const base::Clock& clock, SessionLimits limits = {})
      : clock_(clock), limits_(limits) {}

  struct Opened {
    std::string id;
    Session session;
  };
  [[nodiscard]] Opened open(const std::string& account, const base::Sha256& seal);
  // Empty if there is none or its time is over; it is in use from now on.
  [[nodiscard]] std::optional<Session> use(std::string_view id);
  // The same, but it stays as idle as it was.
  [[nodiscard]] std::optional<Session> peek(std::string_view id) const;
  void close(std::string_view id);

 private:
  struct Kept {
    Session session;
    base::Duration opened, used;
  };
  [[nodiscard]] bool is_over(const Kept& kept) const;

  const base::Clock& clock_;
  SessionLimits limits_;
  base::Synchronized<std::map<base::Sha256, Kept>> kept_;
};

// 256 random bits, as text for cookies and headers.
std::string new_token();
// In a time that does not depend on where they differ.
[[nodiscard]] bool are_equal_tokens(std::string_view left, std::string_view right);

}  // namespace web
