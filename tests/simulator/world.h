// Everything the tenant consists of. One owner (Tenant) guards it; all code below sees it locked.
#pragma once

#include "tests/simulator/applications.h"
#include "tests/simulator/directory.h"
#include "tests/simulator/faults.h"
#include "tests/simulator/limits.h"
#include "tests/simulator/mailbox.h"
#include "tests/simulator/random.h"
#include "tests/simulator/sealer.h"
#include "tests/simulator/statistics.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace simulator {

// How clients reach the three hosts; answers name these.
struct Origins {
  std::string login = "https://login.microsoftonline.com";
  std::string graph = "https://graph.microsoft.com";
  std::string import = "https://outlook.office365.com";
};

struct Lifetimes {
  Duration access_token = std::chrono::seconds{3599};
  Duration import_session = std::chrono::hours{1};
  Duration delta_token = std::chrono::days{30};
};

// A folder import that the service has accepted.
struct ImportJob {
  std::string mailbox_id;
  Instant done{};      // in the tenant's time; "running" until then
  std::string status;  // from then on
  std::string error_code;
  std::string error_message;
};

// A mailbox was told to wait, in the clients' time.
struct Hold {
  Instant said{};
  Instant until{};
};

struct World {
  World(std::uint64_t seed_, LimitSettings limit_settings)
      : seed(seed_), sealer(seed_), faults(seed_), limits(limit_settings) {}

  std::uint64_t seed;
  std::string tenant_id;
  std::string domain;
  Origins origins;
  Lifetimes lifetimes;
  // From a request to the first byte of its answer, whatever is asked for.
  Duration latency{};
  // One client found descendants in the top-level folder list: with this it gives them.
  bool list_all_folders_at_top = false;

  Applications applications;
  Directory directory;
  std::map<std::string, Mailbox, std::less<>> mailboxes;  // by mailbox id
  // Mailboxes with a hold: deleting their items is refused.
  std::set<std::string> held_mailboxes;
  // Mailboxes that are full: imports get 507.
  std::set<std::string> full_mailboxes;

  Sealer sealer;
  // Raised to make all tokens issued before worthless.
  std::uint64_t token_generation = 0;
  std::uint64_t delta_generation = 0;
  std::set<std::string> seen_assertions;

  std::map<std::string, ImportJob> import_jobs;  // by id
  Duration import_job_time = std::chrono::milliseconds{1500};

  Faults faults;
  Limits limits;
  Statistics statistics;
  std::map<std::string, Hold> holds;  // by mailbox id
  // So long after a mailbox was told to wait, requests come that had been under way.
  Duration under_way{};

  // Evolution goes on from here.
  std::uint64_t next_message = 1;
  std::uint64_t days_lived = 0;
  double median_content_bytes = 20'000;
  std::uint64_t request_number = 0;
  // What admin calls have added to the clock.
  Duration clock_offset{};
  Duration date_offset{};  // of the clock that answers show, from the machine's

  // By its id, or by its user's address or principal name; null if there is none.
  [[nodiscard]] Mailbox* find_mailbox(std::string_view name);
  // Whether the fault strikes a request of the operation now; counted if it does.
  bool strikes(Fault fault, std::string_view operation);
  // Nothing is to come to the mailbox before `until`.
  void hold(const std::string& mailbox_id, Instant until, Instant now);
  // Whether what comes now should have waited.
  [[nodiscard]] bool is_early(const std::string& mailbox_id, Instant now) const;
  // Of the account that owns the mailbox; null if there is none.
  [[nodiscard]] const User* owner_of(std::string_view mailbox_id) const;
};

}  // namespace simulator
