// Answers in the service's shapes.
#pragma once

#include "tests/simulator/json.h"
#include "tests/simulator/message.h"
#include "tests/simulator/refusal.h"

#include <string>
#include <string_view>

namespace simulator {

Response json_answer(int status, const Json& body);
Response empty_answer(int status);
Response text_answer(int status, std::string text);

// Graph's error body. `now` and the request's own id go into innerError.
Response error_answer(const Refusal& refusal, const Headers& request_headers, Instant now);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(Instant instant);
// Whole seconds, at least 1.
std::string retry_after_seconds(Duration duration);

}  // namespace simulator
