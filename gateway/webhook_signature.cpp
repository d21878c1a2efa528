#include "gateway/webhook_signature.hpp"

#include <openssl/evp.h>

#include "core/identity.hpp"
#include "core/result.hpp"

namespace calgate {

std::string base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP ends it with a zero.
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::string sha256_bytes(std::string_view text) {
    std::string out(32, '\0');
    CALGATE_ASSERT(
        EVP_Digest(
            text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(), nullptr
        ) == 1
    );
    return out;
}

std::string shown_secret(std::string_view secret) { return "whsec_" + base64(secret); }

std::string webhook_signature(
    const std::vector<std::string>& secrets, const std::string& id, std::int64_t timestamp, const std::string& body
) {
    const std::string content = id + "." + std::to_string(timestamp) + "." + body;
    std::string out;
    for (const std::string& secret : secrets) {
        const auto raw = from_base64url(keyed_seal(content, secret));
        CALGATE_ASSERT(raw.has_value());
        out += (out.empty() ? "v1," : " v1,") + base64(*raw);
    }
    return out;
}

}  // namespace calgate
