// Mail by libcurl. A file of its own beside the HTTP transport: the two protocols share nothing of
// libcurl but its handles.
#include "src/base/error.h"
#include "src/base/release.h"
#include "src/base/text.h"
#include "src/http/mail_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace http {
namespace {

using EasyHandle = std::unique_ptr<CURL, base::Release<&curl_easy_cleanup>>;
using AddressList = std::unique_ptr<curl_slist, base::Release<&curl_slist_free_all>>;

void check_curl(CURLcode code) {
  if (code == CURLE_OK) return;
  throw base::Error{base::ErrorKind::failed, base::text("libcurl: ", curl_easy_strerror(code))};
}

template <typename Value>
void set(const EasyHandle& easy, CURLoption option, Value value) {
  check_curl(curl_easy_setopt(easy.get(), option, value));
}

struct Exchange {
  std::string_view unsent;
  const std::stop_token& stop;
  std::array<char, 512> refusal{};  // the server's last one, as much as a line of SMTP may hold
  std::array<char, CURL_ERROR_SIZE> error_text{};
};

// libcurl is C: nothing may be thrown through it, and nothing here throws.
std::size_t send_text(char* target, std::size_t, std::size_t size, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t count = std::min(size, exchange.unsent.size());
  std::memcpy(target, exchange.unsent.data(), count);
  exchange.unsent.remove_prefix(count);
  return count;
}

std::size_t receive_line(char* data, std::size_t, std::size_t size, void* user) noexcept {
  auto& exchange = *static_cast<Exchange*>(user);
  if (size == 0 || (*data != '4' && *data != '5')) return size;  // "221 Bye" comes last
  const std::size_t count = std::min(size, exchange.refusal.size() - 1);
  std::memcpy(exchange.refusal.data(), data, count);
  exchange.refusal[count] = '\0';
  return size;
}

int has_to_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<Exchange*>(user)->stop.stop_requested() ? 1 : 0;
}

class CurlMailTransport final : public MailTransport {
 public:
  CurlMailTransport(CurlSettings settings, base::Duration limit)
      : settings_(std::move(settings)), limit_(limit) {}

  std::string send(const MailServer& server, const base::Secret& password, const Mail& mail,
                   std::stop_token stop) override {
    if (server.security == MailSecurity::none && !server.is_loopback()) {
      return base::text(server.text(), " is neither encrypted nor loopback");
    }
    if (!is_mail_address(mail.from) || !is_mail_address(mail.to)) return "not a mail address";
    Exchange exchange{.unsent = mail.text, .stop = stop};
    const EasyHandle easy{curl_easy_init()};
    const AddressList recipient{curl_slist_append(nullptr, base::text("<", mail.to, ">").c_str())};
    if (!easy || !recipient) throw std::bad_alloc{};
    set_security(easy, server, password);
    set_mail(easy, mail, recipient, exchange);
    const CURLcode result = curl_easy_perform(easy.get());
    if (result == CURLE_OK) return {};
    if (stop.stop_requested()) return "stopped";
    return told(server, result, exchange);
  }

 private:
  void set_security(const EasyHandle& easy, const MailServer& server,
                    const base::Secret& password) const {
    set(easy, CURLOPT_URL, server.text().c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // The system's authorities stay trusted through libcurl's CAPATH.
    if (!settings_.ca_file.empty()) set(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
    const bool is_plain = server.security == MailSecurity::none;
    set(easy, CURLOPT_USE_SSL, static_cast<long>(is_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (server.user.empty()) return;
    set(easy, CURLOPT_USERNAME, server.user.c_str());
    set(easy, CURLOPT_PASSWORD, std::string{password.text()}.c_str());
  }

  void set_mail(const EasyHandle& easy, const Mail& mail, const AddressList& recipient,
                Exchange& exchange) const {
    set(easy, CURLOPT_MAIL_FROM, base::text("<", mail.from, ">").c_str());
    set(easy, CURLOPT_MAIL_RCPT, recipient.get());
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail.text.size()));
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout.count()));
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limit_.count()));
    set(easy, CURLOPT_ERRORBUFFER, exchange.error_text.data());
    set(easy, CURLOPT_NOPROGRESS, 0L);
    void* user = &exchange;
    set(easy, CURLOPT_READFUNCTION, &send_text);
    set(easy, CURLOPT_READDATA, user);
    set(easy, CURLOPT_HEADERFUNCTION, &receive_line);
    set(easy, CURLOPT_HEADERDATA, user);
    set(easy, CURLOPT_XFERINFOFUNCTION, &has_to_stop);
    set(easy, CURLOPT_XFERINFODATA, user);
  }

  // With the server's own words where it refused: libcurl tells only its number.
  static std::string told(const MailServer& server, CURLcode result, const Exchange& exchange) {
    std::string detail = base::printable(exchange.error_text.data());
    if (detail.empty()) detail = curl_easy_strerror(result);
    const std::string refusal{base::trim(base::printable(exchange.refusal.data()))};
    return base::text(server.text(), ": ", detail,
                      refusal.empty() ? std::string{} : base::text(" (", refusal, ")"));
  }

  CurlSettings settings_;
  base::Duration limit_;
};

}  // namespace

std::unique_ptr<MailTransport> make_curl_mail_transport(CurlSettings settings,
                                                        base::Duration limit) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  check_curl(initialized);
  if (!settings.ca_file.empty() && access(settings.ca_file.c_str(), R_OK) != 0) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("cannot read the CA file ", settings.ca_file)};
  }
  return std::make_unique<CurlMailTransport>(std::move(settings), limit);
}

}  // namespace http
