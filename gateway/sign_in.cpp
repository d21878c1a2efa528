#include "gateway/sign_in.hpp"

#include <algorithm>

#include "core/identity.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

constexpr std::chrono::minutes kLife{10};
constexpr std::size_t kMost = 100;

}  // namespace

SignIns::SignIns(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

void SignIns::forget_old() {
    std::erase_if(entries_, [&](const auto& entry) { return entry.second.begun.until <= clock_.steady(); });
}

std::optional<BegunSignIn> SignIns::begin(BegunSignIn begun) {
    begun.id = base64url(random_bytes(random_, 12));
    begun.until = clock_.steady() + kLife;
    const std::lock_guard lock(mutex_);
    forget_old();
    if (entries_.size() >= kMost) return std::nullopt;
    entries_[begun.id].begun = begun;
    return begun;
}

std::optional<BegunSignIn> SignIns::take(const std::string& state, const std::optional<std::string>& caller) {
    const std::lock_guard lock(mutex_);
    forget_old();
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
        return equal_in_constant_time(entry.second.begun.authorization.state, state);
    });
    if (found == entries_.end() || found->second.used) return std::nullopt;
    Entry& entry = found->second;
    if (caller && !equal_in_constant_time(entry.begun.caller, *caller)) return std::nullopt;
    entry.used = true;
    BegunSignIn taken = entry.begun;
    entry.begun.authorization.verifier.clear();
    return taken;
}

void SignIns::settle(const std::string& id, const Standing& standing) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found != entries_.end()) found->second.standing = standing;
}

std::optional<SignIns::Standing> SignIns::standing(const std::string& id, const std::string& caller) {
    const std::lock_guard lock(mutex_);
    forget_old();
    const auto found = entries_.find(id);
    if (found == entries_.end() || !equal_in_constant_time(found->second.begun.caller, caller)) return std::nullopt;
    return found->second.standing;
}

}  // namespace calgate
