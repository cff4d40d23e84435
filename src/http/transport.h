// Requests over HTTP, as values: what is asked, what came back, and how a transfer failed.
//
// A transport moves bytes and judges nothing: no retries, no redirects followed, no status turned
// into an exception. Whoever calls decides (retry_policy.h).
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace http {

struct Header {
  std::string name;
  std::string value;
};

// Where a request's body comes from; read piece by piece, so that no body need be whole in memory.
class BodySource {
 public:
  virtual ~BodySource() = default;

  // Exact, known before the first byte is sent (Content-Length).
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  // Fills the front of `target`; 0 only at the end.
  virtual std::size_t read(base::MutableByteView target) = 0;
  // The next read starts from the beginning: a request is repeated.
  virtual void rewind() = 0;
};

// A body that is whole in memory; the text outlives the source.
class TextSource final : public BodySource {
 public:
  explicit TextSource(std::string_view text) : text_(text) {}

  [[nodiscard]] std::uint64_t size_bytes() const override { return text_.size(); }
  std::size_t read(base::MutableByteView target) override;
  void rewind() override { position_ = 0; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

struct Request {
  std::string method = "GET";
  std::string url{};
  std::vector<Header> headers{};
  // At most one of the two; the source outlives the call. It is read on the thread that called
  // perform(); what it throws ends the transfer and leaves perform().
  std::string body{};
  BodySource* body_source = nullptr;
  // The answer may be large and its sink slow. Such a transfer gets a connection of its own
  // (HTTP/1.1), where waiting costs no memory; the others share one by HTTP/2, whose windows let a
  // peer fill megabytes.
  bool streams_answer = false;
  // Fails when fewer than one byte moved for so long. Large answers begin late, so there is no
  // total limit, but for small exchanges that ask for one.
  base::Duration idle_timeout = std::chrono::minutes{5};
  std::optional<base::Duration> total_timeout{};
};

struct ResponseHead {
  int status = 0;  // 0 when no answer began
  std::vector<Header> headers;

  // The first header of that name, without regard to case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// Takes an answer as it arrives. Called on the thread that called perform(), so a slow sink slows
// the sender down instead of filling memory. What it throws ends the transfer and leaves perform().
class BodySink {
 public:
  virtual ~BodySink() = default;

  // Once, before the first byte of the body.
  virtual void on_head(const ResponseHead& head) = 0;
  virtual void on_body(base::ByteView piece) = 0;
};

enum class TransferFailure : std::uint8_t {
  none,
  not_sent,     // no connection: the peer cannot have acted on the request
  untrusted,    // TLS: certificate or protocol refused
  interrupted,  // sent, at least in part; the peer may have acted on it
  timed_out,    // no byte for the idle timeout; the peer may have acted on it
  too_large,    // headers beyond the transport's bound
  cancelled,    // `stop` was requested
};
// In words, for logs and messages.
std::string_view name(TransferFailure failure);

struct Transfer {
  ResponseHead head;
  TransferFailure failure = TransferFailure::none;
  std::string detail;  // in words, without secrets and without the query of the URL

  [[nodiscard]] bool arrived() const { return failure == TransferFailure::none; }
};

// Thread-safe: any number of callers, each blocked until its own transfer is over.
class Transport {
 public:
  virtual ~Transport() = default;

  // Never throws for what the network does. Lets through what `sink` throws.
  virtual Transfer perform(const Request& request, BodySink& sink, std::stop_token stop) = 0;
};

// A sink that keeps the body, for small documents. Throws Error(protocol) beyond `limit_bytes`.
class CollectingSink final : public BodySink {
 public:
  explicit CollectingSink(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void on_head(const ResponseHead& head) override;
  void on_body(base::ByteView piece) override;

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::size_t limit_bytes_;
  std::string text_;
};

}  // namespace http
