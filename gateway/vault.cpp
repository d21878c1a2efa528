#include "gateway/vault.hpp"

#include <optional>

#include "core/identity.hpp"
#include "gateway/keys.hpp"
#include "gateway/refused.hpp"

namespace calgate {
namespace {

constexpr char kEnvelope = 2;
constexpr std::size_t kNumberBytes = 4;
constexpr std::size_t kHeaderBytes = 1 + kNumberBytes;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kBatch = 100;
constexpr std::size_t kMostKeys = 500;

std::string header_of(std::int64_t key) {
    std::string header(1, kEnvelope);
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>((key >> shift) & 0xff);
    return header;
}

/// What a sealed value says of its key: the first vault sealed without a header, always with key 1.
std::int64_t number_in(std::string_view header) {
    std::int64_t number = 0;
    for (const char c : header.substr(1)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

std::string bound_to(const AccountId& account, const std::string& name) {
    return "account " + name + " " + account.value;
}

}  // namespace

Vault::Vault(std::string directory, VaultKeys keys, Random& random)
    : directory_(std::move(directory)), random_(random), keys_(std::move(keys)) {
    CALGATE_ASSERT(!keys_.empty());
}

SealedSecret Vault::seal(const AccountId& account, const std::string& name, std::string_view plain) const {
    std::int64_t number = 0;
    std::string key;
    {
        const std::shared_lock lock(mutex_);
        number = keys_.rbegin()->first;
        key = keys_.rbegin()->second;
    }
    const std::string header = header_of(number);
    const std::string binding = header + bound_to(account, name);
    return {account, name, number, header + seal_secret(plain, key, binding, random_bytes(random_, kNonceBytes))};
}

void Vault::keep(Writer& writer, const AccountId& account, const std::string& name, std::string_view plain) const {
    writer.put(seal(account, name, plain));
}

Result<std::string> Vault::open(const SealedSecret& secret) const {
    const bool first = secret.sealed.empty() || secret.sealed[0] != kEnvelope;
    if (!first && secret.sealed.size() < kHeaderBytes)
        return refused("The sealed " + secret.name + " is cut off; connect the account again.");
    const std::string header = first ? std::string{} : secret.sealed.substr(0, kHeaderBytes);
    const std::int64_t number = first ? 1 : number_in(header);
    if (number != secret.key)
        return refused(
            "The sealed " + secret.name + " is not the one that its row tells of (vault key " + std::to_string(number) +
            " instead of " + std::to_string(secret.key) +
            "): the row was changed. Bring it back from a backup, or connect the account again."
        );
    std::string key;
    {
        const std::shared_lock lock(mutex_);
        const auto found = keys_.find(number);
        if (found == keys_.end()) {
            return refused(
                "The sealed " + secret.name + " needs vault key " + std::to_string(number) +
                ", which is not in keys.json; bring back the key file that belongs to this store."
            );
        }
        key = found->second;
    }
    const auto sealed = std::string_view(secret.sealed).substr(header.size());
    return open_secret(sealed, key, header + bound_to(secret.account, secret.name));
}

Result<Rotation> Vault::rotate(Store& store) {
    const std::lock_guard one_at_a_time(rotating_);
    VaultKeys next;
    {
        const std::shared_lock lock(mutex_);
        next = keys_;
    }
    if (next.size() >= kMostKeys)
        return refused("keys.json holds too many vault keys; take out old ones whose backups you no longer need.");
    Rotation done;
    done.key = next.rbegin()->first + 1;
    next[done.key] = random_bytes(random_, kKeyBytes);
    CALGATE_TRY_STATUS(save_vault_keys(directory_, next));
    {
        const std::unique_lock lock(mutex_);
        keys_ = std::move(next);
    }
    for (SealedSecret after{}; reseal_some(store, after, done);) {
    }
    return done;
}

bool Vault::reseal_some(Store& store, SealedSecret& after, Rotation& done) const {
    struct Batch {
        int resealed = 0, damaged = 0;
        std::optional<SealedSecret> last{};
    };
    const Batch batch = write(store, [&](Writer& writer) {
        Batch result;
        for (const SealedSecret& old : writer.secrets_under_other_keys(done.key, after, kBatch)) {
            result.last = old;
            if (const auto plain = open(old)) {
                keep(writer, old.account, old.name, *plain);
                ++result.resealed;
            } else {
                ++result.damaged;
            }
        }
        return result;
    });
    done.resealed += batch.resealed;
    done.damaged += batch.damaged;
    if (batch.last) after = *batch.last;
    return batch.last.has_value();
}

const char* secret_name(SignInMethod method) {
    switch (method) {
        case SignInMethod::Password:
            return "password";
        case SignInMethod::Person:
            return "refresh_token";
        case SignInMethod::ServiceAccount:
            return "service_account";
        case SignInMethod::ApplicationSecret:
            return "client_secret";
        case SignInMethod::ApplicationCertificate:
            return "certificate";
    }
    return "password";
}

}  // namespace calgate
