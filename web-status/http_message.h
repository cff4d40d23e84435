// A request and its answer as values.
#pragma once

#include "src/base/clock.h"
#include "web-status/text_source.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace web {

using Headers = std::vector<std::pair<std::string, std::string>>;

// What a request asks for, its escapes decoded: UTF-8 without control characters.
struct Target {
  std::vector<std::string> segments;  // "/api/v1/jobs" has three, "/" one that is empty
  std::vector<std::pair<std::string, std::string>> parameters;  // of the query, in their order
};

struct Request {
  std::string method;  // as it came: "GET"
  Target target;
  Headers headers;  // names in lower case
  std::string body;
  std::string peer;  // IP address of the other end
  bool is_tls = false;

  // Of several headers with the name (in lower case) the first; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// The connection stays open and gets every event that is published.
struct EventStream {
  // Asked with each heartbeat, on the server's own thread: must not wait. False ends the stream.
  std::function<bool()> still_allowed;
};

// Lives as long as the process.
struct StaticText {
  std::string_view text;
};

struct Response {
  int status = 200;
  Headers headers;  // without those that say how the body is framed
  std::variant<std::string, StaticText, TextSource, EventStream> body;
};

// "404 Not Found" for 404.
std::string status_line_text(int status);

// How a response is framed and ends.
struct Framing {
  bool keep_alive = false;
  bool is_chunked =
      false;  // whether what has no known length comes in chunks, or ends the connection
};

// Everything before the body, with the empty line.
std::string format_head(const Response& response, const Framing& framing, base::Instant now);

// For the header Date: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(base::Instant instant);

}  // namespace web
