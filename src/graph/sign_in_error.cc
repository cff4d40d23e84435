#include "src/graph/sign_in_error.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/json.h"
#include "src/graph/service_error.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace graph {
namespace {

using Kind = SignInFailure::Kind;

struct KnownFailure {
  std::int64_t code;
  Kind kind;
  std::string_view advice;
};

constexpr std::string_view kCertificate =
    "the certificate is not registered with the app, or has expired: upload it under Certificates "
    "& secrets";
constexpr std::string_view kClock =
    "the signed assertion lies outside its time range: check this machine's clock (time "
    "synchronisation)";
constexpr std::string_view kConsent =
    "the app has no admin consent in this tenant: grant it under Enterprise applications, "
    "Permissions";
constexpr std::string_view kLater = "the login service is busy";
constexpr std::string_view kScope =
    "the scope was refused: check graph_url and login_url belong to one cloud";

constexpr std::array kKnown{
    KnownFailure{
        7000215, Kind::refused,
        "the client secret is wrong: put the secret's value, not its id, into client_secret_file"},
    KnownFailure{7000222, Kind::refused,
                 "the client secret has expired: make a new one under Certificates & secrets"},
    KnownFailure{700016, Kind::refused,
                 "the app is unknown in this tenant: check client_id and tenant_id, and that an "
                 "admin consented"},
    KnownFailure{90002, Kind::refused, "there is no such tenant: check tenant_id and login_url"},
    KnownFailure{900023, Kind::refused, "tenant_id is neither a GUID nor a verified domain"},
    KnownFailure{
        9001023, Kind::refused,
        "tenant_id must name the tenant: \"common\" and \"organizations\" do not fit an app"},
    KnownFailure{700027, Kind::refused, kCertificate},
    KnownFailure{50012, Kind::clock, kClock},
    KnownFailure{50013, Kind::clock, kClock},
    KnownFailure{500133, Kind::clock, kClock},
    KnownFailure{700024, Kind::clock, kClock},
    KnownFailure{65001, Kind::refused, kConsent},
    KnownFailure{650056, Kind::refused, kConsent},
    KnownFailure{650057, Kind::refused, kConsent},
    KnownFailure{70011, Kind::refused, kScope},
    KnownFailure{700022, Kind::refused, kScope},
    KnownFailure{500011, Kind::refused, kScope},
    KnownFailure{53003, Kind::refused,
                 "a conditional access policy blocks the app: exempt its service principal"},
    KnownFailure{90006, Kind::transient, kLater},
    KnownFailure{90012, Kind::transient, kLater},
    KnownFailure{90024, Kind::transient, kLater},
    KnownFailure{90033, Kind::transient, kLater},
    KnownFailure{90055, Kind::transient, kLater},
};

struct LoginAnswer {
  std::string error;
  std::string description;
  std::optional<std::int64_t> code;
};

LoginAnswer read_answer(std::string_view body) {
  LoginAnswer answer;
  try {
    const Json document = Json::parse(body);
    answer.error = bounded_text(document["error"].text_or_nothing(), 100);
    const std::string_view description = document["error_description"].text_or_nothing();
    // The rest (trace id, correlation id, timestamp) is of use to Microsoft only.
    const std::size_t end = std::min(description.find("Trace ID:"), description.size());
    answer.description = bounded_text(base::trim(description.substr(0, end)));
    const auto& codes = document["error_codes"].elements();
    if (!codes.empty()) answer.code = codes.front().integer();
  } catch (const base::Error&) {
    answer.description = bounded_text(body, 200);  // HTML, or a broken document
  }
  return answer;
}

Kind kind_of(int status, const LoginAnswer& answer, const KnownFailure* known) {
  if (known != nullptr) return known->kind;
  if (status >= 500 || status == 429) return Kind::transient;
  if (answer.error == "temporarily_unavailable" || answer.error == "server_error")
    return Kind::transient;
  return Kind::refused;
}

}  // namespace

SignInFailure explain_sign_in_failure(int status, std::string_view body) {
  const LoginAnswer answer = read_answer(body);
  const auto* known =
      answer.code
          ? std::find_if(kKnown.begin(), kKnown.end(),
                         [&](const KnownFailure& failure) { return failure.code == *answer.code; })
          : kKnown.end();
  if (known == kKnown.end()) known = nullptr;

  SignInFailure failure;
  failure.kind = kind_of(status, answer, known);
  std::string detail = answer.description;
  if (detail.empty()) detail = answer.error;
  if (detail.empty()) detail = base::text("status ", status);
  failure.message = known != nullptr ? base::text(known->advice, " (", detail, ")")
                                     : base::text("the login service refused: ", detail);
  return failure;
}

}  // namespace graph
