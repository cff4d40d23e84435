#include "tests/support/scripted_transport.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace test {
namespace {

bool is_for_token(const SentRequest& request) {
  return request.url.find("/oauth2/v2.0/token") != std::string::npos;
}

SentRequest record(const http::Request& request) {
  SentRequest sent{request.method, request.url, request.headers, request.body};
  if (request.body_source == nullptr) return sent;
  std::array<std::byte, 7001> piece{};
  while (const std::size_t size = request.body_source->read(piece)) {
    sent.body += base::as_text(base::ByteView{piece}.first(size));
  }
  return sent;
}

}  // namespace

std::string SentRequest::header(std::string_view name) const {
  for (const http::Header& header : headers) {
    if (base::equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

void ScriptedTransport::answer(ScriptedAnswer answer) {
  std::lock_guard lock{mutex_};
  answers_.push_back(std::move(answer));
}

void ScriptedTransport::set_script(Script script) { script_ = std::move(script); }

void ScriptedTransport::set_token_script(Script script) { token_script_ = std::move(script); }

ScriptedAnswer ScriptedTransport::choose(const SentRequest& request) {
  std::lock_guard lock{mutex_};
  if (is_for_token(request)) {
    token_requests_.push_back(request);
    if (token_script_) return token_script_(request);
    return {.body = base::text(R"({"token_type":"Bearer","expires_in":3599,"access_token":"token-)",
                               token_requests_.size(), "\"}")};
  }
  requests_.push_back(request);
  if (!answers_.empty()) {
    ScriptedAnswer answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  if (script_) return script_(request);
  return {.status = 599, .body = "the test did not expect this request"};
}

http::Transfer ScriptedTransport::perform(const http::Request& request, http::BodySink& sink,
                                          std::stop_token stop) {
  if (stop.stop_requested()) return {{}, http::TransferFailure::cancelled, "stopped"};
  const ScriptedAnswer answer = choose(record(request));
  http::Transfer transfer;
  transfer.failure = answer.failure;
  if (!transfer.arrived()) transfer.detail = std::string{http::name(answer.failure)};
  const bool began = answer.failure == http::TransferFailure::none || !answer.body.empty();
  if (!began) return transfer;
  transfer.head = {answer.status, answer.headers};
  sink.on_head(transfer.head);
  std::string_view rest = answer.body;
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, piece_bytes_);
    rest.remove_prefix(piece.size());
    sink.on_body(base::as_bytes(piece));
  }
  return transfer;
}

std::vector<SentRequest> ScriptedTransport::requests() const {
  std::lock_guard lock{mutex_};
  return requests_;
}

std::vector<SentRequest> ScriptedTransport::token_requests() const {
  std::lock_guard lock{mutex_};
  return token_requests_;
}

}  // namespace test
