#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "gateway/kit.hpp"

namespace calgate {

/// One archive of all files, as tar reads it (POSIX.1-1988 ustar). @param at modification time of the files.
std::string tar_of(const std::vector<KitFile>& files, Instant at);

/// Sealed with a password: CMS AuthEnvelopedData with AES-256-GCM (RFC 5083, 5084) for one password recipient (RFC
/// 3211), DER. Opened with `openssl cms -decrypt -binary -inform DER -pwri_password PASSWORD`. OpenSSL's own number of
/// PBKDF2 rounds is small: only a long random password protects it.
/// @return Rejected when the password is shorter than 20 characters.
Result<std::string> seal_with_password(const std::string& text, const std::string& password);

}  // namespace calgate
