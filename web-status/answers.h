// The forms that answers take: JSON, errors, and the headers that all of them have.
#pragma once

#include "src/base/error.h"
#include "web-status/appliance_view.h"
#include "web-status/http_message.h"

#include <string>
#include <string_view>
#include <vector>

namespace web {

Response json_answer(std::string json, int status = 200);
Response text_answer(std::string text, int status = 200);

// {"type":"error",...}
Response error_answer(int status, std::string_view kind, std::string_view message,
                      const std::vector<std::string>& context = {});
// With the status that its kind stands for.
Response error_answer(const base::Error& error);

// What never reaches a route: malformed, too large, too many.
Response refusal_answer(int status, const std::string& message);

// {"NAME":[...],"next":...,"total":...}
std::string list_of(std::string_view name, const Page& page);

enum class Content : std::uint8_t { page, data };
// What tells browsers to trust nothing but this server's own files.
void add_security_headers(Response& response, Content content, bool is_tls);

}  // namespace web
