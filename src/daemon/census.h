// Every mailbox of the tenants, protected or not, and why: as the last look found it, and as it is
// by what was stored since.
#pragma once

#include "src/backup/discovery.h"
#include "src/backup/selection.h"
#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/daemon/resources.h"
#include "store/snapshot.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace appliance {

enum class Protection : std::uint8_t {
  is_protected,  // its last good backup is as young as promised
  at_risk,       // older than that
  unprotected,   // none that is good, or no policy selects it
  excluded,      // a policy leaves it out on purpose
  unsupported,   // has no mailbox that the service exports
};
std::string_view name(Protection protection);  // "protected", "at_risk", ...

// One account of a tenant.
struct CountedMailbox {
  std::string tenant;
  std::string mailbox_id;                 // empty if it has none
  std::vector<std::string> stored_under;  // tenants whose names its restore points bear
  std::string address;
  std::string display_name;
  std::string purpose;  // empty: unknown
  std::string policy;
  std::string reason;  // why it is not protected; empty if it is
  Protection protection = Protection::unprotected;
  std::optional<base::Instant> last_good;
  std::optional<base::Duration> promised;
  std::uint64_t snapshots = 0;
  std::uint64_t items = 0;  // of the newest restore point
  std::uint64_t bytes = 0;
  bool held = false;
  std::optional<base::Instant> seen_first;  // when a look first found it
};

// Thread-safe. A look at the service costs what `coffer mailboxes` does, and refresh() a walk over
// all restore points in the index: whoever knows that something was stored calls it, so that
// readers never wait for it. mailboxes() costs a pointer, but where time has made something of a
// mailbox: then all are judged again, without asking the store.
class Census {
 public:
  // `file`: where the last look is kept, so that a restart need not ask anew before it can tell.
  // `promised_age`: of a policy. The others outlive it.
  Census(std::filesystem::path file,
         std::function<std::optional<base::Duration>(const std::string& policy)> promised_age,
         Resources& resources, base::Clock& clock);
  ~Census();
  Census(const Census&) = delete;
  Census& operator=(const Census&) = delete;

  // Asks the service; what of several tenants failed is in `problems` afterwards and keeps its last
  // look. Errors of the only tenant, and Error(cancelled).
  void look(std::stop_token stop);
  // The same of one tenant that was looked through. Durable when it returns.
  void note(const TenantConfiguration& tenant, const std::vector<backup::NamedPolicy>& policies,
            const backup::Discovery& found, const backup::GroupMembers& members);
  // Looks at what is stored, and judges all mailboxes by the policies in force. Readers go on with
  // what was known until it returns. Errors of the store; what it last held then stays known, and
  // is judged all the same.
  void refresh();

  // As of the last look and refresh(); the first call refreshes by itself, with its errors. Ordered
  // by address; the pointer stays valid, and what it points to unchanged. Shared with readers that
  // still look at an older one.
  [[nodiscard]] std::shared_ptr<const std::vector<CountedMailbox>> mailboxes();
  // When all was last asked about: of several tenants, the one whose look is oldest.
  [[nodiscard]] std::optional<base::Instant> looked() const;
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  struct State;
  void look_at(const std::shared_ptr<OpenTenant>& tenant, const Configuration& configuration,
               const std::vector<store::Snapshot>& points, const std::stop_token& stop);
  void note_problem(const std::string& tenant, const std::string& problem);
  void judge(State& state) const;
  void write(const State& state) const;

  std::filesystem::path file_;
  std::function<std::optional<base::Duration>(const std::string&)> promised_age_;
  Resources& resources_;
  base::Clock& clock_;
  std::mutex looking_;     // one looks at a time
  std::mutex refreshing_;  // the same
  std::unique_ptr<base::Synchronized<State>> state_;
};

}  // namespace appliance
