#include "src/daemon/web_settings.h"

#include "src/http/url.h"

namespace appliance {

web::WebSettings web_settings(const Configuration& configuration) {
  web::WebSettings settings;
  // Checked when the configuration was read.
  const auto listen = http::parse_host_and_port(configuration.web.listen).value();
  settings.http.address = listen.host == "localhost" ? "127.0.0.1" : listen.host;
  settings.http.port = listen.port.value();
  if (configuration.web.certificate) {
    settings.http.certificate = web::Certificate{configuration.web.certificate->read_public(),
                                                 configuration.web.private_key->read_secret()};
  }
  settings.accounts_file = configuration.service.state / "accounts";
  return settings;
}

}  // namespace appliance
