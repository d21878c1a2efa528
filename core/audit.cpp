#include "core/audit.hpp"

#include "core/identity.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMostText = 200;

std::string shortened(const std::string& text) {
    if (text.size() <= kMostText) return text;
    std::size_t end = kMostText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "…";
}

std::vector<std::pair<const char*, std::string>> fields_of(const Appointment& a) {
    return {
        {"staff", a.staff.value},
        {"service", a.service.value},
        {"start", format_local(a.start)},
        {"end", format_local(a.end)},
        {"zone", a.zone},
        {"state", to_string(a.state)},
        {"title", a.title},
        {"place", a.place},
        {"customer", a.customer},
        {"notes", a.notes}};
}

}  // namespace

std::vector<FieldChange> changes_between(const Appointment* before, const Appointment& after) {
    std::vector<FieldChange> changes;
    const auto now = fields_of(after);
    const auto then = before ? fields_of(*before) : std::vector<std::pair<const char*, std::string>>(now.size());
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i].second == then[i].second) continue;
        changes.push_back({now[i].first, shortened(then[i].second), shortened(now[i].second)});
    }
    return changes;
}

std::string commitment_to(std::string_view text, std::string_view salt) {
    return sha256_hex(std::to_string(salt.size()) + ":" + std::string(salt) + std::string(text));
}

std::string audit_link(std::string_view before, std::int64_t sequence, std::string_view record) {
    return sha256_hex(std::string(before) + "\n" + std::to_string(sequence) + "\n" + std::string(record));
}

}  // namespace calgate
