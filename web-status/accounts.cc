#include "web-status/accounts.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <utility>

namespace web {

namespace {

constexpr std::string_view kFirstLine = "coffer accounts 1";
constexpr std::size_t kMostFileBytes = 1024 * 1024;
constexpr std::size_t kLongestName = 32;
constexpr std::size_t kShortestPassword = 12;
constexpr std::size_t kLongestPasswordBytes = 256;

base::Error refused(std::string message) { return {base::ErrorKind::usage, std::move(message)}; }

bool is_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= kLongestName &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

// Characters, not bytes: those of UTF-8 that begin one.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void check_password(std::string_view password) {
  if (characters(password) < kShortestPassword) {
    throw refused(base::text("a password has at least ", kShortestPassword, " characters"));
  }
  if (password.size() > kLongestPasswordBytes) {
    throw refused(base::text("a password has at most ", kLongestPasswordBytes, " bytes"));
  }
}

base::Sha256 seal_of(std::string_view name, std::string_view hash) {
  return base::sha256(base::as_bytes(base::text(name, " ", hash)));
}

// Held until it is closed.
base::FileHandle locked(const std::filesystem::path& file) {
  const std::filesystem::path beside{file.string() + ".lock"};
  base::FileHandle handle = base::open_file(beside, O_RDWR | O_CREAT);
  while (flock(handle.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw base::system_error(base::text("locking ", beside.string()), errno);
  }
  return handle;
}

}  // namespace

Accounts::Accounts(std::filesystem::path file, const base::Clock& clock)
    : file_(std::move(file)), clock_(clock) {}

Accounts::Stamp Accounts::stamp() const {
  struct stat status {};
  if (stat(file_.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    throw base::system_error(base::text("looking at ", file_.string()), errno);
  }
  if ((status.st_mode & 077) != 0) {
    throw base::Error{
        base::ErrorKind::failed,
        base::text(file_.string(),
                   " holds password hashes and can be read by others: ", "chmod 600 it")};
  }
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return {status.st_ctim.tv_sec * kNanoseconds + status.st_ctim.tv_nsec, status.st_ino,
          static_cast<std::uint64_t>(status.st_size)};
}

std::vector<Accounts::Entry> Accounts::parse(std::string_view text,
                                             const std::filesystem::path& path) {
  std::vector<Entry> entries;
  std::size_t number = 0;
  for (const std::string& line : base::split(text, '\n')) {
    ++number;
    if (number == 1 && line == kFirstLine) continue;
    if (number > 1 && line.empty()) continue;
    const std::vector<std::string> words = base::split(line, ' ');
    const auto role = words.size() == 4 ? role_of(words[1]) : std::nullopt;
    const auto created = words.size() == 4 ? base::parse_rfc3339(words[2]) : std::nullopt;
    if (number == 1 || !role || !created || !is_name(words[0])) {
      throw base::Error{base::ErrorKind::failed, base::text(path.string(), ", line ", number,
                                                            ": this is no file of accounts")};
    }
    entries.push_back({{words[0], *role, *created, seal_of(words[0], words[3])}, words[3]});
  }
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.account.name; });
  return entries;
}

std::vector<Accounts::Entry> Accounts::read() const {
  try {
    return parse(base::as_text(base::read_file(file_, kMostFileBytes)), file_);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::not_found) return {};
    throw;
  }
}

std::vector<Accounts::Entry> Accounts::current() const {
  auto known = known_.lock();
  // Before the file is read: what changes meanwhile is read next time.
  const Stamp now = stamp();
  if (known->stamp != now) {
    known->stamp.reset();
    known->entries = read();
    known->stamp = now;
  }
  return known->entries;
}

template <typename Change>
auto Accounts::change(Change change_entries) {
  const base::FileHandle lock = locked(file_);
  std::vector<Entry> entries = read();
  auto result = change_entries(entries);
  std::string text = base::text(kFirstLine, "\n");
  for (const auto& [account, hash] : entries) {
    text += base::text(account.name, " ", name(account.role), " ",
                       base::format_rfc3339(account.created), " ", hash, "\n");
  }
  base::replace_file(file_, base::as_bytes(text));
  known_.lock()->stamp.reset();
  return result;
}

std::vector<Account> Accounts::list() const {
  std::vector<Account> accounts;
  for (Entry& entry : current()) accounts.push_back(std::move(entry.account));
  return accounts;
}

namespace {

template <typename Entries>
auto find_in(Entries& entries, std::string_view name) {
  return std::ranges::find(entries, name,
                           [](const auto& entry) { return std::string_view{entry.account.name}; });
}

template <typename Entries>
auto require_in(Entries& entries, std::string_view name) {
  const auto found = find_in(entries, name);
  if (found != entries.end()) return found;
  throw base::Error{base::ErrorKind::not_found, base::text("there is no account ", name)};
}

}  // namespace

std::optional<Account> Accounts::find(std::string_view name) const {
  std::vector<Entry> entries = current();
  const auto found = find_in(entries, name);
  if (found == entries.end()) return std::nullopt;
  return std::move(found->account);
}

Account Accounts::add(std::string_view name, Role role, std::string_view password) {
  if (!is_name(name)) {
    throw refused(base::text("an account's name has a to z, 0 to 9, \".\", \"_\" and \"-\", ",
                             kLongestName, " characters at most"));
  }
  check_password(password);
  const HashingGate::Turn turn{gate_};
  std::string hash = hash_password(password);
  // Milliseconds would not survive a file that is edited by hand.
  const auto created = std::chrono::floor<std::chrono::seconds>(clock_.now());
  return change([&](std::vector<Entry>& entries) {
    if (find_in(entries, name) != entries.end()) {
      throw refused(base::text("there is an account ", name, " already"));
    }
    if (entries.empty() && role != Role::admin) {
      throw refused("the first account needs the role admin: nobody could add others");
    }
    Account account{std::string{name}, role, created, seal_of(name, hash)};
    entries.push_back({account, std::move(hash)});
    return account;
  });
}

void Accounts::remove(std::string_view name, Last last) {
  change([&](std::vector<Entry>& entries) {
    entries.erase(require_in(entries, name));
    if (entries.empty() && last == Last::stays) {
      throw refused(
          base::text(name, " is the last account: \"coffer account remove\" can remove it"));
    }
    const bool has_admin = std::ranges::any_of(
        entries, [](const Entry& entry) { return entry.account.role == Role::admin; });
    if (!entries.empty() && !has_admin) {
      throw refused(base::text(name, " is the last account with the role admin"));
    }
    return true;
  });
}

Account Accounts::set_password(std::string_view name, std::string_view password) {
  check_password(password);
  const HashingGate::Turn turn{gate_};
  std::string hash = hash_password(password);
  return change([&](std::vector<Entry>& entries) {
    const auto entry = require_in(entries, name);
    entry->hash = std::move(hash);
    entry->account.seal = seal_of(name, entry->hash);
    return entry->account;
  });
}

std::optional<Account> Accounts::verify(std::string_view name, std::string_view password) {
  std::vector<Entry> entries = current();
  const auto found = find_in(entries, name);
  const HashingGate::Turn turn{gate_};
  if (nobodys_hash_.empty()) nobodys_hash_ = hash_password("nobody's");
  const bool is_known = found != entries.end();
  // Both cases hash once, so that the time does not tell which names exist.
  const bool matches = matches_password(is_known ? found->hash : nobodys_hash_, password);
  if (!matches || !is_known) return std::nullopt;
  return std::move(found->account);
}

}  // namespace web
