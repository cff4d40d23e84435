#include "tests/unit/simulator/small_tenant.h"

#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/simulator/applications.h"

#include <stdexcept>

namespace test {

std::string Answer::code() const {
  const Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("error")) return "";
  return parsed["error"].is_object() ? parsed["error"].value("code", "")
                                     : parsed["error"].get<std::string>();
}

simulator::TenantPlan small_plan(std::uint64_t seed) {
  simulator::TenantPlan plan;
  plan.seed = seed;
  plan.mailboxes = 3;
  plan.items = 120;
  plan.bytes = 1'500'000;
  return plan;
}

SmallTenant::SmallTenant(const simulator::TenantPlan& plan) : tenant_(plan, clock_.now()) {
  // One client for all: it reads as well.
  tenant_.world()
      ->applications.at(simulator::kRestoreClientId)
      .roles.merge(std::set<std::string>{simulator::backup_roles()});
  use(simulator::kRestoreClientId);
}

std::string SmallTenant::sign_in(const std::string& client_id) {
  const std::string tenant = tenant_.world()->tenant_id;
  const std::string secret = tenant_.world()->applications.at(client_id).secrets.at(0);
  const Answer answer = login(
      tenant,
      base::text("grant_type=client_credentials&client_id=", client_id,
                 "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=", secret));
  if (answer.status != 200) throw std::runtime_error{answer.body};
  return answer.json()["access_token"].get<std::string>();
}

Answer SmallTenant::exchange(simulator::RequestHead head, std::string_view body) {
  simulator::Response response = tenant_.handle(std::move(head), body, clock_.now());
  Answer answer;
  answer.status = response.status;
  answer.reset = response.fault.reset;
  answer.body = simulator::whole_body(response);
  answer.headers = std::move(response.headers);
  return answer;
}

Answer SmallTenant::get(const std::string& target, simulator::Headers headers) {
  return send("GET", target, Json{}, std::move(headers));
}

Answer SmallTenant::send(const std::string& method, const std::string& target, const Json& body,
                         simulator::Headers headers) {
  const std::string origin = tenant_.world()->origins.graph;
  const std::string path =
      target.starts_with(origin) ? target.substr(origin.size()) : "/v1.0" + target;
  if (!token_.empty()) headers.emplace_back("Authorization", "Bearer " + token_);
  headers.emplace_back("Content-Type", "application/json");
  return exchange({simulator::Host::graph, method, path, std::move(headers)},
                  body.is_null() ? "" : body.dump());
}

Answer SmallTenant::login(const std::string& tenant, const std::string& form) {
  return exchange({simulator::Host::login,
                   "POST",
                   base::text("/", tenant, "/oauth2/v2.0/token"),
                   {{"Content-Type", "application/x-www-form-urlencoded"}}},
                  form);
}

Answer SmallTenant::import(const std::string& url, const std::string& body,
                           simulator::Headers headers) {
  const std::string origin = tenant_.world()->origins.import;
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("Content-Length", std::to_string(body.size()));
  return exchange({simulator::Host::import, "POST", url.substr(origin.size()), std::move(headers)},
                  body);
}

SmallTenant::Round SmallTenant::all_pages(const std::string& target, simulator::Headers headers) {
  Round round;
  std::string next = target;
  while (!next.empty()) {
    const Answer answer = get(next, headers);
    if (answer.status != 200) throw std::runtime_error{answer.body};
    const Json page = answer.json();
    for (const Json& element : page["value"]) round.elements.push_back(element);
    round.delta_link = page.value("@odata.deltaLink", "");
    next = page.value("@odata.nextLink", "");
    ++round.pages;
  }
  return round;
}

simulator::Mailbox& SmallTenant::mailbox() {
  auto world = tenant_.world();
  return *world->find_mailbox(world->directory.users.front().mailbox_id);
}

std::string SmallTenant::folder_path(std::string_view name) {
  return base::text(mailbox_path(), "/folders/",
                    base::percent_encode(mailbox().find_folder(name)->id));
}

std::string SmallTenant::session_url() {
  return send("POST", mailbox_path() + "/createImportSession", Json{})
      .json()["importUrl"]
      .get<std::string>();
}

std::string SmallTenant::import_body(std::string_view folder, base::ByteView stream) {
  return Json{{"FolderId", mailbox().find_folder(folder)->id},
              {"Mode", "create"},
              {"Data", base::base64_encode(stream)}}
      .dump();
}

}  // namespace test
