#include "connectors/google/google_properties.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace calgate::google {

namespace {

constexpr std::string_view kMark = "calgateMark", kCapsule = "calgateCapsule";
constexpr std::size_t kMaxValue = 1024;
constexpr std::size_t kMaxTotal = 30 * 1024;  ///< Of Google's 32 kB; other programs keep something there too.

std::string name_of(std::string_view base, std::size_t part) {
    return std::string(base) + (part == 0 ? "" : std::to_string(part + 1));
}

bool is_part_of(std::string_view base, std::string_view name) {
    if (!name.starts_with(base)) return false;
    name.remove_prefix(base.size());
    return name.find_first_not_of("0123456789") == std::string_view::npos;
}

void split_into(std::map<std::string, std::string>& out, std::string_view base, std::string_view value) {
    for (std::size_t part = 0; part * kMaxValue < value.size(); ++part)
        out[name_of(base, part)] = std::string(value.substr(part * kMaxValue, kMaxValue));
}

std::string joined(const nlohmann::json& properties, std::string_view base) {
    std::string value;
    for (std::size_t part = 0;; ++part) {
        const auto at = properties.find(name_of(base, part));
        if (at == properties.end() || !at->is_string()) return value;
        value += at->get<std::string>();
    }
}

}  // namespace

Properties read_properties(std::string_view resource) {
    const auto document = nlohmann::json::parse(resource, nullptr, false);
    const auto extended = document.is_object() ? document.find("extendedProperties") : document.end();
    if (!document.is_object() || extended == document.end() || !extended->is_object()) return {};
    const auto own = extended->find("private");
    if (own == extended->end() || !own->is_object()) return {};
    return {joined(*own, kMark), joined(*own, kCapsule)};
}

std::optional<std::map<std::string, std::string>> written_properties(std::string_view mark, std::string_view capsule) {
    if (mark.size() + capsule.size() > kMaxTotal) return std::nullopt;
    std::map<std::string, std::string> out;
    split_into(out, kMark, mark);
    split_into(out, kCapsule, capsule);
    return out;
}

bool is_our_property(std::string_view name) { return is_part_of(kMark, name) || is_part_of(kCapsule, name); }

}  // namespace calgate::google
