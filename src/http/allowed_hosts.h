// Where this appliance may send anything at all: the hosts its configuration names, and no others.
#pragma once

#include "src/http/transport.h"
#include "src/http/url.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace http {

// A value; empty allows nothing. https only, but for loopback hosts.
class AllowedHosts {
 public:
  // The scheme, host and port of `url`, exactly. Error(usage) unless it is a plain absolute URL, or
  // if it is http to another machine.
  void add_origin(std::string_view url);
  // "host" (any port) or "host:port". Error(usage) if it is neither.
  void add_host(std::string_view host);

  [[nodiscard]] bool allows(const Origin& origin) const;
  // Why nothing may be sent to `url`, naming the host; empty if it may.
  [[nodiscard]] std::optional<std::string> refusal(std::string_view url) const;

 private:
  std::vector<Origin> origins_;
  std::vector<HostAndPort> hosts_;
};

// Passes on what the rules allow; anything else throws Error(denied) before a byte is sent.
class GuardedTransport final : public Transport {
 public:
  // `next` outlives it.
  GuardedTransport(Transport& next, AllowedHosts allowed);

  Transfer perform(const Request& request, BodySink& sink, std::stop_token stop) override;

 private:
  Transport& next_;
  AllowedHosts allowed_;
};

}  // namespace http
