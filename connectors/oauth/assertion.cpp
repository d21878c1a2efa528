#include "connectors/oauth/assertion.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"

namespace calgate::oauth {
namespace {

using Json = nlohmann::json;
template <class T, void (*release)(T*)>
struct Release {
    void operator()(T* thing) const { release(thing); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Bio = std::unique_ptr<BIO, Release<BIO, BIO_free_all>>;

constexpr std::size_t kMaxPem = 64 * 1024;
constexpr std::size_t kMaxFile = 16 * 1024;
constexpr int kLeastBits = 2048;
constexpr auto kAssertionLife = std::chrono::minutes{10};
constexpr auto kServiceAccountLife = std::chrono::hours{1};
constexpr const char* kGoogleTokens = "https://oauth2.googleapis.com/token";

Error rejected(std::string sentence) { return {ErrorCode::Rejected, std::move(sentence), {}}; }

Bio memory(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// Never asks the terminal for a pass phrase.
int no_pass_phrase(char*, int, int, void*) { return 0; }

Result<Key> private_key(const std::string& pem) {
    Key key;
    if (pem.size() <= kMaxPem) {
        const Bio text = memory(pem);
        key.reset(PEM_read_bio_PrivateKey(text.get(), nullptr, &no_pass_phrase, nullptr));
    }
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < kLeastBits) {
        return rejected(
            "There is no usable private key: an unencrypted RSA key of at least 2048 bits in PEM is needed. Take the "
            "file as the provider gave it."
        );
    }
    return key;
}

std::int64_t seconds(Instant instant) { return instant.time_since_epoch().count(); }

std::string text_of(const Json& object, const char* name, std::size_t most) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) return {};
    auto text = found->get<std::string>();
    return text.size() <= most ? text : std::string{};
}

/// RFC 9562, version 4.
std::string random_guid(Random& random) {
    std::array<unsigned char, 16> bytes{};
    random.fill(bytes);
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        out += "0123456789abcdef"[bytes[i] >> 4];
        out += "0123456789abcdef"[bytes[i] & 15];
    }
    return out;
}

}  // namespace

Result<std::string> sign_jwt(
    const std::string& header, const std::string& claims, const std::string& pem, Signing signing
) {
    CALGATE_TRY(const Key key, private_key(pem));
    const std::string input = base64url(header) + "." + base64url(claims);
    const Digest digest(EVP_MD_CTX_new());
    EVP_PKEY_CTX* how = nullptr;
    bool good = EVP_DigestSignInit(digest.get(), &how, EVP_sha256(), nullptr, key.get()) == 1;
    if (good && signing == Signing::Ps256) {
        good = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    const auto* text = reinterpret_cast<const unsigned char*>(input.data());
    std::size_t length = 0;
    good = good && EVP_DigestSign(digest.get(), nullptr, &length, text, input.size()) == 1;
    std::string signature(length, '\0');
    good = good && EVP_DigestSign(
                       digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, text, input.size()
                   ) == 1;
    if (!good) return rejected("The private key could not sign; make a new key at the provider and connect again.");
    signature.resize(length);
    return input + "." + base64url(signature);
}

Result<std::string> certificate_thumbprint(const std::string& pem) {
    Certificate certificate;
    if (pem.size() <= kMaxPem) {
        const Bio text = memory(pem);
        certificate.reset(PEM_read_bio_X509(text.get(), nullptr, &no_pass_phrase, nullptr));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest.data(), &length) != 1) {
        return rejected(
            "There is no certificate in the file; give one PEM file that holds the certificate and its private key."
        );
    }
    return base64url({reinterpret_cast<const char*>(digest.data()), length});
}

Result<std::string> client_assertion(const Client& client, Instant now, Random& random) {
    CALGATE_TRY(const std::string thumbprint, certificate_thumbprint(client.certificate));
    const Json header = {{"alg", "PS256"}, {"typ", "JWT"}, {"x5t#S256", thumbprint}};
    const Json claims = {
        {"aud", token_endpoint(client)},
        {"iss", client.id},
        {"sub", client.id},
        {"jti", random_guid(random)},
        {"nbf", seconds(now)},
        {"iat", seconds(now)},
        {"exp", seconds(now + kAssertionLife)}};
    return sign_jwt(header.dump(), claims.dump(), client.certificate, Signing::Ps256);
}

Result<ServiceAccount> read_service_account(std::string_view file) {
    const auto flat = [](int depth, Json::parse_event_t, Json&) { return depth <= 1; };
    const Json json = file.size() <= kMaxFile ? Json::parse(file, flat, false) : Json();
    if (!json.is_object() || text_of(json, "type", 64) != "service_account") {
        return rejected(
            "This is no key file of a Google service account; download one of type JSON in the Google Cloud console."
        );
    }
    const ServiceAccount account{
        text_of(json, "client_email", 320), text_of(json, "private_key_id", 128), text_of(json, "private_key", 8192)};
    if (account.email.empty() || account.key_id.empty())
        return rejected("The key file names no client_email or private_key_id; download it again.");
    if (const auto endpoint = text_of(json, "token_uri", 256); !endpoint.empty() && endpoint != kGoogleTokens)
        return rejected("The key file names a token address that is not Google's; nothing is sent there.");
    if (const auto key = private_key(account.private_key); !key) return key.error();
    return account;
}

Result<std::string> service_account_assertion(
    const ServiceAccount& account, const std::string& subject, const std::vector<std::string>& scopes, Instant now
) {
    std::string all;
    for (const std::string& scope : scopes) all += (all.empty() ? "" : " ") + scope;
    const Json header = {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", account.key_id}};
    Json claims = {
        {"iss", account.email},
        {"scope", all},
        {"aud", kGoogleTokens},
        {"iat", seconds(now)},
        {"exp", seconds(now + kServiceAccountLife)}};
    if (!subject.empty()) claims["sub"] = subject;
    return sign_jwt(header.dump(), claims.dump(), account.private_key, Signing::Rs256);
}

}  // namespace calgate::oauth
