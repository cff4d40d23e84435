#include "web-status/answers.h"

#include "src/base/text.h"
#include "web-status/json.h"

#include <utility>

namespace web {

namespace {

int status_of(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::usage:
      return 400;
    case base::ErrorKind::denied:
      return 403;
    case base::ErrorKind::not_found:
      return 404;
    case base::ErrorKind::in_use:
      return 409;
    case base::ErrorKind::unavailable:
      return 503;
    default:
      return 500;
  }
}

std::string_view kind_of(int status) {
  switch (status) {
    case 500:
      return name(base::ErrorKind::failed);
    case 503:
      return name(base::ErrorKind::unavailable);
    default:
      return name(base::ErrorKind::usage);
  }
}

}  // namespace

Response json_answer(std::string json, int status) {
  return {status, {{"Content-Type", "application/json"}}, std::move(json)};
}

Response text_answer(std::string text, int status) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Response error_answer(int status, std::string_view kind, std::string_view message,
                      const std::vector<std::string>& context) {
  Response response = json_answer(to_json(Fields{{"type", "error"},
                                                 {"kind", std::string{kind}},
                                                 {"message", std::string{message}},
                                                 {"context", context}}),
                                  status);
  if (status == 503) response.headers.emplace_back("Retry-After", "2");
  return response;
}

Response error_answer(const base::Error& error) {
  return error_answer(status_of(error.kind()), name(error.kind()), error.message(),
                      error.context());
}

Response refusal_answer(int status, const std::string& message) {
  return error_answer(status, kind_of(status), message);
}

std::string list_of(std::string_view name, const Page& page) {
  std::size_t size_bytes = 0;
  for (const std::string& record : page.records) size_bytes += record.size() + 1;
  std::string list = base::text("{\"", name, "\":[");
  list.reserve(list.size() + size_bytes + 64);
  for (const std::string& record : page.records) {
    if (&record != &page.records.front()) list += ',';
    list += record;
  }
  list += base::text("],\"next\":", page.next ? to_json(Field{*page.next}) : "null",
                     ",\"total\":", page.total ? to_json(Field{*page.total}) : "null", "}");
  return list;
}

void add_security_headers(Response& response, Content content, bool is_tls) {
  Headers& headers = response.headers;
  headers.emplace_back("Content-Security-Policy",
                       "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
                       "form-action 'self'; object-src 'none'");
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("X-Frame-Options", "DENY");
  headers.emplace_back("Referrer-Policy", "no-referrer");
  headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  // Pages are asked for again each time, and told to be unchanged by their ETag.
  headers.emplace_back("Cache-Control", content == Content::data ? "no-store" : "no-cache");
  if (is_tls) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
}

}  // namespace web
