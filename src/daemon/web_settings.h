// The web server's settings, from the configuration.
#pragma once

#include "src/daemon/configuration.h"
#include "web-status/web_server.h"

namespace appliance {

// Error(usage) naming the key of a certificate that cannot be read, or of an address that is none.
web::WebSettings web_settings(const Configuration& configuration);

}  // namespace appliance
