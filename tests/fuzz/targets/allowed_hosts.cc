#include "src/http/allowed_hosts.h"

#include "src/base/text.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

// Lines: rules, and last the URL that is asked about.
void fuzz_allowed_hosts(base::ByteView input) {
  std::vector<std::string> lines = base::split(base::as_text(input), '\n');
  const std::string url = std::move(lines.back());
  lines.pop_back();
  http::AllowedHosts allowed;
  for (const std::string& line : lines) {
    static_cast<void>(unless_refused({base::ErrorKind::usage}, [&] {
      line.find('/') == std::string::npos ? allowed.add_host(line) : allowed.add_origin(line);
      return true;
    }));
  }
  const auto refusal = allowed.refusal(url);
  const auto parsed = http::parse_url(url);
  hold(refusal.has_value() == !(parsed && allowed.allows(parsed->origin)),
       "what is refused is what is not allowed");
  if (refusal) {
    hold(!refusal->empty(), "a refusal says why");
    return;
  }
  hold(parsed->origin.scheme == "https" || parsed->origin.is_loopback(),
       "nothing leaves this machine in the clear");
  const auto names = [&](const std::string& line) {
    const auto origin = http::parse_url(line);
    const auto host = http::parse_host_and_port(line);
    return (origin && origin->origin == parsed->origin) ||
           (host && host->host == parsed->origin.host);
  };
  hold(std::ranges::any_of(lines, names), "only what a rule names is allowed");
}

}  // namespace fuzz
