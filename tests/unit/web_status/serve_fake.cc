// serve_fake [tls]: the whole web server over an appliance that is none, on a free port, until its
// standard input ends. The first line that it prints is its URL.
#include "tests/unit/web_status/fake_appliance.h"
#include "tests/unit/web_status/running_server.h"
#include "web-status/web_server.h"

#include <cstdio>
#include <exception>
#include <string_view>

namespace {

constexpr std::size_t kStatusBytes = 200'000;

void serve(bool is_tls) {
  base::SystemClock clock;
  test::FakeAppliance appliance;
  // Large, and no work: what is tried is the server.
  appliance.fixed_status = "\"" + std::string(kStatusBytes, 'x') + "\"";
  web::WebSettings settings;
  settings.accounts_file = "/nonexistent/accounts";  // there are none
  if (is_tls) settings.http.certificate = test::make_certificate(1);
  const web::WebServer server{std::move(settings), appliance, clock};
  std::printf("%s://127.0.0.1:%d\n", is_tls ? "https" : "http", server.port());
  std::fflush(stdout);
  while (std::getchar() != EOF) continue;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    serve(argc > 1 && std::string_view{argv[1]} == "tls");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "serve_fake: %s\n", error.what());
    return 1;
  }
}
