// Answers that have the appliance do something.
#include "src/base/error.h"
#include "src/base/text.h"
#include "web-status/answers.h"
#include "web-status/routes.h"

#include <algorithm>
#include <array>

namespace web {

Role role_for_job(const std::string& command) {
  static constexpr std::array<std::string_view, 4> kForOperators{"backup", "restore", "check",
                                                                 "drill"};
  return std::ranges::find(kForOperators, command) != kForOperators.end() ? Role::operate
                                                                          : Role::admin;
}

Response start_job(Call& call) {
  const std::string command = require_text(call.fields, "command");
  if (call.caller.person.role < role_for_job(command)) {
    throw base::Error{base::ErrorKind::denied, base::text("this needs an account with the role ",
                                                          name(role_for_job(command)))};
  }
  return json_answer(call.parts.view.start_job(call.caller.person, call.fields), 202);
}

Response cancel_job(Call& call) {
  return json_answer(call.parts.view.cancel_job(call.caller.person, call.names.front()));
}

Response add_hold(Call& call) {
  require_text(call.fields, "subject");
  require_text(call.fields, "reason");
  return json_answer(call.parts.view.add_hold(call.caller.person, call.fields), 201);
}

Response remove_hold(Call& call) {
  require_text(call.fields, "reason");
  call.parts.view.remove_hold(call.caller.person, call.names.front(), call.fields);
  return {204, {}, std::string{}};
}

Response send_test_alert(Call& call) {
  return json_answer(call.parts.view.send_test_alert(call.caller.person));
}

}  // namespace web
