// OpenSSL objects, owned.
#pragma once

#include "src/base/error.h"
#include "src/base/release.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

namespace simulator {

using Bio = std::unique_ptr<BIO, base::Release<&BIO_free_all>>;
using Certificate = std::unique_ptr<X509, base::Release<&X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, base::Release<&EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, base::Release<&EVP_MD_CTX_free>>;

inline Bio memory_bio(std::string_view text) {
  return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

// Null unless it is a certificate.
inline Certificate read_certificate(std::string_view pem) {
  const Bio bio = memory_bio(pem);
  return Certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
}

inline void check_openssl(bool done, const char* what) {
  if (!done) throw base::Error{base::ErrorKind::failed, what};
}

}  // namespace simulator
