#include "tests/simulator/assertion.h"

#include "src/base/base64.h"
#include "src/base/bytes.h"
#include "src/base/text.h"
#include "tests/simulator/json.h"
#include "tests/simulator/openssl_handles.h"
#include "tests/simulator/sealer.h"

#include <openssl/rsa.h>

#include <algorithm>
#include <array>

namespace simulator {
namespace {

constexpr std::int64_t kSkewSeconds = 300;
constexpr std::int64_t kLongestLifeSeconds = 24 * 3600;

[[noreturn]] void refuse(std::string error, int code, std::string message) {
  throw LoginError{401, std::move(error), code, std::move(message)};
}

Json decoded_part(const std::string& part) {
  const auto bytes = base64url_decode(part);
  Json json = bytes ? Json::parse(base::as_text(*bytes), nullptr, false) : Json{};
  if (!json.is_object()) {
    refuse("invalid_client", 50027, "JWT token is invalid or malformed.");
  }
  return json;
}

const RegisteredCertificate& find_certificate(const Json& header, const Application& application) {
  const std::string sha256 = header.value("x5t#S256", "");
  const std::string sha1 = header.value("x5t", "");
  for (const RegisteredCertificate& certificate : application.certificates) {
    if ((!sha256.empty() && sha256 == certificate.sha256_thumbprint) ||
        (sha256.empty() && !sha1.empty() && sha1 == certificate.sha1_thumbprint)) {
      return certificate;
    }
  }
  refuse("invalid_client", 700027,
         "The certificate with identifier used to sign the client assertion is not registered on "
         "application.");
}

bool signature_is_good(const RegisteredCertificate& certificate, bool probabilistic,
                       std::string_view signed_text, base::ByteView signature) {
  const Certificate x509 = read_certificate(certificate.pem);
  const DigestContext context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* key_context = nullptr;
  check_openssl(EVP_DigestVerifyInit(context.get(), &key_context, EVP_sha256(), nullptr,
                                     X509_get0_pubkey(x509.get())) == 1,
                "preparing a signature check");
  if (probabilistic) {
    check_openssl(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
                      EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1,
                  "preparing a PSS check");
  }
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(),
                          reinterpret_cast<const unsigned char*>(signed_text.data()),
                          signed_text.size()) == 1;
}

void check_times(const Json& claims, Instant now) {
  const std::int64_t seconds = base::to_milliseconds(now) / 1000;
  const std::int64_t expires = claims.value("exp", std::int64_t{0});
  const std::int64_t not_before = claims.value("nbf", claims.value("iat", std::int64_t{0}));
  if (expires + kSkewSeconds < seconds || not_before > seconds + kSkewSeconds) {
    refuse("invalid_client", 700024,
           "Client assertion is not within its valid time range. Check the clock.");
  }
  if (expires - not_before > kLongestLifeSeconds || expires <= not_before) {
    refuse("invalid_client", 50013, "Assertion failed: its lifetime is not acceptable.");
  }
}

}  // namespace

const std::set<std::string>& backup_roles() {
  static const std::set<std::string> kRoles = {"MailboxFolder.Read.All", "MailboxItem.Read.All",
                                               "MailboxItem.Export.All", "User.Read.All",
                                               "GroupMember.Read.All",   "MailboxSettings.Read"};
  return kRoles;
}

const std::set<std::string>& restore_roles() {
  static const std::set<std::string> kRoles = {"MailboxFolder.ReadWrite.All",
                                               "MailboxItem.ImportExport.All"};
  return kRoles;
}

RegisteredCertificate registered_certificate(std::string_view pem) {
  const Certificate certificate = read_certificate(pem);
  if (!certificate) throw base::Error{base::ErrorKind::usage, "that is not a PEM certificate"};
  const auto thumbprint = [&](const EVP_MD* algorithm) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    check_openssl(X509_digest(certificate.get(), algorithm, digest.data(), &size) == 1,
                  "hashing a certificate");
    return base::base64url_encode(std::as_bytes(std::span{digest}.first(size)));
  };
  return {std::string{pem}, thumbprint(EVP_sha256()), thumbprint(EVP_sha1())};
}

void check_assertion(std::string_view assertion, const Application& application,
                     std::string_view audience, Instant now, std::set<std::string>& seen) {
  const std::vector<std::string> parts = base::split(assertion, '.');
  if (parts.size() != 3) refuse("invalid_client", 50027, "JWT token is invalid or malformed.");
  const Json header = decoded_part(parts[0]);
  const Json claims = decoded_part(parts[1]);
  const auto signature = base64url_decode(parts[2]);
  const std::string algorithm = header.value("alg", "");
  if (!signature || (algorithm != "PS256" && algorithm != "RS256") ||
      header.value("typ", "JWT") != "JWT") {
    refuse("invalid_client", 50027, "JWT token is invalid or malformed.");
  }
  const RegisteredCertificate& certificate = find_certificate(header, application);
  if (!signature_is_good(certificate, algorithm == "PS256", base::text(parts[0], ".", parts[1]),
                         *signature)) {
    refuse("invalid_client", 700027, "Client assertion failed signature validation.");
  }
  if (claims.value("aud", "") != audience) {
    refuse("invalid_client", 700023,
           "Client assertion audience claim does not match the endpoint.");
  }
  if (claims.value("iss", "") != application.client_id ||
      claims.value("sub", "") != application.client_id) {
    refuse("invalid_client", 700021, "Client assertion issuer and subject must be the client id.");
  }
  check_times(claims, now);
  const std::string id = claims.value("jti", "");
  if (id.empty() || !seen.insert(id).second) {
    refuse("invalid_client", 50012, "The assertion was used before, or has no jti.");
  }
}

}  // namespace simulator
