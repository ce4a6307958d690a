#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

#include "net/testing/http_imposter.h"

namespace mbk::nettest {

/// A certificate for 127.0.0.1, signed by itself and made afresh, with a TLS server that shows it.
class SelfSignedServer {
 public:
  SelfSignedServer()
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()), context_(SSL_CTX_new(TLS_server_method())) {
    X509_set_version(certificate_, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1,
                               -1, 0);
    X509_set_issuer_name(certificate_, name);
    AddExtension(NID_subject_alt_name, "IP:127.0.0.1");
    AddExtension(NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate_, key_, EVP_sha256());
    SSL_CTX_use_certificate(context_, certificate_);
    SSL_CTX_use_PrivateKey(context_, key_);
  }
  ~SelfSignedServer() {
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  SelfSignedServer(const SelfSignedServer&) = delete;
  SelfSignedServer& operator=(const SelfSignedServer&) = delete;

  void WriteCertificate(const std::string& path) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || PEM_write_X509(file, certificate_) != 1)
      throw std::runtime_error("cannot write " + path);
    std::fclose(file);
  }

  void WriteKey(const std::string& path) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || PEM_write_PrivateKey(file, key_, nullptr, nullptr, 0, nullptr, nullptr) != 1)
      throw std::runtime_error("cannot write " + path);
    std::fclose(file);
  }

  /// From now on only clients that show this same certificate are served.
  void AskForClientCertificate() {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), certificate_);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }

  HttpImposter::MakeTransport Transports() {
    return [this](int fd) { return std::make_unique<Tls>(fd, context_); };
  }

 private:
  class Tls : public Transport {
   public:
    Tls(int fd, SSL_CTX* context) : Transport(fd), ssl_(SSL_new(context)) {
      SSL_set_fd(ssl_, fd);
      SSL_set_accept_state(ssl_);  // the handshake takes place in the first Read
    }
    ~Tls() override { SSL_free(ssl_); }
    ssize_t Read(char* data, std::size_t size) override {
      return SSL_read(ssl_, data, static_cast<int>(size));
    }
    ssize_t Write(const char* data, std::size_t size) override {
      return SSL_write(ssl_, data, static_cast<int>(size));
    }

   private:
    SSL* ssl_;
  };

  void AddExtension(int nid, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate_, extension, -1);
    X509_EXTENSION_free(extension);
  }

  EVP_PKEY* key_;
  X509* certificate_;
  SSL_CTX* context_;
};

}  // namespace mbk::nettest
