#include "src/graph/client_assertion.h"

#include "src/base/base64.h"
#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/release.h"
#include "src/base/text.h"
#include "src/graph/json.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <ctime>

namespace graph {
namespace {

using Bio = std::unique_ptr<BIO, base::Release<&BIO_free_all>>;
using Certificate = std::unique_ptr<X509, base::Release<&X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, base::Release<&EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, base::Release<&EVP_MD_CTX_free>>;

constexpr auto kAssertionLifetime = std::chrono::minutes{10};

Bio reader(std::string_view text) {
  // OpenSSL takes no null pointer, however few bytes it is to read there.
  Bio bio{BIO_new_mem_buf(text.empty() ? "" : text.data(), static_cast<int>(text.size()))};
  if (!bio) throw std::bad_alloc{};
  return bio;
}

// Keys are read unattended: no prompt on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

[[noreturn]] void wrong(const char* what) { throw base::Error{base::ErrorKind::usage, what}; }

base::Bytes der(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) wrong("the certificate cannot be encoded");
  base::Bytes bytes(static_cast<std::size_t>(size));
  auto* position = reinterpret_cast<unsigned char*>(bytes.data());
  i2d_X509(certificate, &position);
  return bytes;
}

void check_openssl(int result) {
  if (result != 1)
    throw base::Error{base::ErrorKind::failed, "the client assertion could not be signed"};
}

base::Bytes sign_ps256(EVP_PKEY* key, std::string_view text) {
  const DigestContext context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  check_openssl(EVP_DigestSignInit(context.get(), &key_context, EVP_sha256(), nullptr, key));
  check_openssl(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING));
  check_openssl(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST));
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  check_openssl(EVP_DigestSign(context.get(), nullptr, &size, data, text.size()));
  base::Bytes signature(size);
  auto* target = reinterpret_cast<unsigned char*>(signature.data());
  check_openssl(EVP_DigestSign(context.get(), target, &size, data, text.size()));
  signature.resize(size);
  return signature;
}

}  // namespace

struct ClientCertificate::Parts {
  PrivateKey key;
  std::string thumbprint;  // base64url
  base::Instant ends;
};

ClientCertificate::ClientCertificate(std::string_view certificate_pem,
                                     const base::Secret& private_key_pem)
    : parts_(std::make_unique<Parts>()) {
  const Certificate certificate{
      PEM_read_bio_X509(reader(certificate_pem).get(), nullptr, &no_passphrase, nullptr)};
  if (!certificate) wrong("certificate_file holds no PEM certificate");
  parts_->key.reset(PEM_read_bio_PrivateKey(reader(private_key_pem.text()).get(), nullptr,
                                            &no_passphrase, nullptr));
  if (!parts_->key) wrong("private_key_file holds no unencrypted PEM private key");
  if (EVP_PKEY_get_base_id(parts_->key.get()) != EVP_PKEY_RSA) {
    wrong("private_key_file holds no RSA key, and the service takes no other");
  }
  if (X509_check_private_key(certificate.get(), parts_->key.get()) != 1) {
    wrong("private_key_file does not belong to the certificate in certificate_file");
  }
  parts_->thumbprint = base::base64url_encode(base::sha256(der(certificate.get())).view());
  std::tm ends{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &ends) != 1) {
    wrong("the certificate names no end of its validity");
  }
  parts_->ends = base::from_milliseconds(std::int64_t{timegm(&ends)} * 1000);
}

ClientCertificate::~ClientCertificate() = default;
ClientCertificate::ClientCertificate(ClientCertificate&&) noexcept = default;
ClientCertificate& ClientCertificate::operator=(ClientCertificate&&) noexcept = default;

std::string ClientCertificate::assertion(std::string_view audience, std::string_view client_id,
                                         base::Instant now) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  const auto ends = seconds + std::chrono::seconds{kAssertionLifetime};
  const std::string header =
      base::text(R"({"alg":"PS256","typ":"JWT","x5t#S256":")", parts_->thumbprint, "\"}");
  const std::string claims = base::text(
      "{\"aud\":", json_quoted(audience), ",\"iss\":", json_quoted(client_id),
      ",\"sub\":", json_quoted(client_id), ",\"jti\":\"", base::new_uuid(),
      "\",\"nbf\":", seconds.count(), ",\"iat\":", seconds.count(), ",\"exp\":", ends.count(), "}");
  std::string text = base::text(base::base64url_encode(base::as_bytes(header)), ".",
                                base::base64url_encode(base::as_bytes(claims)));
  const base::Bytes signature = sign_ps256(parts_->key.get(), text);
  text += "." + base::base64url_encode(signature);
  return text;
}

base::Instant ClientCertificate::ends() const { return parts_->ends; }

}  // namespace graph
