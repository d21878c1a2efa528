#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace calgate {

/// RFC 4648 4, padded.
std::string base64(std::string_view bytes);
std::string sha256_bytes(std::string_view text);

/// How a receiver is shown a secret: "whsec_" and its base64 (Standard Webhooks, symmetric).
std::string shown_secret(std::string_view secret);

/// The header `webhook-signature`: one "v1,<base64>" for each secret, HMAC-SHA256 over "id.timestamp.body" (Standard
/// Webhooks). @param secrets as bytes. @param timestamp seconds since 1970.
std::string webhook_signature(
    const std::vector<std::string>& secrets, const std::string& id, std::int64_t timestamp, const std::string& body
);

}  // namespace calgate
