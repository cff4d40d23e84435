#include "tests/simulator/token_endpoint.h"

#include "src/base/random.h"
#include "src/base/text.h"
#include "tests/simulator/answers.h"
#include "tests/simulator/assertion.h"
#include "tests/simulator/query.h"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::string_view kScope = "https://graph.microsoft.com/.default";
constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// The body of a form is written like a query.
class Form {
 public:
  explicit Form(std::string_view body) : fields_(parse_target("?" + std::string{body})) {}

  [[nodiscard]] std::string field(std::string_view name) const {
    return fields_.parameter(name).value_or("");
  }
  [[nodiscard]] std::string required(std::string_view name) const {
    std::string value = field(name);
    if (value.empty()) {
      throw LoginError{
          400, "invalid_request", 900144,
          base::text("The request body must contain the following parameter: '", name, "'.")};
    }
    return value;
  }

 private:
  Target fields_;
};

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

void check_tenant(const World& world, const std::string& tenant) {
  if (base::equals_ignoring_case(tenant, world.tenant_id) ||
      base::equals_ignoring_case(tenant, world.domain)) {
    return;
  }
  if (tenant == "common" || tenant == "organizations" || tenant == "consumers") {
    throw LoginError{400, "invalid_request", 9001023,
                     "The grant type is not supported over the /common or /consumers endpoints."};
  }
  if (tenant.find('.') == std::string::npos && tenant.size() != 36) {
    throw LoginError{400, "invalid_request", 900023,
                     base::text("Specified tenant identifier '", tenant,
                                "' is neither a valid DNS name, nor a valid external domain.")};
  }
  throw LoginError{400, "invalid_request", 90002, base::text("Tenant '", tenant, "' not found.")};
}

void check_scope(const std::string& scope) {
  if (scope == kScope) return;
  const std::vector<std::string> scopes = base::split(scope, ' ');
  if (scopes.size() > 1) {
    throw LoginError{400, "invalid_scope", 700022,
                     "The provided value for scope is not valid: several resources."};
  }
  if (scope.ends_with("/.default")) {
    throw LoginError{400, "invalid_resource", 500011,
                     base::text("The resource principal named ", scope.substr(0, scope.size() - 9),
                                " was not found in the tenant.")};
  }
  throw LoginError{
      400, "invalid_scope", 70011,
      base::text("The provided value for the input parameter 'scope' is not valid: ", scope)};
}

void check_secret(const Application& application, const std::string& secret) {
  if (contains(application.secrets, secret)) return;
  if (contains(application.expired_secrets, secret)) {
    throw LoginError{401, "invalid_client", 7000222,
                     "The provided client secret keys are expired."};
  }
  throw LoginError{401, "invalid_client", 7000215,
                   "Invalid client secret provided. Ensure the secret being sent in the request is "
                   "the client secret value, not the client secret ID."};
}

std::string token_url(const World& world, const std::string& tenant) {
  return base::text(world.origins.login, "/", tenant, "/oauth2/v2.0/token");
}

Response issue_token(World& world, const RequestHead& head, const std::string& tenant,
                     std::string_view body, Instant wall_now, Instant now) {
  check_tenant(world, tenant);
  const std::string type{find_header(head.headers, "Content-Type").value_or("")};
  if (!base::to_lower(type).starts_with("application/x-www-form-urlencoded")) {
    throw LoginError{400, "invalid_request", 900144, "The body is not a form."};
  }
  const Form form{body};
  const std::string grant = form.required("grant_type");
  if (grant != "client_credentials") {
    throw LoginError{400, "unsupported_grant_type", 70003, "The grant type is not supported."};
  }
  const std::string client_id = form.required("client_id");
  check_scope(form.required("scope"));
  const auto found = world.applications.find(client_id);
  if (found == world.applications.end()) {
    throw LoginError{400, "unauthorized_client", 700016,
                     base::text("Application with identifier '", client_id,
                                "' was not found in the directory.")};
  }
  const Application& application = found->second;
  if (const std::string assertion = form.field("client_assertion"); !assertion.empty()) {
    if (form.field("client_assertion_type") != kAssertionType) {
      throw LoginError{400, "invalid_request", 900144, "The client_assertion_type is not known."};
    }
    check_assertion(assertion, application, token_url(world, tenant), wall_now,
                    world.seen_assertions);
  } else if (const std::string secret = form.field("client_secret"); !secret.empty()) {
    check_secret(application, secret);
  } else {
    throw LoginError{401, "invalid_client", 7000218,
                     "The request body must contain: 'client_assertion' or 'client_secret'."};
  }
  const Instant expires = now + world.lifetimes.access_token;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(world.lifetimes.access_token).count();
  const std::string token = world.sealer.seal("access", {{"app", client_id},
                                                         {"roles", application.roles},
                                                         {"exp", base::to_milliseconds(expires)},
                                                         {"generation", world.token_generation},
                                                         {"number", ++world.request_number}});
  return json_answer(200, {{"token_type", "Bearer"},
                           {"expires_in", seconds},
                           {"ext_expires_in", seconds},
                           {"access_token", token}});
}

Response discovery(const World& world, const std::string& tenant) {
  const std::string base_url = base::text(world.origins.login, "/", tenant);
  return json_answer(200,
                     {{"token_endpoint", token_url(world, tenant)},
                      {"token_endpoint_auth_methods_supported",
                       {"client_secret_post", "private_key_jwt", "client_secret_basic"}},
                      {"jwks_uri", base_url + "/discovery/v2.0/keys"},
                      {"response_types_supported", {"code", "id_token"}},
                      {"subject_types_supported", {"pairwise"}},
                      {"id_token_signing_alg_values_supported", {"RS256"}},
                      {"scopes_supported", {"openid", "profile", "email", "offline_access"}},
                      {"issuer", base::text(world.origins.login, "/", world.tenant_id, "/v2.0")},
                      {"authorization_endpoint", base_url + "/oauth2/v2.0/authorize"},
                      {"tenant_region_scope", "EU"}});
}

Response login_error_answer(const LoginError& error, Instant now) {
  const std::string trace = base::new_uuid();
  const std::string correlation = base::new_uuid();
  std::string time = base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(now));
  std::replace(time.begin(), time.end(), 'T', ' ');
  return json_answer(
      error.status(),
      {{"error", error.error()},
       {"error_description",
        base::text("AADSTS", error.code(), ": ", error.what(), " Trace ID: ", trace,
                   " Correlation ID: ", correlation, " Timestamp: ", time)},
       {"error_codes", {error.code()}},
       {"timestamp", time},
       {"trace_id", trace},
       {"correlation_id", correlation},
       {"error_uri", base::text("https://login.microsoftonline.com/error?code=", error.code())}});
}

}  // namespace

Response answer_login(World& world, const RequestHead& head, std::string_view body,
                      Instant wall_now, Instant now) {
  try {
    const Target target = parse_target(head.target);
    const std::vector<std::string>& path = target.segments;
    if (path.size() == 4 && path[1] == "oauth2" && path[2] == "v2.0" && path[3] == "token") {
      if (head.method != "POST") {
        throw LoginError{405, "invalid_request", 900561, "The endpoint only accepts POST."};
      }
      return issue_token(world, head, path[0], body, wall_now, now);
    }
    if (path.size() == 4 && path[1] == "v2.0" && path[2] == ".well-known" &&
        path[3] == "openid-configuration") {
      check_tenant(world, path[0]);
      return discovery(world, path[0]);
    }
    if (path.size() == 4 && path[1] == "discovery" && path[3] == "keys") {
      return json_answer(200, {{"keys", Json::array()}});
    }
    return empty_answer(404);
  } catch (const LoginError& error) {
    return login_error_answer(error, wall_now);
  }
}

std::optional<AccessToken> check_access_token(const World& world,
                                              std::optional<std::string_view> authorization,
                                              Instant now) {
  constexpr std::string_view kScheme = "bearer ";
  if (!authorization ||
      !base::to_lower(authorization->substr(0, kScheme.size())).starts_with(kScheme)) {
    return std::nullopt;
  }
  const auto content = world.sealer.open("access", authorization->substr(kScheme.size()));
  if (!content || (*content)["exp"].get<std::int64_t>() <= base::to_milliseconds(now) ||
      (*content)["generation"].get<std::uint64_t>() != world.token_generation) {
    return std::nullopt;
  }
  return AccessToken{(*content)["app"].get<std::string>(),
                     (*content)["roles"].get<std::set<std::string>>()};
}

}  // namespace simulator
