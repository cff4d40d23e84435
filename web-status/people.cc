// Answers about sessions and accounts.
#include "src/base/error.h"
#include "src/base/text.h"
#include "web-status/answers.h"
#include "web-status/json.h"
#include "web-status/routes.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace web {

namespace {

Response session_answer(const Call& call, const Caller& caller) {
  const bool has_cookie = !caller.session_id.empty();
  return json_answer(
      to_json(Fields{{"type", "session"},
                     {"account", caller.person.account},
                     {"role", std::string{name(caller.person.role)}},
                     {"csrf_token", has_cookie ? Field{caller.csrf_token} : Field{nullptr}},
                     {"accounts", !call.parts.accounts.list().empty()}}));
}

Response with_cookie(Response response, std::string set_cookie) {
  response.headers.emplace_back("Set-Cookie", std::move(set_cookie));
  return response;
}

std::string record_of(const Account& account) {
  return to_json(Fields{{"type", "account"},
                        {"name", account.name},
                        {"role", std::string{name(account.role)}},
                        {"created", base::format_rfc3339(account.created)}});
}

}  // namespace

Response answer_session(Call& call) {
  auto identified = call.parts.access.identify(call.request);
  if (auto* response = std::get_if<Response>(&identified)) return std::move(*response);
  return session_answer(call, std::get<Caller>(identified));
}

Response log_in(Call& call) {
  auto login = call.parts.access.log_in(call.request, require_text(call.fields, "account"),
                                        require_text(call.fields, "password"));
  if (auto* response = std::get_if<Response>(&login)) return std::move(*response);
  auto& done = std::get<Access::Login>(login);
  return with_cookie(session_answer(call, done.caller), std::move(done.set_cookie));
}

Response log_out(Call& call) {
  auto identified = call.parts.access.identify(call.request);
  if (auto* response = std::get_if<Response>(&identified)) return std::move(*response);
  const Caller& caller = std::get<Caller>(identified);
  if (auto refusal = Access::refuse_without_token(call.request, caller)) return std::move(*refusal);
  return with_cookie({204, {}, std::string{}}, call.parts.access.log_out(call.request));
}

Response answer_accounts(Call& call) {
  Page page;
  for (const Account& account : call.parts.accounts.list()) {
    page.records.push_back(record_of(account));
  }
  return json_answer(list_of("accounts", part_of(std::move(page), call.parameters.page())));
}

Response add_account(Call& call) {
  const std::string name = require_text(call.fields, "name");
  const std::optional<Role> role = role_of(require_text(call.fields, "role"));
  if (!role) {
    throw base::Error{base::ErrorKind::usage,
                      "the member \"role\" takes one of: viewer, operator, admin"};
  }
  const Account account =
      call.parts.accounts.add(name, *role, require_text(call.fields, "password"));
  call.parts.view.note_account_change(call.caller.person, "add", account.name);
  return json_answer(record_of(account), 201);
}

Response remove_account(Call& call) {
  const std::string& name = call.names.front();
  // Without any account the web would be open to everybody on this machine: that is not decided
  // from afar.
  call.parts.accounts.remove(name, Accounts::Last::stays);
  call.parts.view.note_account_change(call.caller.person, "remove", name);
  return {204, {}, std::string{}};
}

Response set_password(Call& call) {
  const std::string& name = call.names.front();
  const bool is_own = call.caller.person.account == name;
  if (!is_own && call.caller.person.role < Role::admin) {
    throw base::Error{base::ErrorKind::denied, "others' passwords are for the role admin"};
  }
  const Account account =
      call.parts.accounts.set_password(name, require_text(call.fields, "password"));
  call.parts.view.note_account_change(call.caller.person, "password", name);
  // All sessions of the account have ended with its old password: this one begins anew.
  if (!is_own || call.caller.session_id.empty()) return json_answer(record_of(account));
  Access::Login login = call.parts.access.renew(call.request, account);
  return with_cookie(session_answer(call, login.caller), std::move(login.set_cookie));
}

}  // namespace web
