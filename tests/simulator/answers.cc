#include "tests/simulator/answers.h"

#include "src/base/random.h"
#include "src/base/text.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>

namespace simulator {

Response json_answer(int status, const Json& body) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type",
                       "application/json;odata.metadata=minimal;odata.streaming=true;"
                       "IEEE754Compatible=false;charset=utf-8"}};
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

Response empty_answer(int status) {
  Response response;
  response.status = status;
  return response;
}

Response text_answer(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain"}};
  response.body = std::move(text);
  return response;
}

Response error_answer(const Refusal& refusal, const Headers& request_headers, Instant now) {
  Response response = empty_answer(refusal.status());
  if (!refusal.code().empty()) {
    const std::string request_id{find_header(request_headers, "client-request-id").value_or("")};
    const std::string own_id = base::new_uuid();
    response = json_answer(
        refusal.status(),
        {{"error",
          {{"code", refusal.code()},
           {"message", refusal.message()},
           {"innerError",
            {{"date", base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(now))},
             {"request-id", own_id},
             {"client-request-id", request_id.empty() ? own_id : request_id}}}}}});
  }
  response.headers.insert(response.headers.end(), refusal.headers().begin(),
                          refusal.headers().end());
  return response;
}

std::string http_date(Instant instant) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(instant));
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(seconds));
}

std::string retry_after_seconds(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return std::to_string(std::max<std::int64_t>(1, seconds));
}

}  // namespace simulator
