// Which requests there are below /api/v1, who may make them, and what answers them.
#pragma once

#include "web-status/access.h"
#include "web-status/accounts.h"
#include "web-status/appliance_view.h"
#include "web-status/http_message.h"
#include "web-status/parameters.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace web {

// What the answers are made from.
struct ApiParts {
  ApplianceView& view;
  Accounts& accounts;
  Access& access;
};

// One request, after all checks that need no knowledge of the route.
struct Call {
  const ApiParts& parts;
  const Request& request;
  Caller caller;
  std::vector<std::string> names;  // what stands in the path for "{...}"
  Parameters parameters;
  Fields fields;  // of the body
};

enum class Body : std::uint8_t {
  none,
  known,  // an object of the members that the route names
  any,    // an object; the appliance knows its members
};

struct Route {
  std::string_view method;
  std::string_view path;     // below /api/v1: "jobs/{}/report"
  std::optional<Role> role;  // at least; empty: answers nobodies, too, and checks by itself
  std::span<const std::string_view> parameters;
  Body body = Body::none;
  std::span<const std::string_view> members;
  Response (*answer)(Call& call);
};

// In the order of API.md.
std::span<const Route> all_routes();

struct Match {
  const Route* route = nullptr;  // none: no such path, or only with other methods
  std::vector<std::string> names;
  std::vector<std::string_view> other_methods;  // those that the path has
};
// HEAD is what GET is. `segments` begin after "api", "v1".
Match find_route(std::string_view method, std::span<const std::string> segments);

// The answers; what they refuse, they refuse by base::Error.
Response answer_status(Call& call);
Response answer_mailboxes(Call& call);
Response answer_mailbox(Call& call);
Response answer_snapshots(Call& call);
Response answer_items(Call& call);
Response answer_jobs(Call& call);
Response answer_job(Call& call);
Response answer_job_records(Call& call);
Response answer_job_report(Call& call);
Response answer_schedule(Call& call);
Response answer_storage(Call& call);
Response answer_retention(Call& call);
Response answer_alerts(Call& call);
Response answer_audit(Call& call);
Response answer_holds(Call& call);
Response answer_settings(Call& call);
Response answer_events(Call& call);

Response start_job(Call& call);
Response cancel_job(Call& call);
Response add_hold(Call& call);
Response remove_hold(Call& call);
Response send_test_alert(Call& call);

Response answer_session(Call& call);
Response log_in(Call& call);
Response log_out(Call& call);
Response answer_accounts(Call& call);
Response add_account(Call& call);
Response remove_account(Call& call);
Response set_password(Call& call);

}  // namespace web
