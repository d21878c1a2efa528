#include "gateway/api_keys.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPrefix = "cg_";
constexpr std::size_t kSecretCharacters = 43;
constexpr std::size_t kChecksum = 6;
constexpr std::size_t kIdCharacters = 16;
constexpr std::int64_t kLongestLife = 10LL * 366 * 86'400;

constexpr std::array<const char*, 4> kScopes = {"monitor", "read", "write", "admin"};

std::string checksum_of(std::string_view key) { return sha256_hex(key).substr(0, kChecksum); }
std::string id_of(const ApiKey& key) { return key.hash.substr(0, kIdCharacters); }

Json shown(const ApiKey& key, Instant now) {
    return Json{
        {"id", id_of(key)},
        {"label", key.label},
        {"scope", to_string(key.scope)},
        {"created", format_instant(key.created)},
        {"expires", instant_json(key.expires)},
        {"expired", key.expires && *key.expires <= now}};
}

}  // namespace

std::string make_api_key(Random& random) {
    const std::string key = std::string(kPrefix) + base64url(random_bytes(random, 32));
    return key + checksum_of(key);
}

bool is_damaged_key(std::string_view key) {
    const std::size_t covered = kPrefix.size() + kSecretCharacters;
    if (!key.starts_with(kPrefix)) return false;
    return key.size() == covered + kChecksum && checksum_of(key.substr(0, covered)) != key.substr(covered);
}

const char* to_string(KeyScope scope) { return kScopes.at(static_cast<std::size_t>(scope)); }

std::optional<KeyScope> key_scope_from(std::string_view name) {
    for (std::size_t i = 0; i < kScopes.size(); ++i) {
        if (name == kScopes.at(i)) return static_cast<KeyScope>(i);
    }
    return std::nullopt;
}

KeyRing::KeyRing(const std::vector<ApiKey>& keys, const std::string& admin_token)
    : admin_hash_(admin_token.empty() ? "" : sha256_hex(admin_token)) {
    for (const ApiKey& key : keys) put(key);
}

std::optional<ApiKey> KeyRing::find(const std::string& hash, Instant now) const {
    if (is_admin(hash)) return ApiKey{hash, "", KeyScope::Admin, {}, {}};
    const std::lock_guard lock(mutex_);
    const auto found = keys_.find(hash);
    if (found == keys_.end()) return std::nullopt;
    const auto& expires = found->second.expires;
    return expires && *expires <= now ? std::nullopt : std::optional(found->second);
}

bool KeyRing::is_admin(const std::string& hash) const {
    return !admin_hash_.empty() && equal_in_constant_time(hash, admin_hash_);
}

void KeyRing::put(const ApiKey& key) {
    const std::lock_guard lock(mutex_);
    keys_[key.hash] = key;
}

void KeyRing::erase(const std::string& hash) {
    const std::lock_guard lock(mutex_);
    keys_.erase(hash);
}

HttpResponse Api::list_keys(const HttpRequest&, const PathValues&) {
    Json list = Json::array();
    for (const ApiKey& key : read(parts_.store, [](const Reader& r) { return r.api_keys(); }))
        list.push_back(shown(key, parts_.clock.now()));
    return answer(200, Json{{"keys", list}});
}

HttpResponse Api::post_key(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"label", "scope", "expires_in_s"});
    const Instant now = parts_.clock.now();
    const auto scope = key_scope_from(in.text_or("scope", 20, to_string(KeyScope::Write)));
    if (!scope) throw InputError("The field \"scope\" is \"monitor\", \"read\", \"write\" or \"admin\".");
    const auto life = in.number_or("expires_in_s", 1, kLongestLife, 0);
    const std::string secret = make_api_key(parts_.random);
    ApiKey key{sha256_hex(secret), in.text("label", 100), *scope, now, std::nullopt};
    if (life > 0) key.expires = now + std::chrono::seconds{life};
    parts_.store.write([&](Writer& writer) {
        writer.put(key);
        writer.append(Change{0, now, "key.created", id_of(key), who(request), to_string(key.scope), 0});
    });
    keys_.put(key);
    Json body = shown(key, now);
    body["key"] = secret;
    return answer(201, body);
}

HttpResponse Api::delete_key(const HttpRequest& request, const PathValues& path) {
    const std::string& id = path.at("id");
    std::string gone;
    parts_.store.write([&](Writer& writer) {
        for (const ApiKey& key : writer.api_keys()) {
            if (id.size() >= kIdCharacters && key.hash.starts_with(id)) gone = key.hash;
        }
        if (gone.empty()) return;
        writer.erase_api_key(gone);
        writer.append(Change{0, parts_.clock.now(), "key.revoked", gone.substr(0, kIdCharacters), who(request), "", 0});
    });
    if (gone.empty()) return problem(404, "Not Found", "There is no key with this id; calgate keys list names them.");
    keys_.erase(gone);
    return answer(200, Json{{"revoked", id}});
}

HttpResponse Api::rotate_keys(const HttpRequest& request, const PathValues&) {
    const auto done = parts_.connectors.vault().rotate(parts_.store);
    if (!done) return problem(500, "The new key was not kept", done.error().detail);
    parts_.store.write([&](Writer& writer) {
        writer.append(Change{
            0,
            parts_.clock.now(),
            "vault.rotated",
            std::to_string(done->key),
            who(request),
            std::to_string(done->resealed) + " secrets were sealed anew.",
            0});
    });
    return answer(200, Json{{"key", done->key}, {"resealed", done->resealed}, {"damaged", done->damaged}});
}

}  // namespace calgate
