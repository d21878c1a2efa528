#pragma once

#include <map>
#include <string>

/// Keys, tokens and forms for the tests of connectors/oauth and gateway/.
namespace calgate::testing {

/// PEM of a fresh RSA key; the same for one run. `bits` 1024 is too weak on purpose.
std::string rsa_key(int bits = 2048);
/// PEM of a self-signed certificate over rsa_key(), followed by the key.
std::string certificate_with_key();
/// Base64url SHA-256 of that certificate's DER.
std::string certificate_digest();
/// The signature of a compact JWT over rsa_key(). @param pss PS256, otherwise RS256.
bool signature_holds(const std::string& jwt, bool pss);
/// Header or claims of a compact JWT as text.
std::string jwt_part(const std::string& jwt, int part);
/// An id_token with these claims; its signature is not one.
std::string id_token(const std::string& claims);
/// application/x-www-form-urlencoded, decoded; also the query of an address.
std::map<std::string, std::string> form_of(const std::string& body);
/// A Google service account's key file over `key`.
std::string service_account_file(
    const std::string& key, const std::string& token_uri = "https://oauth2.googleapis.com/token"
);

}  // namespace calgate::testing
