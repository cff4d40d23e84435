#include "src/base/text.h"
#include "tests/fuzz/targets.h"
#include "web-status/json.h"
#include "web-status/parameters.h"
#include "web-status/request_head.h"
#include "web-status/routes.h"

#include <algorithm>
#include <string>
#include <variant>

namespace fuzz {

namespace {

void check_head(const web::RequestHead& head, std::string_view text) {
  const web::HttpLimits limits;
  hold(text.find('\0') == std::string_view::npos, "an accepted head has no NUL");
  hold(head.headers.size() <= limits.headers && head.body_bytes <= limits.body_bytes,
       "what is accepted is within its limits");
  hold(std::ranges::count(head.headers, "host", &web::Headers::value_type::first) == 1,
       "an accepted head names one host");
  hold(std::ranges::count(head.headers, "transfer-encoding", &web::Headers::value_type::first) == 0,
       "bodies have a length");
  for (const auto& [name, value] : head.headers) {
    hold(!name.empty() && base::to_lower(name) == name, "names are in lower case");
    hold(value.find_first_of("\r\n") == std::string::npos, "a header is one line");
  }
  for (const std::string& segment : head.target.segments) {
    hold(segment != ".." && base::printable(segment) == segment, "segments are plain text");
  }
}

// Written again, the same parts are the same target.
void check_target(const web::Target& target) {
  std::string text;
  for (const std::string& segment : target.segments) text += "/" + base::percent_encode(segment);
  for (const auto& [name, value] : target.parameters) {
    text += base::text(text.find('?') == std::string::npos ? "?" : "&", base::percent_encode(name),
                       "=", base::percent_encode(value));
  }
  const auto again = web::parse_target(text, "");
  hold(again && again->segments == target.segments && again->parameters == target.parameters,
       "a target that is written again is the same");
}

void check_route(const web::RequestHead& head) {
  const web::Match match = web::find_route(head.method, head.target.segments);
  if (match.route == nullptr) return;
  unless_refused({base::ErrorKind::usage}, [&] {
    const web::Parameters parameters{head.target, match.route->parameters};
    const std::size_t limit = parameters.page().limit;
    hold(limit >= 1 && limit <= 1000, "a page has 1 to 1000 records");
    return limit;
  });
}

void check_body(std::string_view body) {
  const auto fields =
      unless_refused({base::ErrorKind::usage}, [&] { return web::parse_object(body); });
  if (!fields) return;
  const std::string line = web::to_json(*fields);
  hold(line.find('\n') == std::string::npos, "an object is one line");
  hold(web::parse_object(line) == *fields, "an object that is written again is the same");
}

}  // namespace

// A head as it comes from the network, and what follows it as a body.
void fuzz_web_request(base::ByteView input) {
  const std::string_view text = base::as_text(input);
  const web::HeadEnd end = web::find_head_end(text, 0);
  hold(end.size_bytes <= text.size(), "a head ends inside of what has come");
  hold(!end.is_broken || end.size_bytes == 0, "what is broken has no end");
  const std::string_view head_text = text.substr(0, end.size_bytes);
  check_body(text.substr(end.size_bytes));
  if (end.size_bytes == 0 || end.size_bytes > web::HttpLimits{}.header_bytes) return;
  const auto parsed = web::parse_head(head_text, {});
  if (const auto* refusal = std::get_if<web::Refusal>(&parsed)) {
    hold(refusal->status >= 400 && !refusal->message.empty(), "a refusal says why");
    return;
  }
  const auto& head = std::get<web::RequestHead>(parsed);
  check_head(head, head_text);
  check_target(head.target);
  check_route(head);
}

}  // namespace fuzz
