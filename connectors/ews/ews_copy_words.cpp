#include <array>
#include <cctype>

#include "connectors/ews/ews_wire.hpp"
#include "core/identity.hpp"

namespace calgate::ews {

namespace {

struct Word {
    std::string_view key;
    std::string CopyWords::*value;
};
constexpr std::array<Word, 6> kWords{{
    {"mark", &CopyWords::mark},
    {"capsule", &CopyWords::capsule},
    {"zone", &CopyWords::zone},
    {"rule", &CopyWords::rule},
    {"notes", &CopyWords::notes},
    {"state", &CopyWords::state},
}};

/// Bytes 0 to 39 of a GlobalObjectId that no Exchange made: its class id, no date, no time, no data.
constexpr std::string_view kClassId{"\x04\x00\x00\x00\x82\x00\xE0\x00\x74\xC5\xB7\x10\x1A\x82\xE0\x08", 16};
constexpr std::string_view kForeign = "vCal-Uid";
constexpr std::size_t kDate = 16, kHeader = 40;

std::string from_hex(std::string_view text) {
    std::string out;
    const auto digit = [](char c) {
        return std::isdigit(static_cast<unsigned char>(c)) ? c - '0'
                                                           : std::toupper(static_cast<unsigned char>(c)) - 'A' + 10;
    };
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        const bool both = std::isxdigit(static_cast<unsigned char>(text[at])) &&
                          std::isxdigit(static_cast<unsigned char>(text[at + 1]));
        if (!both) return {};
        out += static_cast<char>(digit(text[at]) * 16 + digit(text[at + 1]));
    }
    return out;
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

std::string base64(std::string_view bytes) {
    std::string out = base64url(bytes);
    for (char& c : out) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (out.size() % 4 != 0) out += '=';
    return out;
}

}  // namespace

std::string write_copy_words(const CopyWords& words) {
    std::string out;
    for (const Word& word : kWords)
        if (!(words.*word.value).empty())
            out += (out.empty() ? "" : " ") + std::string(word.key) + "=" + base64url(words.*word.value);
    return out;
}

CopyWords read_copy_words(std::string_view text) {
    CopyWords out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" \r\n\t"), text.size());
        const std::string_view one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        for (const Word& word : kWords) {
            if (!one.starts_with(word.key) || one.substr(word.key.size()).substr(0, 1) != "=") continue;
            if (const auto value = from_base64url(one.substr(word.key.size() + 1))) out.*word.value = *value;
        }
    }
    return out;
}

std::string global_object_id(std::string_view uid) {
    const auto number = [](std::size_t value) {
        std::string out;
        for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xFF);
        return out;
    };
    const std::string shown = from_hex(uid);
    if (shown.starts_with(kClassId)) return base64(shown);
    const std::string data = std::string(kForeign) + number(1) + std::string(uid) + '\0';
    return base64(std::string(kClassId) + std::string(kHeader - 4 - kDate, '\0') + number(data.size()) + data);
}

std::string uid_of(std::string_view shown) {
    std::string bytes = from_hex(shown);
    if (!bytes.starts_with(kClassId) || bytes.size() < kHeader) return std::string(shown);
    const std::size_t foreign = bytes.find(kForeign);
    if (foreign != std::string::npos && bytes.size() > foreign + kForeign.size() + 4) {
        const std::string uid = bytes.substr(foreign + kForeign.size() + 4);
        return uid.substr(0, uid.find('\0'));
    }
    bytes.replace(kDate, 4, 4, '\0');
    return to_hex(bytes);
}

}  // namespace calgate::ews
