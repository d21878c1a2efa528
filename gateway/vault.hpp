#pragma once

#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "core/clock.hpp"
#include "core/model.hpp"
#include "core/result.hpp"
#include "store/store.hpp"

namespace calgate {

/// Keys of 32 bytes by number; the highest seals, all open.
using VaultKeys = std::map<std::int64_t, std::string>;

/// What a rotation did.
struct Rotation {
    std::int64_t key = 0;  ///< The number that seals from now on.
    int resealed = 0;
    int damaged = 0;  ///< Secrets that did not open: left as they are.
};

/// Seals the secrets of accounts for the store. A sealed secret names its key and is bound to its account and name
/// (additional data of AES-256-GCM), so that a changed byte or a row put into another's place does not open. The keys
/// stay in keys.json, outside the store. Any thread.
class Vault {
public:
    Vault(std::string directory, VaultKeys, Random&);

    /// Seals with the newest key and keeps it in the caller's transaction: so a rotation never misses it.
    void keep(Writer&, const AccountId&, const std::string& name, std::string_view plain) const;
    /// @return Rejected with a sentence.
    Result<std::string> open(const SealedSecret&) const;
    /// Makes a new key, writes it to keys.json, then seals everything with it, a few rows a transaction, while all
    /// calls go on. When it is interrupted, both keys open; run it again. One at a time.
    /// @return Rejected with a sentence when the new key could not be kept: nothing was changed.
    Result<Rotation> rotate(Store&);

private:
    SealedSecret seal(const AccountId&, const std::string& name, std::string_view plain) const;
    /// Seals the next rows after `after` anew and moves it on. @return false when none were left.
    bool reseal_some(Store&, SealedSecret& after, Rotation&) const;

    const std::string directory_;
    Random& random_;
    std::mutex rotating_{};
    mutable std::shared_mutex mutex_{};
    VaultKeys keys_;  ///< Under mutex_.
};

/// The name under which an account's secret lies.
const char* secret_name(SignInMethod);

}  // namespace calgate
