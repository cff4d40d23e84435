// Who asks, and whether from a place that may: accounts, sessions, passwords and sites.
#pragma once

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/synchronized.h"
#include "web-status/accounts.h"
#include "web-status/appliance_view.h"
#include "web-status/http_message.h"
#include "web-status/login_throttle.h"
#include "web-status/sessions.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace web {

struct Caller {
  Person person;
  std::optional<base::Sha256> seal;  // of the account; empty where none is needed
  std::string session_id;            // of those with a cookie
  std::string csrf_token;            // of that session
};

// Thread-safe.
class Access {
 public:
  // `address` is what the server listens on. All outlive the access.
  Access(Accounts& accounts, Sessions& sessions, ApplianceView& view, const base::Clock& clock,
         std::string address);

  // The answer to what another site may have made a browser send; empty if there is no such sign.
  [[nodiscard]] std::optional<Response> refuse_other_sites(const Request& request) const;
  // The answer to a change that a cookie speaks for, but not the page it belongs to.
  [[nodiscard]] static std::optional<Response> refuse_without_token(const Request& request,
                                                                    const Caller& caller);

  // By HTTP Basic, a cookie, or from this machine while there are no accounts. The answer is for
  // whoever is nobody.
  [[nodiscard]] std::variant<Caller, Response> identify(const Request& request);
  // Whether somebody who was let in some time ago still would be. Does not throw.
  [[nodiscard]] bool is_still_welcome(const Caller& caller) const noexcept;

  // False where somebody on this machine may do all, as there are no accounts.
  [[nodiscard]] bool needs_account(const Request& request) const;

  struct Login {
    Caller caller;
    std::string set_cookie;
  };
  [[nodiscard]] std::variant<Login, Response> log_in(const Request& request,
                                                     const std::string& account,
                                                     const std::string& password);
  // A new session for somebody who is known already.
  [[nodiscard]] Login renew(const Request& request, const Account& account);
  // The cookie that takes the cookie away.
  std::string log_out(const Request& request);

 private:
  struct Remembered {
    base::Sha256 seal;
    base::Duration until;
  };

  [[nodiscard]] std::variant<Account, Response> check_password(const Request& request,
                                                               const std::string& name,
                                                               const std::string& password);
  [[nodiscard]] std::variant<Caller, Response> by_password(const Request& request,
                                                           std::string_view credentials);
  [[nodiscard]] base::Sha256 memory_key(const std::string& name, const std::string& password) const;
  [[nodiscard]] bool is_remembered(const base::Sha256& key, const std::string& name) const;
  void remember(const base::Sha256& key, const Account& account);

  Accounts& accounts_;
  Sessions& sessions_;
  ApplianceView& view_;
  const base::Clock& clock_;
  const std::string address_;
  const std::string memory_secret_ = new_token();
  base::Synchronized<LoginThrottle> throttle_;
  // Passwords that were right lately, so that a script does not cost a hashing each time.
  base::Synchronized<std::map<base::Sha256, Remembered>> remembered_;
};

}  // namespace web
