#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "store/store.hpp"

namespace calgate {

/// `cg_`, 256 random bits (43 characters, base64url), and six characters by which a mistyped or cut key is told from an
/// unknown one, and by which a search for secrets knows a key.
std::string make_api_key(Random& random);
/// It has the form of a key and its last six characters do not belong to the others.
bool is_damaged_key(std::string_view key);

const char* to_string(KeyScope);
std::optional<KeyScope> key_scope_from(std::string_view name);

/// The keys that open the API, in memory. Any thread.
class KeyRing {
public:
    /// @param admin_token opens everything and is no API key; empty: there is none.
    KeyRing(const std::vector<ApiKey>& keys, const std::string& admin_token);
    /// @param hash hex SHA-256 of what the caller sent. @return nothing when it is unknown or has expired by `now`.
    std::optional<ApiKey> find(const std::string& hash, Instant now) const;
    bool is_admin(const std::string& hash) const;
    void put(const ApiKey&);
    void erase(const std::string& hash);

private:
    const std::string admin_hash_;
    mutable std::mutex mutex_{};
    std::map<std::string, ApiKey> keys_{};  ///< By hash, under mutex_.
};

}  // namespace calgate
