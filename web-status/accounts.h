// Who may use the web pages and the API, kept in a file that only its owner can read.
//
// The file is read again when it has changed, so that what `coffer account` does in another process
// holds here at once; whoever changes it holds a lock beside it, so that no change is lost.
#pragma once

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/synchronized.h"
#include "web-status/password_hash.h"
#include "web-status/role.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace web {

struct Account {
  std::string name;
  Role role = Role::viewer;
  base::Instant created;
  // Another one after each change of the password, and for another account of the same name.
  base::Sha256 seal;
};

// Thread-safe. Errors of the file are Error(disk); a file that is none of ours is Error(usage) and
// names the line. Nobody is let in while it cannot be read.
class Accounts {
 public:
  // The file need not be there: then there are no accounts. `clock` outlives the accounts.
  Accounts(std::filesystem::path file, const base::Clock& clock);

  // Ordered by name.
  [[nodiscard]] std::vector<Account> list() const;
  [[nodiscard]] std::optional<Account> find(std::string_view name) const;

  // Error(usage) for a name that is taken or no name (a to z, 0 to 9, ". _ -", 32 at most), for a
  // password that is too short or too long, and for a first account that is no admin.
  Account add(std::string_view name, Role role, std::string_view password);
  // Error(not_found); Error(usage) for the last admin while there are others, and unless `last` may
  // go for the last account of all.
  enum class Last : std::uint8_t { stays, goes };
  void remove(std::string_view name, Last last = Last::goes);
  Account set_password(std::string_view name, std::string_view password);

  // Empty if there is no such account or the password is another: both take the same time. Error
  // (unavailable) when too many ask at once.
  [[nodiscard]] std::optional<Account> verify(std::string_view name, std::string_view password);

 private:
  struct Entry {
    Account account;
    std::string hash;
  };
  struct Stamp {  // of the file as it was read
    std::int64_t changed_ns = 0;
    std::uint64_t inode = 0, size_bytes = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Known {
    std::vector<Entry> entries;  // ordered by name
    std::optional<Stamp> stamp;  // empty: not read yet
  };

  [[nodiscard]] Stamp stamp() const;
  static std::vector<Entry> parse(std::string_view text, const std::filesystem::path& path);
  [[nodiscard]] std::vector<Entry> read() const;
  [[nodiscard]] std::vector<Entry> current() const;
  template <typename Change>
  auto change(Change change_entries);

  std::filesystem::path file_;
  const base::Clock& clock_;
  mutable base::Synchronized<Known> known_;
  HashingGate gate_;
  std::string nobodys_hash_;  // only touched in a turn of the gate
};

}  // namespace web
