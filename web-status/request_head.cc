#include "web-status/request_head.h"

#include "src/base/text.h"

#include <algorithm>

namespace web {

HeadEnd find_head_end(std::string_view received, std::size_t seen) {
  // A line end may have been cut, and the empty line is three characters longer.
  std::size_t position = seen < 3 ? 0 : seen - 3;
  while ((position = received.find('\n', position)) != std::string_view::npos) {
    if (position == 0 || received[position - 1] != '\r') return {.is_broken = true};
    if (position >= 3 && received.substr(position - 3, 4) == "\r\n\r\n") {
      return {.size_bytes = position + 1};
    }
    ++position;
  }
  return {};
}

namespace {

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return (code < 0x20 && c != '\t') || code == 0x7f;
}

std::optional<Refusal> refusal_of_request_line(std::string_view line) {
  const std::vector<std::string> words = base::split(line, ' ');
  if (words.size() != 3 || words[0].empty() || words[1].empty()) {
    return Refusal{400, "the request line is not METHOD TARGET VERSION"};
  }
  if (words[2] != "HTTP/1.1") {
    return words[2].starts_with("HTTP/") ? Refusal{505, "this server speaks HTTP/1.1 only"}
                                         : Refusal{400, "the request line names no version"};
  }
  return std::nullopt;
}

std::optional<std::string> decoded(std::string_view escaped) {
  std::optional<std::string> plain = base::percent_decode(escaped);
  if (!plain || base::printable(*plain) != *plain) return std::nullopt;
  return plain;
}

std::optional<std::string> decoded_parameter(std::string_view escaped) {
  std::string spaced{escaped};
  std::ranges::replace(spaced, '+', ' ');
  return decoded(spaced);
}

std::size_t count(const Headers& headers, std::string_view name) {
  return static_cast<std::size_t>(
      std::ranges::count(headers, name, [](const auto& header) { return header.first; }));
}

// Of the first one; empty if there is none.
std::string_view value_of(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Headers::value_type::first);
  return found == headers.end() ? std::string_view{} : found->second;
}

}  // namespace

std::optional<Refusal> refusal_of_lines(std::string_view head) {
  bool is_first = true;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return Refusal{400, "a line does not end as it should"};
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (std::ranges::any_of(line, is_control)) {
      return Refusal{400, "there is a control character before the body"};
    }
    if (is_first) {
      if (auto refusal = refusal_of_request_line(line)) return refusal;
    } else if (line.starts_with(' ') || line.starts_with('\t')) {
      return Refusal{400, "a header goes on in the next line"};
    }
    is_first = false;
  }
  return std::nullopt;
}

std::optional<Refusal> refusal_of_headers(const RequestHead& head, const HttpLimits& limits) {
  if (head.headers.size() > limits.headers) return Refusal{431, "there are too many headers"};
  if (count(head.headers, "host") != 1) return Refusal{400, "there is not exactly one header Host"};
  if (count(head.headers, "transfer-encoding") > 0) {
    return Refusal{411, "bodies are taken with a Content-Length only"};
  }
  if (count(head.headers, "content-length") > 1) {
    return Refusal{400, "there is more than one Content-Length"};
  }
  // Not even a list of the same number, which the standard has a server repair.
  const std::string_view length = value_of(head.headers, "content-length");
  if (length.find_first_not_of("0123456789") != std::string_view::npos) {
    return Refusal{400, "Content-Length is no number"};
  }
  if (count(head.headers, "expect") > 0) {
    return Refusal{417, "send the body without waiting to be asked for it"};
  }
  if (head.body_bytes > limits.body_bytes) {
    return Refusal{413, base::text("bodies are taken up to ", limits.body_bytes, " bytes")};
  }
  if (head.body_bytes > 0 && (head.method == "GET" || head.method == "HEAD")) {
    return Refusal{400, base::text(head.method, " takes no body")};
  }
  return std::nullopt;
}

std::optional<Target> parse_target(std::string_view target, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    if (!base::equals_ignoring_case(target.substr(0, end), host)) return std::nullopt;
    target.remove_prefix(end);
    break;
  }
  if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return std::nullopt;
  const std::size_t mark = target.find('?');
  Target parsed;
  for (const std::string& segment : base::split(target.substr(1, mark - 1), '/')) {
    auto plain = decoded(segment);
    if (!plain || *plain == "." || *plain == "..") return std::nullopt;
    parsed.segments.push_back(std::move(*plain));
  }
  if (mark == std::string_view::npos || mark + 1 == target.size()) return parsed;
  for (const std::string& pair : base::split(target.substr(mark + 1), '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded_parameter(std::string_view{pair}.substr(0, equals));
    auto value =
        decoded_parameter(std::string_view{pair}.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || name->empty()) return std::nullopt;
    parsed.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parsed;
}

}  // namespace web
