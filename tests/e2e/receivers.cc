#include "tests/e2e/receivers.h"

#include "src/base/text.h"
#include "src/http/curl_transport.h"
#include "tests/support/catch.h"

namespace test {
namespace {

// The one that Debian's package of the mail server is for, whatever else is called python3.
constexpr const char* kPython = "/usr/bin/python3";
constexpr const char* kMarker = "/marker";

CommandLine command_of(const Receivers::Settings& settings) {
  std::vector<std::string> words{kPython, COFFER_RECEIVERS, "--security", settings.security};
  const auto add = [&](const std::string& option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--directory", settings.directory.string());
  add("--user", settings.user);
  add("--password", settings.password);
  return {std::move(words), {}};
}

}  // namespace

Receivers::Receivers(const Settings& settings)
    : settings_(settings), process_(command_of(settings)) {
  const Json ports = Json::parse(process_.wait_for_line("\"by\": \"start\""));
  webhook_port_ = ports.at("webhook_port");
  smtp_port_ = ports.at("smtp_port");
  http::CurlSettings curl;
  if (!settings_.directory.empty()) curl.ca_file = certificate().string();
  transport_ = http::make_curl_transport(curl);
}

std::string Receivers::webhook(const std::string& path) const {
  return base::text(settings_.directory.empty() ? "http" : "https", "://127.0.0.1:", webhook_port_,
                    path);
}

std::filesystem::path Receivers::certificate() const {
  return settings_.directory / "receivers.pem";
}

std::vector<Json> Receivers::received() {
  http::Request marker;
  marker.method = "POST";
  marker.url = webhook(kMarker);
  marker.body = "{}";
  http::CollectingSink sink{1024};
  const http::Transfer transfer = transport_->perform(marker, sink, {});
  INFO(transfer.detail);
  REQUIRE(transfer.arrived());
  std::vector<Json> all;
  for (;;) {
    Json each = Json::parse(process_.wait_for_line("\"by\""));
    if (each.at("by") == "webhook" && each.at("path") == kMarker) return all;
    all.push_back(std::move(each));
  }
}

}  // namespace test
