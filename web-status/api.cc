#include "web-status/api.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "web-status/answers.h"
#include "web-status/json.h"
#include "web-status/network_address.h"

#include <span>
#include <utility>
#include <variant>

namespace web {

namespace {

bool is_below_api(const Request& request) {
  const std::vector<std::string>& segments = request.target.segments;
  return segments.size() > 2 && segments[0] == "api" && segments[1] == "v1";
}

bool changes_something(const Request& request) {
  return request.method != "GET" && request.method != "HEAD";
}

Response not_found() {
  return error_answer(404, name(base::ErrorKind::not_found), "there is nothing at this address");
}

Response wrong_method(const std::vector<std::string_view>& methods) {
  Response response =
      error_answer(405, name(base::ErrorKind::usage), "this address does not take that method");
  const std::vector<std::string> allowed{methods.begin(), methods.end()};
  response.headers.emplace_back("Allow", base::enumerated(allowed));
  return response;
}

bool is_json(std::string_view content_type) {
  const std::string_view type = base::trim(content_type.substr(0, content_type.find(';')));
  return base::equals_ignoring_case(type, "application/json");
}

// Errors are Error(usage).
Fields members_of(const Request& request, const Route& route) {
  if (route.body == Body::none) {
    if (!request.body.empty() && !parse_object(request.body).empty()) {
      throw base::Error{base::ErrorKind::usage, "this request takes no members"};
    }
    return {};
  }
  Fields fields = parse_object(request.body);
  if (route.body == Body::known) check_members(fields, route.members);
  return fields;
}

Response denied(Role role) {
  return error_answer(403, name(base::ErrorKind::denied),
                      base::text("this needs an account with the role ", name(role)));
}

}  // namespace

Api::Api(ApplianceView& view, Accounts& accounts, Access& access, const Pages& pages)
    : parts_{view, accounts, access}, pages_(pages) {}

Response Api::answer(const Request& request) const {
  Response response;
  bool is_page = false;
  try {
    const std::vector<std::string>& segments = request.target.segments;
    is_page = segments.front() != "api" && pages_.has(segments);
    response = answer_unguarded(request);
  } catch (...) {
    const base::Error error = base::current_error();
    response = error_answer(error);
    if (response.status == 500) {
      base::log(base::LogLevel::error, "answering ", request.method, " /",
                request.target.segments.back(), ": ", error.what());
    }
  }
  add_security_headers(response, is_page ? Content::page : Content::data, request.is_tls);
  return response;
}

Response Api::answer_unguarded(const Request& request) const {
  const std::vector<std::string>& segments = request.target.segments;
  if (is_below_api(request)) {
    if (auto refusal = parts_.access.refuse_other_sites(request)) return std::move(*refusal);
    return answer_route(request);
  }
  const bool is_known =
      segments.size() == 1 &&
      (segments[0] == "healthz" || segments[0] == "readyz" || segments[0] == "metrics");
  if (!is_known && !pages_.has(segments)) return not_found();
  if (changes_something(request)) return wrong_method({"GET"});
  if (!is_known) return pages_.answer(request);
  if (segments[0] == "healthz") return text_answer("ok\n");
  return segments[0] == "readyz" ? answer_ready() : answer_metrics(request);
}

Response Api::answer_ready() const {
  const std::string problem = parts_.view.not_ready();
  if (problem.empty()) return text_answer("ready\n");
  return text_answer(problem + "\n", 503);
}

Response Api::answer_metrics(const Request& request) const {
  if (auto refusal = parts_.access.refuse_other_sites(request)) return std::move(*refusal);
  if (!is_loopback(request.peer)) {
    auto identified = parts_.access.identify(request);
    if (auto* response = std::get_if<Response>(&identified)) return std::move(*response);
  }
  Response response{200, {}, parts_.view.metrics()};
  response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

Response Api::answer_route(const Request& request) const {
  const std::span<const std::string> segments{request.target.segments};
  Match match = find_route(request.method, segments.subspan(2));
  if (match.route == nullptr) {
    return match.other_methods.empty() ? not_found() : wrong_method(match.other_methods);
  }
  const Route& route = *match.route;
  Caller caller;
  if (route.role) {
    auto identified = parts_.access.identify(request);
    if (auto* response = std::get_if<Response>(&identified)) return std::move(*response);
    caller = std::move(std::get<Caller>(identified));
    if (changes_something(request)) {
      if (auto refusal = Access::refuse_without_token(request, caller)) return std::move(*refusal);
    }
    if (caller.person.role < *route.role) return denied(*route.role);
  }
  if (!request.body.empty() && !is_json(request.header("content-type"))) {
    return error_answer(415, name(base::ErrorKind::usage),
                        "the body must be JSON: Content-Type: application/json");
  }
  Call call{parts_,
            request,
            std::move(caller),
            std::move(match.names),
            Parameters{request.target, route.parameters},
            members_of(request, route)};
  return route.answer(call);
}

}  // namespace web
