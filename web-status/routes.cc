#include "web-status/routes.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>

namespace web {

namespace {

using Names = std::string_view;

constexpr Names kPaged[] = {"limit", "after"};
constexpr Names kMailboxes[] = {"search", "state", "policy", "reason", "limit", "after"};
constexpr Names kSnapshots[] = {"mailbox", "limit", "after"};
constexpr Names kItems[] = {"mailbox",    "at",          "folder", "subject", "from",
                            "after_date", "before_date", "type",   "limit",   "after"};
constexpr Names kJobs[] = {"state", "command", "limit", "after"};
constexpr Names kRecords[] = {"type", "limit", "after"};
constexpr Names kRetention[] = {"policy",       "keep_last",   "keep_daily", "keep_weekly",
                                "keep_monthly", "keep_yearly", "keep_within"};
constexpr Names kAudit[] = {"since", "limit", "after"};

constexpr Names kLogin[] = {"account", "password"};
constexpr Names kHold[] = {"subject", "reason"};
constexpr Names kReason[] = {"reason"};
constexpr Names kAccount[] = {"name", "role", "password"};
constexpr Names kPassword[] = {"password"};

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "status", Role::viewer, {}, Body::none, {}, answer_status},
    {"GET", "mailboxes", Role::viewer, kMailboxes, Body::none, {}, answer_mailboxes},
    {"GET", "mailboxes/{}", Role::viewer, {}, Body::none, {}, answer_mailbox},
    {"GET", "snapshots", Role::viewer, kSnapshots, Body::none, {}, answer_snapshots},
    {"GET", "items", Role::viewer, kItems, Body::none, {}, answer_items},
    {"GET", "jobs", Role::viewer, kJobs, Body::none, {}, answer_jobs},
    {"GET", "jobs/{}", Role::viewer, {}, Body::none, {}, answer_job},
    {"GET", "jobs/{}/records", Role::viewer, kRecords, Body::none, {}, answer_job_records},
    {"GET", "jobs/{}/report", Role::viewer, {}, Body::none, {}, answer_job_report},
    {"GET", "schedule", Role::viewer, kPaged, Body::none, {}, answer_schedule},
    {"GET", "storage", Role::viewer, {}, Body::none, {}, answer_storage},
    {"GET", "retention", Role::viewer, kRetention, Body::none, {}, answer_retention},
    {"GET", "alerts", Role::viewer, kPaged, Body::none, {}, answer_alerts},
    {"GET", "audit", Role::viewer, kAudit, Body::none, {}, answer_audit},
    {"GET", "holds", Role::viewer, kPaged, Body::none, {}, answer_holds},
    {"GET", "settings", Role::viewer, {}, Body::none, {}, answer_settings},
    {"GET", "events", Role::viewer, {}, Body::none, {}, answer_events},

    {"POST", "jobs", Role::operate, {}, Body::any, {}, start_job},
    {"POST", "jobs/{}/cancel", Role::operate, {}, Body::none, {}, cancel_job},
    {"POST", "holds", Role::admin, {}, Body::known, kHold, add_hold},
    {"DELETE", "holds/{}", Role::admin, {}, Body::known, kReason, remove_hold},
    {"POST", "alerts/test", Role::admin, {}, Body::none, {}, send_test_alert},

    {"GET", "session", std::nullopt, {}, Body::none, {}, answer_session},
    {"POST", "session", std::nullopt, {}, Body::known, kLogin, log_in},
    {"DELETE", "session", std::nullopt, {}, Body::none, {}, log_out},
    {"GET", "accounts", Role::admin, kPaged, Body::none, {}, answer_accounts},
    {"POST", "accounts", Role::admin, {}, Body::known, kAccount, add_account},
    {"DELETE", "accounts/{}", Role::admin, {}, Body::none, {}, remove_account},
    // Others' passwords are for admins: the answer looks.
    {"PUT", "accounts/{}/password", Role::viewer, {}, Body::known, kPassword, set_password},
});

// Empty if the path is another.
std::optional<std::vector<std::string>> names_in(std::string_view pattern,
                                                 std::span<const std::string> segments) {
  const std::vector<std::string> parts = base::split(pattern, '/');
  if (parts.size() != segments.size()) return std::nullopt;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "{}" && !segments[i].empty()) {
      names.push_back(segments[i]);
    } else if (parts[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return names;
}

}  // namespace

std::span<const Route> all_routes() { return kRoutes; }

Match find_route(std::string_view method, std::span<const std::string> segments) {
  if (method == "HEAD") method = "GET";
  Match match;
  for (const Route& route : kRoutes) {
    auto names = names_in(route.path, segments);
    if (!names) continue;
    if (route.method == method) return {&route, std::move(*names), {}};
    match.other_methods.push_back(route.method);
  }
  return match;
}

}  // namespace web
