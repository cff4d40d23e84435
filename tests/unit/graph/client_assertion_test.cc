#include "src/graph/client_assertion.h"

#include "src/base/base64.h"
#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/graph/json.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <cstdlib>
#include <fstream>

namespace {

std::string run(const test::TemporaryDirectory& directory, const std::string& command) {
  const std::string whole =
      base::text("cd '", directory.path().string(), "' && (", command, ") > out 2> err");
  if (std::system(whole.c_str()) != 0) return "FAILED";
  return std::string{base::as_text(base::read_file(directory / "out"))};
}

void make_pair(const test::TemporaryDirectory& directory, const std::string& name,
               const std::string& key) {
  REQUIRE(run(directory,
              base::text("openssl req -x509 -newkey ", key, " -nodes -days 30 -subj /CN=", name,
                         " -keyout ", name, ".key -out ", name, ".pem")) != "FAILED");
}

std::string text_of(const std::filesystem::path& path) {
  return std::string{base::as_text(base::read_file(path))};
}

graph::ClientCertificate load(const test::TemporaryDirectory& directory,
                              const std::string& certificate, const std::string& key) {
  return {text_of(directory / (certificate + ".pem")),
          base::Secret{text_of(directory / (key + ".key"))}};
}

base::Bytes decoded(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  const auto bytes = base::base64_decode(text);
  REQUIRE(bytes);
  return *bytes;
}

void write(const std::filesystem::path& path, base::ByteView bytes) {
  std::ofstream{path, std::ios::binary} << base::as_text(bytes);
}

}  // namespace

TEST_CASE("an assertion is what the login service asks for, and its signature holds",
          "[graph][sign-in]") {
  const test::TemporaryDirectory directory;
  make_pair(directory, "app", "rsa:2048");
  const auto certificate = load(directory, "app", "app");
  const base::Instant now = *base::parse_rfc3339("2026-05-01T08:00:00.900Z");
  const std::string assertion =
      certificate.assertion("https://login/t/oauth2/v2.0/token", "client", now);

  const auto parts = base::split(assertion, '.');
  REQUIRE(parts.size() == 3);
  const auto header = graph::Json::parse(base::as_text(decoded(parts[0])));
  CHECK(header["alg"].text() == "PS256");
  CHECK(header["typ"].text() == "JWT");
  REQUIRE(run(directory, "openssl x509 -in app.pem -outform DER") != "FAILED");
  CHECK(header["x5t#S256"].text() ==
        base::base64url_encode(base::sha256(base::read_file(directory / "out")).view()));
  const auto claims = graph::Json::parse(base::as_text(decoded(parts[1])));
  CHECK(claims["aud"].text() == "https://login/t/oauth2/v2.0/token");
  CHECK(claims["iss"].text() == "client");
  CHECK(claims["sub"].text() == "client");
  CHECK(claims["nbf"].integer() == 1777622400);
  CHECK(claims["exp"].integer() == 1777622400 + 600);
  CHECK(claims["jti"].text().size() == 36);
  CHECK(certificate.assertion("a", "client", now) != certificate.assertion("a", "client", now));

  write(directory / "text", base::as_bytes(parts[0] + "." + parts[1]));
  write(directory / "signature", decoded(parts[2]));
  CHECK(
      run(directory,
          "openssl x509 -in app.pem -pubkey -noout > public && openssl dgst -sha256 -verify public "
          "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -signature signature text") ==
      "Verified OK\n");
  const auto days = std::chrono::duration_cast<std::chrono::hours>(certificate.ends() -
                                                                   base::SystemClock{}.now());
  CHECK(days > std::chrono::hours{24 * 29});
  CHECK(days < std::chrono::hours{24 * 31});
}

TEST_CASE("what is no certificate with its key is refused with words", "[graph][sign-in]") {
  const test::TemporaryDirectory directory;
  make_pair(directory, "app", "rsa:2048");
  make_pair(directory, "other", "rsa:2048");
  make_pair(directory, "curve", "ec -pkeyopt ec_paramgen_curve:P-256");
  REQUIRE(run(directory, "openssl pkcs8 -topk8 -in app.key -passout pass:x -out locked.key") !=
          "FAILED");
  CHECK_THROWS_WITH(load(directory, "app", "other"), test::contains_text("does not belong"));
  CHECK_THROWS_WITH(load(directory, "curve", "curve"), test::contains_text("no RSA key"));
  CHECK_THROWS_WITH(load(directory, "app", "locked"), test::contains_text("unencrypted"));
  CHECK_THROWS_WITH(
      (graph::ClientCertificate{"rubbish", base::Secret{text_of(directory / "app.key")}}),
      test::contains_text("certificate_file"));
  CHECK_THROWS_WITH((graph::ClientCertificate{text_of(directory / "app.pem"), base::Secret{}}),
                    test::contains_text("private_key_file"));
}
