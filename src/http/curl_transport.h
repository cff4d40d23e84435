// The real transport: libcurl, one multi handle on a thread of its own, connections kept and
// reused.
#pragma once

#include "src/base/clock.h"
#include "src/http/transport.h"

#include <cstddef>
#include <memory>
#include <string>

namespace http {

struct CurlSettings {
  std::string ca_file{};  // PEM; trusted besides the system's authorities. Empty: the system's only
  std::string user_agent = "coffer";
  base::Duration connect_timeout = std::chrono::seconds{30};  // TLS included
  // Each transfer keeps at most about twice this of its answer, and this of its request body.
  std::size_t buffer_bytes = 256 * 1024;
  std::size_t header_limit_bytes = 64 * 1024;  // of an answer's header fields together
};

// No proxy, no redirects, no cookies, no credentials from files; TLS 1.2 or newer, always verified;
// `http://` for loopback hosts only. Requests share connections by HTTP/2 where the server offers
// it, but for streams_answer and body_source, which take HTTP/1.1 (see Request). A request whose
// connection broke is reported, never repeated behind the caller's back once a byte of its body was
// sent.
//
// Error(usage) if `ca_file` cannot be read. Outlives all calls to perform().
std::unique_ptr<Transport> make_curl_transport(CurlSettings settings);

}  // namespace http
