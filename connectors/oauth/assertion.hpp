#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/oauth/client.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"

namespace calgate::oauth {

/// RFC 7518 3.1. Google takes RS256, Microsoft asks for PS256.
enum class Signing : std::uint8_t { Rs256, Ps256 };

/// A signed JWT in compact form (RFC 7515 7.1). @param pem holds an RSA private key, unencrypted.
/// @return Rejected with a sentence when there is none in it, or one below 2048 bits.
Result<std::string> sign_jwt(const std::string& header, const std::string& claims, const std::string& pem, Signing);

/// SHA-256 of the first certificate's DER, base64url: `x5t#S256` (RFC 7515 4.1.8).
Result<std::string> certificate_thumbprint(const std::string& pem);

/// Proves a Microsoft application by its certificate (Entra: certificate credentials). Good for ten minutes.
Result<std::string> client_assertion(const Client&, Instant now, Random&);

/// A Google service account's key file, what of it is needed.
struct ServiceAccount {
    std::string email{};
    std::string key_id{};
    std::string private_key{};  ///< PEM.
};
/// @return Rejected with a sentence: no JSON, another kind of file, a key that cannot be used, or a token address that
/// is not Google's.
Result<ServiceAccount> read_service_account(std::string_view file);

/// The JWT of RFC 7523 for Google. @param subject whom to act for (domain-wide delegation); empty: the account itself.
Result<std::string> service_account_assertion(
    const ServiceAccount&, const std::string& subject, const std::vector<std::string>& scopes, Instant now
);

}  // namespace calgate::oauth
