#include "gateway/import_ics.hpp"

#include <algorithm>
#include <cctype>

#include "core/icalendar.hpp"
#include "core/identity.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMaxEvents = 20'000;
constexpr std::string_view kOwn = "@calgate";  ///< Behind the id, in calgate's own export.

std::string id_of(const std::string& uid) {
    if (uid.size() <= 128 && uid.ends_with(kOwn)) {
        std::string own = uid.substr(0, uid.size() - kOwn.size());
        const bool plain = !own.empty() && std::all_of(own.begin(), own.end(), [](unsigned char c) {
            return std::isalnum(c) || c == '.' || c == '_' || c == ':' || c == '-';
        });
        if (plain) return own;
    }
    return "ics-" + sha256_hex(uid).substr(0, 24);
}

/// Why it cannot become an appointment; empty when it can.
std::string trouble_of(const Event& event) {
    if (event.partial || (event.has_master && event.master.start.local >= event.master.end.local))
        return event.warnings.empty() ? "cannot be understood; book it by hand." : event.warnings.front();
    const bool repeats = !event.has_master || !event.master.rules.empty() || !event.master.extra_dates.empty() ||
                         !event.overrides.empty();
    return repeats ? "repeats, and an appointment does not; book its dates one by one, or connect the calendar." : "";
}

}  // namespace

Result<IcsBookings> read_ics(
    std::string_view text, const std::string& staff, const std::string& zone, const ZoneResolver& zones
) {
    CALGATE_TRY(const std::vector<Event> events, read_icalendar_stream(text, {zones, zone, {}}));
    if (events.size() > kMaxEvents)
        return Error{ErrorCode::Rejected, "The calendar holds more than 20000 events; split it into several files."};
    IcsBookings out;
    for (const Event& event : events) {
        const std::string trouble = trouble_of(event);
        if (!trouble.empty()) {
            out.refused.push_back("\"" + event.master.title + "\" (UID " + event.uid.value + ") " + trouble);
            continue;
        }
        const EventInstance& master = event.master;
        const bool named = master.start.kind == When::Kind::Zoned && !master.start.zone.starts_with("embedded:");
        const std::string where = named ? master.start.zone : master.start.kind == When::Kind::Utc ? "UTC" : zone;
        const auto local = [&](const When& when) {
            const bool as_it_is = when.kind == When::Kind::Date || when.kind == When::Kind::Floating ||
                                  (when.kind == When::Kind::Zoned && when.zone == where);
            return format_local(as_it_is ? when.local : zones.to_local(zones.to_instant(when, zone), where));
        };
        nlohmann::json fields = {
            {"staff", staff},
            {"start", local(master.start)},
            {"end", local(master.end)},
            {"zone", where},
            {"title", master.title},
            {"place", master.place},
            {"notes", master.notes}};
        if (master.status == EventStatus::Cancelled) fields["state"] = "cancelled";
        out.bookings.push_back({id_of(event.uid.value), std::move(fields)});
    }
    return out;
}

}  // namespace calgate
