#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "core/identity.hpp"

namespace calgate {
namespace {

constexpr char kSealVersion = 1;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kKeyBytes = 32;
constexpr const char* kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void must(int result) {
    if (result != 1)
        throw std::runtime_error("The cryptographic library refused a call; check the OpenSSL installation.");
}

}  // namespace

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(bytes(text), text.size(), digest.data());
    std::string hex;
    for (const unsigned char byte : digest) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

std::string base64url(std::string_view text) {
    std::string out;
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        held = (held << 8) | static_cast<unsigned char>(c);
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out += kAlphabet[(held >> bits) & 63];
        }
        held &= (1u << bits) - 1;
    }
    if (bits > 0) out += kAlphabet[(held << (6 - bits)) & 63];
    return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const auto place = std::string_view(kAlphabet).find(c);
        if (place == std::string_view::npos) return std::nullopt;
        held = (held << 6) | static_cast<unsigned>(place);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>((held >> bits) & 255);
            held &= (1u << bits) - 1;
        }
    }
    if (held != 0) return std::nullopt;
    return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string seal_secret(
    std::string_view plain, std::string_view key, std::string_view bound_to, std::string_view nonce
) {
    CALGATE_ASSERT(key.size() == kKeyBytes && nonce.size() == kNonceBytes);
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    must(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(nonce)));
    int length = 0;
    must(EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes(bound_to), static_cast<int>(bound_to.size())));
    std::string text(plain.size(), '\0');
    must(EVP_EncryptUpdate(cipher.get(), bytes(text), &length, bytes(plain), static_cast<int>(plain.size())));
    must(EVP_EncryptFinal_ex(cipher.get(), bytes(text) + length, &length));
    std::string tag(kTagBytes, '\0');
    must(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), tag.data()));
    return std::string(1, kSealVersion) + std::string(nonce) + text + tag;
}

Result<std::string> open_secret(std::string_view sealed, std::string_view key, std::string_view bound_to) {
    if (key.size() != kKeyBytes || sealed.size() < 1 + kNonceBytes + kTagBytes || sealed[0] != kSealVersion) {
        return Error{
            ErrorCode::Rejected,
            "This is no sealed value that this version of calgate can read; check that the key file belongs to this "
            "store."};
    }
    const auto nonce = sealed.substr(1, kNonceBytes);
    const auto text = sealed.substr(1 + kNonceBytes, sealed.size() - 1 - kNonceBytes - kTagBytes);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    must(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(nonce)));
    int length = 0;
    must(EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes(bound_to), static_cast<int>(bound_to.size())));
    std::string plain(text.size(), '\0');
    must(EVP_DecryptUpdate(cipher.get(), bytes(plain), &length, bytes(text), static_cast<int>(text.size())));
    must(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()));
    if (EVP_DecryptFinal_ex(cipher.get(), bytes(plain) + length, &length) != 1) {
        return Error{
            ErrorCode::Rejected,
            "The sealed value does not open: the key is wrong or the value was changed. Use the key file that belongs "
            "to this store."};
    }
    return plain;
}

}  // namespace calgate
