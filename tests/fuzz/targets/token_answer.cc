#include "src/graph/token_source.h"
#include "tests/fuzz/scripted_service.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

// Bodies of answers to requests for a token.
void fuzz_token_answer(base::ByteView input) {
  using base::ErrorKind;
  ScriptedService service{base::as_text(input)};
  service.transport().set_token_script([&](const test::SentRequest&) { return service.answer(); });
  http::Jitter jitter{1};
  graph::AppCredentials credentials;
  credentials.client_id = "id";
  credentials.client_secret = base::Secret{std::string_view{"secret"}};
  graph::TokenSource tokens{
      {graph::App::backup, "https://login.example/", "contoso.com", "scope/.default"},
      std::move(credentials),
      service.transport(),
      service.clock(),
      jitter};
  const auto token =
      unless_refused({ErrorKind::denied, ErrorKind::unavailable, ErrorKind::protocol},
                     [&] { return tokens.token({}); });
  if (!token) return;
  const graph::Token& given = **token;
  hold(!given.text.empty(), "a token is not empty");
  hold(std::ranges::none_of(given.text.text(), [](char c) { return c <= ' ' || c == '\x7f'; }),
       "a token fits into a header");
  hold(given.lifetime >= base::Duration{0} && given.lifetime <= std::chrono::days{7},
       "the life of a token is bounded");
}

}  // namespace fuzz
