// What a request says before its body, and whether it is one that every server would read alike.
//
// Forms that two servers in a row may read in two ways (request smuggling) are refused even where
// the standard tolerates them.
#pragma once

#include "web-status/http_message.h"
#include "web-status/http_settings.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace web {

// The answer to what is no acceptable request; the connection ends with it.
struct Refusal {
  int status = 400;
  std::string message;
};

struct RequestHead {
  std::string method;
  Target target;
  Headers headers;  // names in lower case
  std::uint64_t body_bytes = 0;
  bool keep_alive = false;
};

// Where the head ends that `received` begins with.
struct HeadEnd {
  std::size_t size_bytes = 0;  // 0: not all of it has come
  bool is_broken = false;      // it never will end as it should
};
// What was looked at before is not looked at again: `seen` bytes had come the time before.
HeadEnd find_head_end(std::string_view received, std::size_t seen);

// Line ends, control characters, folded lines and the request line; empty if nothing is wrong.
std::optional<Refusal> refusal_of_lines(std::string_view head);

// Host, length, encodings, expectations; `head.target` is not looked at.
std::optional<Refusal> refusal_of_headers(const RequestHead& head, const HttpLimits& limits);

// Empty if `target` is no path (or no URL of `host`) with properly escaped parts.
std::optional<Target> parse_target(std::string_view target, std::string_view host);

// All of it, by Boost.Beast's parser and the checks above; `head` ends with its empty line.
std::variant<RequestHead, Refusal> parse_head(std::string_view head, const HttpLimits& limits);

}  // namespace web
