// Hands a message of an alert to one receiver: a webhook, or a mail address by way of a mail
// server.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/configuration.h"
#include "src/http/mail_transport.h"
#include "src/http/transport.h"
#include "src/jobs/alert_book.h"

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace appliance {

class AlertSender {
 public:
  virtual ~AlertSender() = default;

  // Those of the configuration, in its order; each once.
  [[nodiscard]] virtual const std::vector<jobs::Receiver>& receivers() const = 0;
  // Empty if the receiver took it, else why not, without secrets. Throws nothing that the network
  // or the configuration does. One call at a time.
  virtual std::string send(const jobs::DueMessage& message, std::stop_token stop) = 0;
};

// By HTTPS and SMTP, through transports that are made when they are first needed; secrets are read
// when they are needed, so that one that cannot be read is the problem of that message only.
std::unique_ptr<AlertSender> make_alert_sender(AlertSettings settings);
// The same through others, which outlive it.
std::unique_ptr<AlertSender> make_alert_sender(AlertSettings settings, http::Transport& web,
                                               http::MailTransport& mail);

struct SentTest {
  std::string to;
  std::string problem;  // empty: it was taken
};
// A test alert to every receiver of the sender, in their order. Error(cancelled) if `stop` came
// first.
std::vector<SentTest> send_test_alert(AlertSender& sender, base::Instant now,
                                      const std::stop_token& stop);

}  // namespace appliance
