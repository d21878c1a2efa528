#include "tests/sim/local_ca.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace calgate::testing {

namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

constexpr long kDay = 24L * 60 * 60;

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL cannot ") + what + ".");
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    require(key != nullptr, "make a key");
    return key;
}

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
    const Memory out(BIO_new(BIO_s_mem()));
    require(out && PEM_write_bio_X509(out.get(), certificate) == 1, "write a certificate");
    return text_of(out.get());
}

std::string pem(EVP_PKEY* key) {
    const Memory out(BIO_new(BIO_s_mem()));
    require(out && PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "write a key");
    return text_of(out.get());
}

void add_name(X509_NAME* name, const std::string& common_name) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(common_name.data());
    const int size = static_cast<int>(common_name.size());
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes, size, -1, 0) == 1, "name a certificate");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())
    );
    require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extend a certificate");
}

Certificate blank(EVP_PKEY* key, const std::string& common_name) {
    Certificate certificate(X509_new());
    unsigned char serial[16];
    require(certificate && RAND_bytes(serial, sizeof serial) == 1, "make a certificate");
    serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);
    const std::unique_ptr<BIGNUM, Freed<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
    require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())), "number it");
    require(X509_set_version(certificate.get(), 2) == 1, "set a version");
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 30 * kDay);
    require(X509_set_pubkey(certificate.get(), key) == 1, "set a key");
    add_name(X509_get_subject_name(certificate.get()), common_name);
    return certificate;
}

bool is_address(const std::string& name) {
    return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) || c == '.'; });
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string list;
    for (const auto& name : names)
        list += (list.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
    return list;
}

}  // namespace

struct LocalCa::Impl {
    Key key{};
    Certificate certificate{};
    std::string text{};
};

LocalCa::LocalCa() : impl_(std::make_unique<Impl>()) {
    impl_->key = make_key();
    impl_->certificate = blank(impl_->key.get(), "calgate-sim authority");
    X509* const own = impl_->certificate.get();
    require(X509_set_issuer_name(own, X509_get_subject_name(own)) == 1, "set an issuer");
    add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(own, own, NID_key_usage, "critical,keyCertSign");
    add_extension(own, own, NID_subject_key_identifier, "hash");
    require(X509_sign(own, impl_->key.get(), EVP_sha256()) > 0, "sign a certificate");
    impl_->text = pem(own);
}

LocalCa::~LocalCa() = default;

const std::string& LocalCa::certificate() const { return impl_->text; }

TlsIdentity LocalCa::issue(const std::vector<std::string>& names) {
    require(!names.empty(), "issue a certificate for nobody");
    const Key key = make_key();
    const Certificate certificate = blank(key.get(), names.front());
    X509* const authority = impl_->certificate.get();
    require(X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority)) == 1, "set an issuer");
    add_extension(certificate.get(), authority, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), authority, NID_key_usage, "critical,digitalSignature");
    add_extension(certificate.get(), authority, NID_ext_key_usage, "serverAuth");
    add_extension(certificate.get(), authority, NID_authority_key_identifier, "keyid");
    add_extension(certificate.get(), authority, NID_subject_alt_name, alternative_names(names));
    require(X509_sign(certificate.get(), impl_->key.get(), EVP_sha256()) > 0, "sign a certificate");
    return {pem(certificate.get()), pem(key.get())};
}

}  // namespace calgate::testing
