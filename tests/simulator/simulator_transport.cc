#include "tests/simulator/simulator_transport.h"

#include "src/base/text.h"
#include "src/http/url.h"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

std::optional<Host> host_at(const Origins& origins, const http::Origin& origin) {
  const auto is = [&](const std::string& url) {
    const auto known = http::parse_url(url);
    return known && known->origin == origin;
  };
  if (is(origins.login)) return Host::login;
  if (is(origins.graph)) return Host::graph;
  if (is(origins.import)) return Host::import;
  return std::nullopt;
}

http::Transfer failed(http::TransferFailure failure, std::string detail) {
  http::Transfer transfer;
  transfer.failure = failure;
  transfer.detail = std::move(detail);
  return transfer;
}

RequestHead head_of(const http::Request& request, const http::Url& url, Host host) {
  RequestHead head{host, request.method, url.target, {}};
  for (const auto& [name, value] : request.headers) head.headers.emplace_back(name, value);
  const std::uint64_t length =
      request.body_source != nullptr ? request.body_source->size_bytes() : request.body.size();
  head.headers.emplace_back("Content-Length", std::to_string(length));
  return head;
}

// False when the transfer was cancelled meanwhile.
bool send_body(const http::Request& request, Exchange& exchange, const std::stop_token& stop) {
  if (request.body_source == nullptr) {
    exchange.receive(request.body);
    return true;
  }
  base::Bytes piece(kPieceBytes);
  while (const std::size_t count = request.body_source->read(piece)) {
    if (stop.stop_requested()) return false;
    exchange.receive(base::as_text(base::ByteView{piece}.first(count)));
  }
  return true;
}

// Hands a body over up to the byte where the connection breaks.
class CuttingSink {
 public:
  CuttingSink(http::BodySink& sink, std::optional<std::uint64_t> cut_after_bytes)
      : sink_(sink), left_(cut_after_bytes) {}

  // False once the connection has broken.
  bool give(std::string_view piece) {
    const bool cut = left_ && *left_ < piece.size();
    if (cut) piece = piece.substr(0, *left_);
    if (!piece.empty()) sink_.on_body(base::as_bytes(piece));
    if (left_) *left_ -= piece.size();
    return !cut;
  }

 private:
  http::BodySink& sink_;
  std::optional<std::uint64_t> left_;
};

}  // namespace

http::Transfer SimulatorTransport::perform(const http::Request& request, http::BodySink& sink,
                                           std::stop_token stop) {
  using http::TransferFailure;
  const auto url = http::parse_url(request.url);
  const auto host = url ? host_at(tenant_.world()->origins, url->origin) : std::nullopt;
  if (!host) return failed(TransferFailure::not_sent, "could not resolve host");
  if (stop.stop_requested()) return failed(TransferFailure::cancelled, "stopped");

  const auto exchange = tenant_.begin(head_of(request, *url, *host), clock_.now());
  if (!send_body(request, *exchange, stop)) return failed(TransferFailure::cancelled, "stopped");
  Response response = exchange->finish(clock_.now());
  if (response.fault.first_byte_delay > request.idle_timeout) {
    clock_.sleep_for(request.idle_timeout, stop);
    return failed(TransferFailure::timed_out, "no byte came");
  }
  clock_.sleep_for(response.fault.first_byte_delay, stop);
  if (response.fault.reset) return failed(TransferFailure::interrupted, "connection reset by peer");

  http::Transfer transfer;
  transfer.head.status = response.status;
  for (auto& [name, value] : response.headers) {
    transfer.head.headers.push_back({std::move(name), std::move(value)});
  }
  sink.on_head(transfer.head);
  CuttingSink body{sink, response.fault.cut_after_bytes};
  bool whole = response.stream || body.give(response.body);
  while (whole && response.stream) {
    if (stop.stop_requested()) return failed(TransferFailure::cancelled, "stopped");
    const auto piece = response.stream->next();
    if (!piece) break;
    whole = body.give(*piece);
  }
  if (!whole) {
    transfer.failure = TransferFailure::interrupted;
    transfer.detail = "the connection was cut within the answer";
  }
  return transfer;
}

}  // namespace simulator
