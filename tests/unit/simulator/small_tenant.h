// A small simulated tenant on virtual time, and the requests that tests send to it.
#pragma once

#include "tests/simulator/json.h"
#include "tests/simulator/tenant.h"
#include "tests/support/virtual_clock.h"

#include <string>
#include <string_view>

namespace test {

using simulator::Json;

struct Answer {
  int status = 0;
  simulator::Headers headers;
  std::string body;
  bool reset = false;

  [[nodiscard]] Json json() const { return Json::parse(body); }
  // "" if the body is not an error.
  [[nodiscard]] std::string code() const;
};

simulator::TenantPlan small_plan(std::uint64_t seed = 5);

class SmallTenant {
 public:
  explicit SmallTenant(const simulator::TenantPlan& plan = small_plan());

  // Signs in with the application's secret. Throws std::runtime_error if that fails.
  std::string sign_in(const std::string& client_id);
  // Signs in as the application with all rights, for all requests that follow.
  void use(const std::string& client_id) { token_ = sign_in(client_id); }
  void set_token(std::string token) { token_ = std::move(token); }

  // Graph; `target` below "/v1.0", or a whole URL of the tenant's Graph host.
  Answer get(const std::string& target, simulator::Headers headers = {});
  Answer send(const std::string& method, const std::string& target, const Json& body,
              simulator::Headers headers = {});
  Answer login(const std::string& tenant, const std::string& form);
  // `url` as createImportSession gave it.
  Answer import(const std::string& url, const std::string& body, simulator::Headers headers = {});

  // Follows nextLinks from `target`; all elements, and the deltaLink if there is one.
  struct Round {
    std::vector<Json> elements;
    std::string delta_link;
    std::size_t pages = 0;
  };
  Round all_pages(const std::string& target, simulator::Headers headers = {});

  // The first mailbox.
  simulator::Mailbox& mailbox();
  std::string mailbox_path() { return "/admin/exchange/mailboxes/" + mailbox().id(); }
  std::string folder_path(std::string_view name);
  std::string session_url();
  // An import's body. The stream goes into the named folder of the first mailbox.
  std::string import_body(std::string_view folder, base::ByteView stream);

  simulator::Tenant& tenant() { return tenant_; }
  VirtualClock& clock() { return clock_; }
  [[nodiscard]] const std::string& token() const { return token_; }

 private:
  Answer exchange(simulator::RequestHead head, std::string_view body);

  VirtualClock clock_;
  simulator::Tenant tenant_;
  std::string token_;
};

}  // namespace test
