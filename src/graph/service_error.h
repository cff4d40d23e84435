// What an answer of the service that is not a success says, in all the shapes it comes in.
#pragma once

#include "src/graph/json.h"
#include "src/http/transport.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace graph {

struct ServiceError {
  std::string code;     // the outermost; empty if the body named none
  std::string message;  // printable and bounded; may be empty
  std::vector<std::string> inner_codes;

  // Whether the code, or one nested in it, is among `codes`, without regard to case.
  [[nodiscard]] bool is_any_of(std::initializer_list<std::string_view> codes) const;
  // The service says that it could not read the request: a fault on the way, and nothing was done.
  [[nodiscard]] bool says_request_unread() const;
  // "ErrorItemNotFound: The specified object was not found"
  [[nodiscard]] std::string text() const;
};

inline bool is_redirect(int status) { return status >= 300 && status < 400; }

// Takes {"error":{"code","message","innerError":{...}}}, {"Message":...}, empty bodies and HTML.
// Never throws for what the text says.
ServiceError parse_service_error(std::string_view body);
// The same of a whole answer; of a redirect, which is never followed, where it leads.
ServiceError refusal_in(const http::ResponseHead& head, std::string_view body);
// From the value of an "error" member.
ServiceError service_error_from(const Json& error);

// Foreign text for messages and logs: printable, and at most a few hundred characters.
std::string bounded_text(std::string_view foreign, std::size_t limit = 400);

}  // namespace graph
