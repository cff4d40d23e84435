#include "tests/simulator/certificates.h"

#include "src/base/random.h"
#include "tests/simulator/openssl_handles.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace simulator {
namespace {

constexpr long kDay = 24L * 3600L;

struct Names {
  std::string subject;
  const char* constraints;
  const char* usage;
  const char* alternative_names;  // null: none
};

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio{BIO_new(BIO_s_mem())};
  check_openssl(
      PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "writing a private key");
  return text_of(bio);
}

std::string pem_of(X509* certificate) {
  const Bio bio{BIO_new(BIO_s_mem())};
  check_openssl(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing a certificate");
  return text_of(bio);
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  using Extension = std::unique_ptr<X509_EXTENSION, base::Release<&X509_EXTENSION_free>>;
  const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value)};
  check_openssl(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
                "adding a certificate extension");
}

// Without an issuer the certificate signs itself.
KeyAndCertificate make(const Names& names, const KeyAndCertificate* issuer) {
  const Key key{EVP_RSA_gen(2048)};
  const Certificate certificate{X509_new()};
  check_openssl(key && certificate, "making a key");
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint32_t serial = 0;
  base::fill_random(std::as_writable_bytes(std::span{&serial, 1}));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 365 * kDay);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(names.subject.c_str()), -1, -1,
                             0);

  Certificate issuer_certificate;
  Key issuer_key;
  if (issuer != nullptr) {
    issuer_certificate = read_certificate(issuer->certificate_pem);
    const Bio bio = memory_bio(issuer->key_pem);
    issuer_key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    check_openssl(issuer_certificate && issuer_key, "reading the issuer");
  }
  X509* signer = issuer != nullptr ? issuer_certificate.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  add_extension(certificate.get(), signer, NID_basic_constraints, names.constraints);
  add_extension(certificate.get(), signer, NID_key_usage, names.usage);
  if (names.alternative_names != nullptr) {
    add_extension(certificate.get(), signer, NID_ext_key_usage, "serverAuth");
    add_extension(certificate.get(), signer, NID_subject_alt_name, names.alternative_names);
  }
  EVP_PKEY* signing_key = issuer != nullptr ? issuer_key.get() : key.get();
  check_openssl(X509_sign(certificate.get(), signing_key, EVP_sha256()) > 0, "signing");
  return {pem_of(key.get()), pem_of(certificate.get())};
}

}  // namespace

KeyAndCertificate make_authority() {
  return make(
      {"coffer simulator authority", "critical,CA:TRUE", "critical,keyCertSign,cRLSign", nullptr},
      nullptr);
}

KeyAndCertificate make_server_certificate(const KeyAndCertificate& authority) {
  return make({"localhost", "CA:FALSE", "critical,digitalSignature,keyEncipherment",
               "DNS:localhost,IP:127.0.0.1,IP:::1"},
              &authority);
}

KeyAndCertificate make_client_certificate(const std::string& name) {
  return make({name, "CA:FALSE", "critical,digitalSignature", nullptr}, nullptr);
}

}  // namespace simulator
