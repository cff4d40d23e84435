#include "src/http/allowed_hosts.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>

namespace http {
namespace {

bool is_encrypted_or_local(const Origin& origin) {
  return origin.scheme == "https" || origin.is_loopback();
}

}  // namespace

void AllowedHosts::add_origin(std::string_view url) {
  auto parsed = parse_url(url);
  if (!parsed) {
    throw base::Error{base::ErrorKind::usage, base::text("\"", base::printable(url),
                                                         "\" is not a plain http or https URL")};
  }
  if (!is_encrypted_or_local(parsed->origin)) {
    throw base::Error{
        base::ErrorKind::usage,
        base::text(parsed->origin.text(), " must be https: http is for loopback addresses only")};
  }
  origins_.push_back(std::move(parsed->origin));
}

void AllowedHosts::add_host(std::string_view host) {
  auto parsed = parse_host_and_port(host);
  if (!parsed) {
    throw base::Error{
        base::ErrorKind::usage,
        base::text("\"", base::printable(host), "\" is neither \"host\" nor \"host:port\"")};
  }
  hosts_.push_back(std::move(*parsed));
}

bool AllowedHosts::allows(const Origin& origin) const {
  if (!is_encrypted_or_local(origin)) return false;
  if (std::find(origins_.begin(), origins_.end(), origin) != origins_.end()) return true;
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const HostAndPort& allowed) {
    return allowed.host == origin.host && (!allowed.port || *allowed.port == origin.port);
  });
}

std::optional<std::string> AllowedHosts::refusal(std::string_view url) const {
  const auto parsed = parse_url(url);
  if (!parsed) return shown_origin(url);
  if (allows(parsed->origin)) return std::nullopt;
  if (!is_encrypted_or_local(parsed->origin)) {
    return base::text(parsed->origin.text(), " is not encrypted and not on this machine");
  }
  return base::text("the configuration does not name the host ", parsed->origin.text());
}

GuardedTransport::GuardedTransport(Transport& next, AllowedHosts allowed)
    : next_(next), allowed_(std::move(allowed)) {}

Transfer GuardedTransport::perform(const Request& request, BodySink& sink, std::stop_token stop) {
  if (auto refusal = allowed_.refusal(request.url)) {
    throw base::Error{base::ErrorKind::denied, base::text("nothing was sent: ", *refusal)};
  }
  return next_.perform(request, sink, std::move(stop));
}

}  // namespace http
