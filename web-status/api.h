// Everything that the server answers: the API, the pages, and what watchdogs and monitors ask.
#pragma once

#include "web-status/access.h"
#include "web-status/accounts.h"
#include "web-status/appliance_view.h"
#include "web-status/http_message.h"
#include "web-status/pages.h"
#include "web-status/routes.h"

namespace web {

// Thread-safe.
class Api {
 public:
  // All outlive it.
  Api(ApplianceView& view, Accounts& accounts, Access& access, const Pages& pages);

  // Does not throw but for want of memory.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  [[nodiscard]] Response answer_unguarded(const Request& request) const;
  [[nodiscard]] Response answer_route(const Request& request) const;
  [[nodiscard]] Response answer_metrics(const Request& request) const;
  [[nodiscard]] Response answer_ready() const;

  ApiParts parts_;
  const Pages& pages_;
};

}  // namespace web
