#include "connectors/google/google_ids.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "connectors/http/url.hpp"

namespace calgate::google {

namespace {

constexpr std::string_view kPrefix = "calendars/", kSuffix = "/events/";
constexpr std::string_view kEncodedUid = "calgateuid";  ///< Valid base32hex; no copy name starts so by chance.
constexpr std::string_view kOwnDomain = "@google.com";
constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuv";
constexpr std::size_t kMaxUid = 600;

std::string base32hex(std::string_view bytes) {
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : bytes) {
        held = (held << 8 | static_cast<unsigned char>(c)) & 0xFFFFu;
        for (bits += 8; bits >= 5; bits -= 5) out += kAlphabet[held >> (bits - 5) & 31u];
    }
    if (bits > 0) out += kAlphabet[held << (5 - bits) & 31u];
    return out;
}

std::optional<std::string> from_base32hex(std::string_view text) {
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : text) {
        const auto value = kAlphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        held = (held << 5 | static_cast<std::uint32_t>(value)) & 0xFFFFu;
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        out += static_cast<char>(held >> bits & 255u);
    }
    if (base32hex(out) != text) return std::nullopt;
    return out;
}

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_original_start(std::string_view text) {
    if (text.size() == 8) return all_digits(text);
    return text.size() == 16 && all_digits(text.substr(0, 8)) && text[8] == 'T' && all_digits(text.substr(9, 6)) &&
           text[15] == 'Z';
}

}  // namespace

Href calendar_href(std::string_view calendar_id) {
    return Href{std::string(kPrefix) + http::percent_encode(std::string(calendar_id)) + std::string(kSuffix)};
}

Href event_href(const Href& calendar, std::string_view event_id) {
    return Href{calendar.value + http::percent_encode(std::string(event_id))};
}

std::optional<EventPlace> event_place(const Href& event) {
    const auto at = event.value.rfind('/');
    if (at == std::string::npos || at + 1 == event.value.size()) return std::nullopt;
    EventPlace place{Href{event.value.substr(0, at + 1)}, http::percent_decode(event.value.substr(at + 1))};
    if (!calendar_id(place.calendar)) return std::nullopt;
    return place;
}

std::string list_path(const Href& calendar) { return calendar.value.substr(0, calendar.value.size() - 1); }

std::optional<std::string> calendar_id(const Href& calendar) {
    const std::string& text = calendar.value;
    if (!text.starts_with(kPrefix) || !text.ends_with(kSuffix) || text.size() <= kPrefix.size() + kSuffix.size())
        return std::nullopt;
    const std::string id = text.substr(kPrefix.size(), text.size() - kPrefix.size() - kSuffix.size());
    if (id.find('/') != std::string::npos) return std::nullopt;
    return http::percent_decode(id);
}

bool is_client_id(std::string_view text) {
    return text.size() >= 5 && text.size() <= 1024 && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

std::optional<std::string> event_id_of(const Uid& uid) {
    if (is_client_id(uid.value) && !uid.value.starts_with(kEncodedUid)) return uid.value;
    if (uid.empty() || uid.value.size() > kMaxUid) return std::nullopt;
    return std::string(kEncodedUid) + base32hex(uid.value);
}

Uid uid_of(std::string_view id, std::string_view ical_uid) {
    if (!ical_uid.empty() && ical_uid != std::string(id) + std::string(kOwnDomain)) return Uid{std::string(ical_uid)};
    if (id.starts_with(kEncodedUid))
        if (auto encoded = from_base32hex(id.substr(kEncodedUid.size()))) return Uid{std::move(*encoded)};
    return Uid{std::string(id)};
}

std::optional<InstanceId> split_instance_id(std::string_view id) {
    const auto at = id.rfind('_');
    if (at == std::string_view::npos || at == 0 || !is_original_start(id.substr(at + 1))) return std::nullopt;
    return InstanceId{std::string(id.substr(0, at)), std::string(id.substr(at + 1))};
}

}  // namespace calgate::google
