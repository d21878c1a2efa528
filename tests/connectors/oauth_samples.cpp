#include "tests/connectors/oauth_samples.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "connectors/http/url.hpp"
#include "core/identity.hpp"

namespace calgate::testing {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;

Key key_of(int bits) {
    static std::map<int, Key> keys;
    Key& key = keys[bits];
    if (!key) key = Key(EVP_RSA_gen(static_cast<unsigned>(bits)), EVP_PKEY_free);
    return key;
}

std::string taken(BIO* bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(length));
    BIO_free(bio);
    return text;
}

std::shared_ptr<X509> certificate() {
    static const std::shared_ptr<X509> kept = [] {
        std::shared_ptr<X509> made(X509_new(), X509_free);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 86'400);
        X509_set_pubkey(made.get(), key_of(2048).get());
        X509_sign(made.get(), key_of(2048).get(), EVP_sha256());
        return made;
    }();
    return kept;
}

}  // namespace

std::string rsa_key(int bits) {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key_of(bits).get(), nullptr, nullptr, 0, nullptr, nullptr);
    return taken(bio);
}

std::string certificate_with_key() {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate().get());
    return taken(bio) + rsa_key();
}

std::string certificate_digest() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509_digest(certificate().get(), EVP_sha256(), digest, &length);
    return base64url({reinterpret_cast<const char*>(digest), length});
}

bool signature_holds(const std::string& jwt, bool pss) {
    const auto dot = jwt.rfind('.');
    const auto signature = from_base64url(jwt.substr(dot + 1));
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* how = nullptr;
    if (!signature || EVP_DigestVerifyInit(digest.get(), &how, EVP_sha256(), nullptr, key_of(2048).get()) != 1)
        return false;
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 32);
    }
    return EVP_DigestVerify(
               digest.get(),
               reinterpret_cast<const unsigned char*>(signature->data()),
               signature->size(),
               reinterpret_cast<const unsigned char*>(jwt.data()),
               dot
           ) == 1;
}

std::string jwt_part(const std::string& jwt, int part) {
    std::size_t from = 0;
    for (; part > 0; --part) from = jwt.find('.', from) + 1;
    return from_base64url(jwt.substr(from, jwt.find('.', from) - from)).value_or("");
}

std::string id_token(const std::string& claims) {
    return base64url("{\"alg\":\"RS256\"}") + "." + base64url(claims) + ".c2ln";
}

std::map<std::string, std::string> form_of(const std::string& body) {
    std::map<std::string, std::string> out;
    std::string rest = body.substr(body.find('?') == std::string::npos ? 0 : body.find('?') + 1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const std::string pair = rest.substr(0, end);
        const auto equals = std::min(pair.find('='), pair.size());
        out[http::percent_decode(pair.substr(0, equals))] =
            equals < pair.size() ? http::percent_decode(pair.substr(equals + 1)) : "";
        rest.erase(0, end + 1);
    }
    return out;
}

std::string service_account_file(const std::string& key, const std::string& token_uri) {
    return nlohmann::json{
        {"type", "service_account"},
        {"client_email", "bot@project.iam.gserviceaccount.com"},
        {"private_key_id", "key-1"},
        {"private_key", key},
        {"token_uri", token_uri}}
        .dump();
}

}  // namespace calgate::testing
