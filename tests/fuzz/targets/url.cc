#include "src/http/url.h"

#include "src/base/text.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_url(base::ByteView input) {
  const std::string_view text = base::as_text(input);
  if (const auto url = http::parse_url(text)) {
    hold(url->target.starts_with('/'), "a target begins with a slash");
    hold(base::to_lower(url->origin.host) == url->origin.host, "a host is in lower case");
    hold(url->origin.host.find_first_of("@/\\#?% \t\r\n") == std::string::npos,
         "a host is nothing but a host");
    const auto again = http::parse_url(url->origin.text() + url->target);
    hold(again && again->origin == url->origin && again->target == url->target,
         "a URL that is written again leads to the same place");
    hold(url->without_query().find('?') == std::string::npos, "a query may hold tokens");
  }
  if (const auto place = http::parse_host_and_port(text)) {
    const bool is_v6 = place->host.find(':') != std::string::npos;
    std::string printed = is_v6 ? base::text("[", place->host, "]") : place->host;
    if (place->port) printed += base::text(":", *place->port);
    const auto again = http::parse_host_and_port(printed);
    hold(again && again->host == place->host && again->port == place->port,
         "a host that is written again is the same");
  }
}

}  // namespace fuzz
