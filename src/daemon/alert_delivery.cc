#include "src/daemon/alert_delivery.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/daemon/alert_text.h"
#include "src/http/curl_transport.h"
#include "src/http/url.h"
#include "src/jobs/audit_log.h"

#include <algorithm>
#include <utility>

namespace appliance {
namespace {

constexpr base::Duration kConnectTimeout = std::chrono::seconds{15};
constexpr base::Duration kWebhookTimeout = std::chrono::seconds{30};
constexpr base::Duration kMailTimeout = std::chrono::minutes{1};
constexpr std::size_t kMostAnswerBytes = 64 * 1024;

// Where a receiver's messages really go; the URL of a webhook is a secret.
struct Target {
  bool is_webhook = false;
  std::string place;
};

class Sender : public AlertSender {
 public:
  explicit Sender(AlertSettings settings)
      : settings_(std::move(settings)), host_(jobs::this_process().host) {
    for (const std::string& url : settings_.webhook) {
      const std::string digest = base::sha256(base::as_bytes(url)).hex();
      add({base::text("webhook:", digest), base::text(http::shown_origin(url), "/…")}, {true, url});
    }
    for (const std::string& address : settings_.mail_to) {
      add({base::text("mail:", address), address}, {false, address});
    }
  }

  [[nodiscard]] const std::vector<jobs::Receiver>& receivers() const override { return receivers_; }

  std::string send(const jobs::DueMessage& message, std::stop_token stop) override {
    const auto found =
        std::find_if(receivers_.begin(), receivers_.end(),
                     [&](const jobs::Receiver& receiver) { return receiver.id == message.to.id; });
    if (found == receivers_.end()) return "no longer configured";
    const Target& target = targets_.at(static_cast<std::size_t>(found - receivers_.begin()));
    try {
      return target.is_webhook ? post(target.place, message, std::move(stop))
                               : mail(target.place, message, std::move(stop));
    } catch (const base::Error& error) {
      return error.what();
    }
  }

 protected:
  // Error(usage) if what they need cannot be read.
  virtual http::Transport& web() = 0;
  virtual http::MailTransport& mail_server() = 0;

  // Both with the CA file of the configuration, read now.
  [[nodiscard]] http::CurlSettings curl_settings() const {
    http::CurlSettings settings;
    settings.connect_timeout = kConnectTimeout;
    if (settings_.ca_file) settings.ca_file = settings_.ca_file->location().string();
    return settings;
  }

 private:
  void add(jobs::Receiver receiver, Target target) {
    std::size_t same = 1;
    for (const jobs::Receiver& known : receivers_) {
      if (known.id == receiver.id) return;
      if (known.shown.starts_with(receiver.shown)) ++same;
    }
    if (same > 1) receiver.shown += base::text(" (", same, ")");
    receivers_.push_back(std::move(receiver));
    targets_.push_back(std::move(target));
  }

  std::string post(const std::string& url, const jobs::DueMessage& message, std::stop_token stop) {
    http::Request request;
    request.method = "POST";
    request.url = url;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = webhook_body(message, host_);
    request.total_timeout = kWebhookTimeout;
    http::CollectingSink answer{kMostAnswerBytes};
    const http::Transfer transfer = web().perform(request, answer, std::move(stop));
    if (!transfer.arrived()) return transfer.detail;
    const std::string origin = http::shown_origin(url);
    const int status = transfer.head.status;
    if (status >= 300 && status < 400) {
      return base::text(origin, " answered ", status, ": redirects are not followed");
    }
    if (status < 200 || status >= 300) return base::text(origin, " answered ", status);
    // Connectors of Teams say 200 to what they could not hand on.
    if (answer.text().find("message delivery failed") != std::string::npos) {
      return base::text(origin, " took the message and could not hand it on");
    }
    return {};
  }

  std::string mail(const std::string& address, const jobs::DueMessage& message,
                   std::stop_token stop) {
    if (!settings_.smtp) return "no 'smtp' is configured";
    const http::MailServer& server = *settings_.smtp;
    if (!server.user.empty() && !settings_.smtp_password) {
      return "'smtp' in [alerts] names a user: 'smtp_password_file' is missing";
    }
    const base::Secret password =
        settings_.smtp_password ? settings_.smtp_password->read_secret() : base::Secret{};
    const std::string from = sender_address(server);
    const std::string text = mail_text(message, {.from = from, .to = address, .host = host_});
    return mail_server().send(server, password, {from, address, text}, std::move(stop));
  }

  [[nodiscard]] std::string sender_address(const http::MailServer& server) const {
    if (settings_.mail_from) return *settings_.mail_from;
    if (http::is_mail_address(server.user)) return server.user;
    std::string own = "coffer@" + host_;
    return http::is_mail_address(own) ? own : "coffer@localhost";
  }

  AlertSettings settings_;
  std::string host_;
  std::vector<jobs::Receiver> receivers_;
  std::vector<Target> targets_;  // of the receiver at the same place
};

class SenderWithOthers final : public Sender {
 public:
  SenderWithOthers(AlertSettings settings, http::Transport& web, http::MailTransport& mail)
      : Sender(std::move(settings)), web_(web), mail_(mail) {}

 private:
  http::Transport& web() override { return web_; }
  http::MailTransport& mail_server() override { return mail_; }

  http::Transport& web_;
  http::MailTransport& mail_;
};

class SenderByNetwork final : public Sender {
 public:
  using Sender::Sender;

 private:
  http::Transport& web() override {
    if (!web_) web_ = http::make_curl_transport(curl_settings());
    return *web_;
  }
  http::MailTransport& mail_server() override {
    if (!mail_) mail_ = http::make_curl_mail_transport(curl_settings(), kMailTimeout);
    return *mail_;
  }

  std::unique_ptr<http::Transport> web_;
  std::unique_ptr<http::MailTransport> mail_;
};

}  // namespace

std::unique_ptr<AlertSender> make_alert_sender(AlertSettings settings) {
  return std::make_unique<SenderByNetwork>(std::move(settings));
}

std::unique_ptr<AlertSender> make_alert_sender(AlertSettings settings, http::Transport& web,
                                               http::MailTransport& mail) {
  return std::make_unique<SenderWithOthers>(std::move(settings), web, mail);
}

std::vector<SentTest> send_test_alert(AlertSender& sender, base::Instant now,
                                      const std::stop_token& stop) {
  const jobs::Matter matter = jobs::test_matter();
  const std::string id = base::new_ulid(now);
  std::vector<SentTest> sent;
  for (const jobs::Receiver& receiver : sender.receivers()) {
    if (stop.stop_requested()) {
      throw base::Error{base::ErrorKind::cancelled, "stopped before all receivers were tried"};
    }
    const jobs::DueMessage message{.to = receiver,
                                   .id = id + ".1",
                                   .alert_id = id,
                                   .first_id = id + ".1",
                                   .kind = matter.kind,
                                   .message = {.event = jobs::AlertEvent::test,
                                               .time = now,
                                               .severity = matter.severity,
                                               .subject = matter.subject,
                                               .message = matter.message,
                                               .next_step = matter.next_step,
                                               .deliveries = {}},
                                   .opened = now,
                                   .closed = {}};
    sent.push_back({receiver.shown, sender.send(message, stop)});
  }
  return sent;
}

}  // namespace appliance
