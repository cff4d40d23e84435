#include "web-status/http_message.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace web {

std::string_view Request::header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, name, [](const auto& header) { return header.first; });
  return found == headers.end() ? std::string_view{} : found->second;
}

std::string status_line_text(int status) {
  static constexpr auto kPhrases = std::to_array<std::pair<int, std::string_view>>({
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  });
  const auto* found = std::ranges::find(kPhrases, status, &std::pair<int, std::string_view>::first);
  base::check(found != kPhrases.end(), "every status that is sent has its phrase");
  return base::text(status, " ", found->second);
}

namespace {

std::string two_digits(std::int64_t number) { return base::text(number < 10 ? "0" : "", number); }

}  // namespace

std::string format_http_date(base::Instant instant) {
  using namespace std::chrono;
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss time{floor<seconds>(instant - day)};
  return base::text(
      kDays.at(weekday{day}.c_encoding()), ", ", two_digits(static_cast<unsigned>(date.day())), " ",
      kMonths.at(static_cast<unsigned>(date.month()) - 1), " ", static_cast<int>(date.year()), " ",
      two_digits(time.hours().count()), ":", two_digits(time.minutes().count()), ":",
      two_digits(time.seconds().count()), " GMT");
}

namespace {

// Empty where the length is not known beforehand.
std::optional<std::size_t> length_of(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return text->size();
  if (const auto* fixed = std::get_if<StaticText>(&response.body)) return fixed->text.size();
  return std::nullopt;
}

}  // namespace

std::string format_head(const Response& response, const Framing& framing, base::Instant now) {
  std::string head = base::text("HTTP/1.1 ", status_line_text(response.status),
                                "\r\nDate: ", format_http_date(now), "\r\n");
  for (const auto& [name, value] : response.headers) {
    base::check(value.find_first_of("\r\n") == std::string::npos, "a header is one line");
    head += base::text(name, ": ", value, "\r\n");
  }
  const bool has_body = response.status != 204 && response.status != 304;
  if (const auto length = length_of(response); has_body && length) {
    head += base::text("Content-Length: ", *length, "\r\n");
  } else if (has_body && framing.is_chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  }
  if (!framing.keep_alive) head += "Connection: close\r\n";
  return head + "\r\n";
}

}  // namespace web
