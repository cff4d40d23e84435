#include "src/graph/service_error.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/http/url.h"

#include <algorithm>

namespace graph {

std::string bounded_text(std::string_view foreign, std::size_t limit) {
  // Cut before it is made printable: a character that the cut splits becomes a replacement.
  const bool cut = foreign.size() > limit;
  std::string result = base::printable(foreign.substr(0, limit));
  if (cut) result += "...";
  return result;
}

bool ServiceError::is_any_of(std::initializer_list<std::string_view> codes) const {
  return std::any_of(codes.begin(), codes.end(), [&](std::string_view wanted) {
    return base::equals_ignoring_case(code, wanted) ||
           std::any_of(inner_codes.begin(), inner_codes.end(), [&](const std::string& inner) {
             return base::equals_ignoring_case(inner, wanted);
           });
  });
}

bool ServiceError::says_request_unread() const {
  return message.find("IO error during request payload read") != std::string::npos;
}

std::string ServiceError::text() const {
  if (code.empty()) return message;
  return message.empty() ? code : base::text(code, ": ", message);
}

ServiceError service_error_from(const Json& error) {
  constexpr std::size_t kLongestCode = 100;
  ServiceError result;
  result.code = bounded_text(error.member_ignoring_case("code").text_or_nothing(), kLongestCode);
  result.message = bounded_text(error.member_ignoring_case("message").text_or_nothing());
  const Json* inner = &error.member_ignoring_case("innerError");
  while (inner->is_object()) {
    const auto code = inner->member_ignoring_case("code").text_or_nothing();
    if (!code.empty()) result.inner_codes.push_back(bounded_text(code, kLongestCode));
    inner = &inner->member_ignoring_case("innerError");
  }
  return result;
}

ServiceError parse_service_error(std::string_view body) {
  ServiceError result;
  if (base::trim(body).empty()) return result;
  try {
    const Json document = Json::parse(body);
    const Json& error = document.member_ignoring_case("error");
    if (error.is_object()) return service_error_from(error);
    // The login host's form, and the import host's.
    result.code = bounded_text(error.text_or_nothing(), 100);
    result.message =
        bounded_text(document.member_ignoring_case("error_description").text_or_nothing());
    if (result.message.empty()) {
      result.message = bounded_text(document.member_ignoring_case("message").text_or_nothing());
    }
  } catch (const base::Error&) {
    // HTML or a cut body: its beginning is the best there is to show.
    result.message = bounded_text(body, 200);
  }
  return result;
}

ServiceError refusal_in(const http::ResponseHead& head, std::string_view body) {
  if (!is_redirect(head.status)) return parse_service_error(body);
  const auto location = head.header("Location");
  ServiceError result;
  result.code = "Redirect";
  result.message = base::text("a redirect (", head.status, ") to ",
                              http::shown_origin(location.value_or("")), ", which is not followed");
  return result;
}

}  // namespace graph
