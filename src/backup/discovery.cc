#include "src/backup/discovery.h"

#include "src/backup/mailbox_base.h"
#include "src/base/error.h"
#include "src/base/side_by_side.h"
#include "src/base/text.h"
#include "src/graph/mailbox_service.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

namespace backup {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

// After so many accounts in a row without an answer the service counts as away.
constexpr int kUnansweredInARow = 5;

struct Known {
  graph::MailboxId id;
  graph::MailboxPurpose purpose = graph::MailboxPurpose::unknown;
  base::Instant purpose_seen;
};

// What is known of one account; exactly one of the two.
using Finding = std::variant<Mailbox, Unprotectable>;

class Search {
 public:
  Search(graph::Directory& directory, const DiscoverySettings& settings,
         const std::vector<store::Snapshot>& known, base::Clock& clock, std::stop_token stop,
         const Recall& recall)
      : directory_(directory),
        settings_(settings),
        snapshots_(known),
        now_(clock.now()),
        stop_(std::move(stop)) {
    if (!recall) return;
    for (const store::Snapshot& snapshot : known) {
      const std::optional<Remembered> remembered = recall(snapshot);
      if (!remembered) continue;
      Known learned{{snapshot.mailbox_id},
                    graph::purpose_from_name(snapshot.purpose),
                    remembered->purpose_seen};
      Known& slot = known_[remembered->user_id];
      if (slot.id.value.empty() || slot.purpose_seen < learned.purpose_seen)
        slot = std::move(learned);
    }
  }

  Discovery run() {
    look_up_groups();
    const std::vector<graph::User> users = settings_.only.empty() ? all_users() : named_users();
    const std::vector<std::optional<Finding>> findings = ask_about(users);
    // Without a single mailbox it is the app that lacks the right, or the service that is away, and
    // no matter of accounts.
    if (trouble_ && !any_mailbox_) throw Error{*trouble_};
    Discovery discovery;
    for (const auto& finding : findings) {
      if (const auto* mailbox = std::get_if<Mailbox>(&*finding)) {
        discovery.mailboxes.push_back(*mailbox);
      } else {
        discovery.unprotectable.push_back(std::get<Unprotectable>(*finding));
      }
    }
    if (settings_.only.empty()) {
      add_vanished(discovery);
      add_unknown_addresses(users, discovery);
      for (auto& [group, nobody] : missing_) discovery.unprotectable.push_back(std::move(nobody));
    }
    for (Mailbox& mailbox : discovery.mailboxes) assign_policy(mailbox);
    sort_by_policy(discovery.mailboxes);
    return discovery;
  }

 private:
  void look_up_groups() {
    for (const NamedPolicy& policy : settings_.policies) {
      for (const std::string& group : groups_named(policy.selection)) {
        if (const auto gone = missing_.find(group); gone != missing_.end()) {
          gone->second.policies.push_back(policy.name);
        }
        if (members_.contains(group)) continue;
        try {
          const std::vector<std::string> ids = directory_.group_members(group, stop_);
          members_.emplace(group, std::set<std::string>{ids.begin(), ids.end()});
        } catch (Error& error) {
          error.add_context(text("looking up group ", group, " of policy ", policy.name));
          if (error.kind() != ErrorKind::not_found) throw;
          // The other entries go on protecting whom they name.
          members_.emplace(group, std::set<std::string>{});
          Unprotectable nobody;
          nobody.address = text("group:", group);
          nobody.code = "GroupGone";
          nobody.reason = error.what();
          nobody.failure = error.kind();
          nobody.policies = {policy.name};
          missing_.emplace(group, std::move(nobody));
        }
      }
    }
  }

  std::vector<graph::User> all_users() {
    std::map<std::string, graph::User> users;  // a page can tell a user twice
    directory_.users(
        [&](graph::User user) {
          std::string id = user.id;
          users.insert_or_assign(std::move(id), std::move(user));
        },
        stop_);
    std::vector<graph::User> all;
    all.reserve(users.size());
    for (auto& [id, user] : users) all.push_back(std::move(user));
    return all;
  }

  std::vector<graph::User> named_users() {
    std::vector<graph::User> users;
    std::set<std::string> seen;
    for (const std::string& name : settings_.only) {
      std::optional<graph::User> user = directory_.find_user(name, stop_);
      if (!user) {
        throw Error{ErrorKind::not_found,
                    text("the tenant has no account ", base::printable(name),
                         ": name a mailbox by its address, principal name or directory id")};
      }
      if (seen.insert(user->id).second) users.push_back(std::move(*user));
    }
    return users;
  }

  std::vector<std::optional<Finding>> ask_about(const std::vector<graph::User>& users) {
    std::vector<std::optional<Finding>> findings(users.size());
    base::run_side_by_side(users.size(), settings_.lanes,
                           [&](std::size_t i) { findings[i] = find(users[i]); });
    return findings;
  }

  Finding find(const graph::User& user) {
    const auto known = known_.find(user.id);
    const bool is_known = known != known_.end();
    if (is_known && is_fresh(known->second)) {
      any_mailbox_ = true;
      return mailbox_of(user, known->second);
    }
    const auto without_answer = [&](const Error& error) -> Finding {
      if (is_known) return mailbox_of(user, known->second);
      return unanswered(user, error);
    };
    if (unanswered_ >= kUnansweredInARow) {
      return without_answer(
          {ErrorKind::unavailable, text("not asked for the mailbox of ", user.address(),
                                        ": the service did not answer for those before")});
    }
    try {
      Finding found = ask(user);
      unanswered_ = 0;
      if (std::holds_alternative<Mailbox>(found)) any_mailbox_ = true;
      return found;
    } catch (const graph::SignInRefused&) {
      throw;
    } catch (Error& error) {
      error.add_context(text("asking for the mailbox of ", user.address()));
      note(error);
      return without_answer(error);
    }
  }

  // Throws what is no matter of one account.
  void note(const Error& error) {
    if (error.kind() == ErrorKind::unavailable) {
      if (++unanswered_ == kUnansweredInARow) keep_trouble(error);
    } else if (error.kind() == ErrorKind::denied) {
      keep_trouble(error);
    } else if (error.kind() == ErrorKind::protocol) {
      unanswered_ = 0;  // an answer, if a strange one
    } else {
      throw Error{error};
    }
  }

  [[nodiscard]] Unprotectable unanswered(const graph::User& user, const Error& error) const {
    Unprotectable account;
    account.user = user;
    account.address = user.address();
    account.code = base::name(error.kind());
    account.reason = error.what();
    for (const NamedPolicy& policy : settings_.policies) {
      if (may_select(policy.selection, user, members())) account.policies.push_back(policy.name);
    }
    const bool is_wanted = !settings_.only.empty() || !account.policies.empty();
    if (is_wanted) account.failure = error.kind();
    return account;
  }

  void keep_trouble(const Error& error) {
    const std::lock_guard lock{mutex_};
    if (!trouble_) trouble_ = error;
  }

  [[nodiscard]] bool is_fresh(const Known& known) const {
    return known.purpose != graph::MailboxPurpose::unknown && known.purpose_seen <= now_ &&
           now_ - known.purpose_seen < settings_.believed_for;
  }

  Finding ask(const graph::User& user) {
    const auto none = [&](const graph::NoMailbox& reason) {
      return Unprotectable{user, user.address(), reason.code, reason.message, std::nullopt, {}};
    };
    const auto id = directory_.mailbox_of(user, stop_);
    if (const auto* reason = std::get_if<graph::NoMailbox>(&id)) return none(*reason);
    const auto purpose = directory_.purpose_of(user, stop_);
    if (const auto* reason = std::get_if<graph::NoMailbox>(&purpose)) return none(*reason);
    return mailbox_of(
        user, {std::get<graph::MailboxId>(id), std::get<graph::MailboxPurpose>(purpose), now_});
  }

  static Mailbox mailbox_of(const graph::User& user, const Known& known) {
    Mailbox mailbox;
    mailbox.user = user;
    mailbox.address = user.address();
    mailbox.id = known.id;
    mailbox.purpose = known.purpose;
    mailbox.purpose_seen = known.purpose_seen;
    return mailbox;
  }

  // Restore points of a mailbox outlive its account; that it is not backed up any more must show.
  void add_vanished(Discovery& discovery) const {
    std::set<std::string> found;
    std::set<std::string> reported;
    for (const Mailbox& mailbox : discovery.mailboxes) found.insert(mailbox.id.value);
    for (const Unprotectable& account : discovery.unprotectable) reported.insert(account.address);
    for (const store::Snapshot& snapshot : snapshots_) {
      if (snapshot.tenant != settings_.tenant || found.contains(snapshot.mailbox_id) ||
          !reported.insert(snapshot.address).second) {
        continue;
      }
      Unprotectable vanished;
      vanished.user.mail = snapshot.address;
      vanished.user.display_name = snapshot.display_name;
      vanished.user.account_enabled = false;
      vanished.address = snapshot.address;
      vanished.code = "AccountGone";
      vanished.reason = text(
          "the directory has no account with this mailbox any more; its restore "
          "points are kept, the last is of ",
          base::format_rfc3339(snapshot.time));
      discovery.unprotectable.push_back(std::move(vanished));
    }
  }

  // A slip in an address must not pass for a mailbox that is protected.
  void add_unknown_addresses(const std::vector<graph::User>& users, Discovery& discovery) const {
    std::set<std::string> known;
    for (const graph::User& user : users) {
      known.insert(base::to_lower(user.address()));
      known.insert(base::to_lower(user.user_principal_name));
    }
    for (const NamedPolicy& policy : settings_.policies) {
      for (const std::string& address : addresses_included(policy.selection)) {
        if (known.contains(base::to_lower(address))) continue;
        Unprotectable& nobody = entry_of(address, discovery);
        nobody.failure = ErrorKind::not_found;
        nobody.policies.push_back(policy.name);
      }
    }
  }

  // The one that tells of a mailbox that vanished, or a new one.
  static Unprotectable& entry_of(const std::string& address, Discovery& discovery) {
    for (Unprotectable& account : discovery.unprotectable) {
      if (base::equals_ignoring_case(account.address, address)) return account;
    }
    Unprotectable nobody;
    nobody.address = address;
    nobody.code = "NoSuchAccount";
    nobody.reason = "the tenant has no account of this address";
    return discovery.unprotectable.emplace_back(std::move(nobody));
  }

  [[nodiscard]] GroupMembers members() const {
    return [this](const std::string& group) -> const std::set<std::string>& {
      return members_.at(group);
    };
  }

  void assign_policy(Mailbox& mailbox) const {
    for (const NamedPolicy& policy : settings_.policies) {
      if (!selects(policy.selection, mailbox.user, mailbox.purpose, members())) continue;
      mailbox.policy = policy.name;
      mailbox.rank = rank(policy.selection, mailbox.user, mailbox.purpose, members());
      return;
    }
  }

  // Policies as they are configured, inside of each its order, then addresses; the unselected last.
  void sort_by_policy(std::vector<Mailbox>& mailboxes) const {
    std::map<std::string, std::size_t> places;
    for (const NamedPolicy& policy : settings_.policies) places.emplace(policy.name, places.size());
    const auto place = [&](const Mailbox& mailbox) {
      const auto found = places.find(mailbox.policy);
      return std::tuple{found == places.end() ? places.size() : found->second, mailbox.rank,
                        mailbox.address, mailbox.id.value};
    };
    std::sort(mailboxes.begin(), mailboxes.end(), [&](const Mailbox& left, const Mailbox& right) {
      return place(left) < place(right);
    });
  }

  graph::Directory& directory_;
  const DiscoverySettings& settings_;
  const std::vector<store::Snapshot>& snapshots_;
  base::Instant now_;
  std::stop_token stop_;
  std::map<std::string, Known> known_;  // by the account's id
  std::map<std::string, std::set<std::string>> members_;
  std::map<std::string, Unprotectable> missing_;  // groups that are gone
  std::atomic<int> unanswered_{0};
  std::atomic<bool> any_mailbox_{false};  // told by the service, now or lately
  std::mutex mutex_;
  std::optional<Error> trouble_;  // guarded by the mutex; of more than one account, the first
};

}  // namespace

Recall recall_from(store::Repository& repository) {
  return [&repository](const store::Snapshot& snapshot) -> std::optional<Remembered> {
    const std::optional<MailboxNotes> notes =
        notes_of(repository.tenant(snapshot.tenant), snapshot);
    if (!notes || notes->user_id.empty()) return std::nullopt;
    return Remembered{notes->user_id, notes->purpose_seen};
  };
}

Discovery discover(graph::Directory& directory, const DiscoverySettings& settings,
                   const std::vector<store::Snapshot>& known, base::Clock& clock,
                   std::stop_token stop, const Recall& recall) {
  return Search{directory, settings, known, clock, std::move(stop), recall}.run();
}

}  // namespace backup
