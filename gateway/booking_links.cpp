#include "gateway/booking_links.hpp"

#include <algorithm>
#include <cctype>

#include "core/identity.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

constexpr const char* kLinkKey = "link_key";
constexpr std::size_t kLinkKeyBytes = 32;
constexpr std::size_t kHiddenCharacters = 22;

/// Lengths first, so that no two links give the same text.
std::string all_of(const BookingLink& link) {
    std::string out = "calgate link 1";
    for (const std::string* part : {&link.id, &link.customer, &link.service.value})
        out += " " + std::to_string(part->size()) + " " + *part;
    return out + " " + std::to_string(link.expires.time_since_epoch().count()) + (link.single_use ? " once" : " often");
}

}  // namespace

BookingLinks::BookingLinks(Store& store, const Vault& vault, Random& random)
    : store_(store), vault_(vault), random_(random) {
    // So that only making the key ever needs the store outside the caller's transaction.
    const auto sealed = read(store_, [](const Reader& reader) { return reader.secret(kOwnSecrets, kLinkKey); });
    if (!sealed) return;
    if (auto opened = vault_.open(*sealed)) key_ = std::move(*opened);
}

const std::string& BookingLinks::key() {
    const std::lock_guard lock(mutex_);
    if (!key_.empty()) return key_;
    auto sealed = read(store_, [](const Reader& reader) { return reader.secret(kOwnSecrets, kLinkKey); });
    if (!sealed) {
        const std::string fresh = random_bytes(random_, kLinkKeyBytes);
        store_.write([&](Writer& writer) { vault_.keep(writer, kOwnSecrets, kLinkKey, fresh); });
        return key_ = fresh;
    }
    auto opened = vault_.open(*sealed);
    if (!opened) throw StoreFailure(opened.error().detail);
    return key_ = std::move(*opened);
}

std::string BookingLinks::token_of(const BookingLink& link) { return link.id + "." + keyed_seal(all_of(link), key()); }

std::optional<BookingLink> BookingLinks::find(const Reader& reader, std::string_view token) {
    const auto dot = token.find('.');
    if (dot == std::string_view::npos || token.size() > 100) return std::nullopt;
    auto link = reader.booking_link(std::string(token.substr(0, dot)));
    if (!link || !equal_in_constant_time(token_of(*link), token)) return std::nullopt;
    return link;
}

std::string BookingLinks::hidden(std::string_view kind, std::string_view text) {
    return keyed_seal(std::string(kind) + " " + std::string(text), key()).substr(0, kHiddenCharacters);
}

std::string plain_customer(std::string_view name) {
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (!std::isspace(byte)) out += static_cast<char>(std::tolower(byte));
    }
    return out;
}

}  // namespace calgate
