// A transport that answers as a test tells it to, and remembers what it was asked.
#pragma once

#include "src/http/transport.h"

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace test {

struct SentRequest {
  std::string method;
  std::string url;
  std::vector<http::Header> headers;
  std::string body;  // read to its end, from whichever source

  // Empty without such a header.
  [[nodiscard]] std::string header(std::string_view name) const;
};

struct ScriptedAnswer {
  int status = 200;
  std::string body{};
  std::vector<http::Header> headers{};
  // Otherwise the transfer ends so, after `status` (if not 0) and `body` have arrived.
  http::TransferFailure failure = http::TransferFailure::none;
};

// Thread-safe. Requests to a token endpoint are answered with "token-1", "token-2", ... unless
// scripted.
class ScriptedTransport final : public http::Transport {
 public:
  using Script = std::function<ScriptedAnswer(const SentRequest&)>;

  // The next request that is not for a token is answered so; in the order of the calls. Once all
  // are used, a request is a failure of the test: it is answered with 599.
  void answer(ScriptedAnswer answer);
  // Decides about every request that answer() has nothing for.
  void set_script(Script script);
  void set_token_script(Script script);
  // Bodies are handed on in pieces of this size.
  void set_piece_bytes(std::size_t size) { piece_bytes_ = size; }

  http::Transfer perform(const http::Request& request, http::BodySink& sink,
                         std::stop_token stop) override;

  // Without those for tokens.
  [[nodiscard]] std::vector<SentRequest> requests() const;
  [[nodiscard]] std::vector<SentRequest> token_requests() const;

 private:
  ScriptedAnswer choose(const SentRequest& request);

  mutable std::mutex mutex_;
  std::deque<ScriptedAnswer> answers_;
  Script script_;
  Script token_script_;
  std::vector<SentRequest> requests_;
  std::vector<SentRequest> token_requests_;
  std::size_t piece_bytes_ = 1000;
};

}  // namespace test
