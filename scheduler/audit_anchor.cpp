#include "scheduler/audit_anchor.hpp"

namespace calgate {

std::optional<std::string> anchor_trouble(const Reader& reader, const Manifest& marker) {
    if (marker.audit.link.empty() || marker.business.epoch != reader.business().value_or(Business{}).epoch)
        return std::nullopt;
    const auto here = reader.audit_at(marker.audit.sequence);
    if (here && here->link == marker.audit.link) return std::nullopt;
    const std::string entry = std::to_string(marker.audit.sequence);
    if (!here)
        return "The audit ends before entry " + entry +
               ", which the marker has seen: its tail was cut off, or this is an older store. Bring back the latest "
               "backup.";
    return "Entry " + entry +
           " of the audit is not the one that the marker has seen: the store was changed or replaced behind calgate's "
           "back. Bring back the latest backup, and find out who could write to it.";
}

void note_anchor(Writer& writer, const CalendarId& calendar, const Manifest& marker, Instant now) {
    const auto trouble = anchor_trouble(writer, marker);
    const std::string setting = "audit.broken." + calendar.value;
    if (!trouble || writer.setting(setting) == marker.audit.link) return;
    writer.put_setting(setting, marker.audit.link);
    writer.append({0, now, "audit.broken", calendar.value, "gateway", *trouble, 0});
}

}  // namespace calgate
