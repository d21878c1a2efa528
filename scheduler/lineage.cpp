#include "scheduler/lineage.hpp"

#include "scheduler/restore.hpp"

namespace calgate {
namespace {

constexpr const char* kStandstill = "standstill";

std::string adopted_setting(const CalendarId& calendar) { return "adopted." + calendar.value; }
std::string adopted_link_setting(const CalendarId& calendar) { return "adopted.link." + calendar.value; }

const char* name_of(Lineage lineage) {
    switch (lineage) {
        case Lineage::Ours:
            return "";
        case Lineage::Behind:
            return "behind";
        case Lineage::Rival:
            return "rival";
        case Lineage::Replaced:
            return "replaced";
    }
    return "";
}

const char* sentence_of(Lineage lineage) {
    switch (lineage) {
        case Lineage::Ours:
            return "";
        case Lineage::Behind:
            return "The calendars hold more than this store, as after an older backup was brought back. Nothing is "
                   "written until each calendar was read and what it has more was taken over; this goes by itself. "
                   "Disconnect a calendar that cannot be read any more.";
        case Lineage::Rival:
            return "Another gateway writes the copies of this business, too, so both stop writing. End the one that is "
                   "not wanted for good, then run `calgate take-over` at the other.";
        case Lineage::Replaced:
            return "Another gateway has taken over this business, so this one writes nothing any more. End it, or run "
                   "`calgate take-over` here to make it the one that counts.";
    }
    return "";
}

Lineage lineage_named(const std::string& name) {
    for (const Lineage lineage : {Lineage::Behind, Lineage::Rival, Lineage::Replaced})
        if (name == name_of(lineage)) return lineage;
    return Lineage::Ours;
}

Lineage lineage_now(const Reader& reader) { return lineage_named(reader.setting(kStandstill).value_or("")); }

bool is_waited_for(const Reader& reader, const Calendar& calendar) {
    if (!calendar.mirror || calendar.state == CalendarState::Gone) return false;
    const auto account = reader.account(calendar.account);
    return account && account->state == AccountState::Active;
}

/// An appointment that is to come and that nothing ties to its copy at a target with copies.
bool has_lost_rows(const Reader& reader, Instant now) {
    for (const auto& calendar : reader.calendars()) {
        if (!calendar.mirror || !calendar.marker) continue;
        for (const auto& [appointment, when] : reader.appointments_of(calendar.staff, {now, kFarFuture}))
            if (!appointment.hold_until && !reader.mirror(appointment.id, calendar.id)) return true;
    }
    return false;
}

void write_on(Writer& writer) {
    writer.put_setting(kStandstill, "");
    for (auto& calendar : writer.calendars()) {
        if (!calendar.mirror) continue;
        writer.put_setting("marker.due." + calendar.id.value, "1");
        writer.put_setting("marker.facts." + calendar.id.value, "");
        calendar.marker_written.reset();
        writer.put(calendar);
    }
}

}  // namespace

std::optional<Standstill> standstill(const Reader& reader) {
    const Lineage lineage = lineage_now(reader);
    if (lineage == Lineage::Ours) return std::nullopt;
    return Standstill{lineage, sentence_of(lineage)};
}

bool was_adopted(const Reader& reader, const CalendarId& calendar) {
    return reader.setting(adopted_setting(calendar)).value_or("") == "1";
}

bool note_adoption_settled(Writer& writer, const CalendarId& calendar) {
    if (standstill(writer)) return false;
    writer.put_setting(adopted_setting(calendar), "");
    return true;
}

Lineage lineage_of(const Reader& reader, const Manifest& marker, const CalendarId& calendar, bool wrote) {
    const auto here = reader.audit_at(marker.audit.sequence);
    const bool cut_away = !here && marker.audit.sequence <= reader.last_change();
    const bool adopted = reader.setting(adopted_link_setting(calendar)) == marker.audit.link;
    const bool known = marker.audit.link.empty() || adopted || cut_away || (here && here->link == marker.audit.link);
    const std::string epoch = reader.business().value_or(Business{}).epoch;
    const MarkerSeen seen{marker.business.epoch, marker.earlier_epochs, known, marker.stopped};
    return lineage_of(seen, epoch, epochs_before(reader), wrote);
}

void stand_still(Writer& writer, Lineage lineage, Instant now) {
    if (lineage <= lineage_now(writer)) return;
    writer.put_setting(kStandstill, name_of(lineage));
    writer.append({0, now, std::string("store.") + name_of(lineage), "", "gateway", sentence_of(lineage), 0});
    if (lineage != Lineage::Behind) return;
    for (auto& calendar : writer.calendars()) {
        if (!calendar.mirror) continue;
        calendar.sync_token.reset();
        calendar.full_listing.reset();
        writer.put(calendar);
        writer.put_setting(adopted_setting(calendar.id), "");
    }
}

void note_adopted(Writer& writer, const CalendarId& id, const std::string& link) {
    writer.put_setting(adopted_setting(id), "1");
    writer.put_setting(adopted_link_setting(id), link);
}

void forget_adoption(Writer& writer, const CalendarId& id) {
    writer.put_setting(adopted_setting(id), "");
    writer.put_setting(adopted_link_setting(id), "");
}

bool go_on_when_adopted(Writer& writer, Instant now) {
    if (lineage_now(writer) != Lineage::Behind) return false;
    for (const auto& calendar : writer.calendars())
        if (!was_adopted(writer, calendar.id) && is_waited_for(writer, calendar)) return false;
    write_on(writer);
    writer.append(
        {0, now, "store.adopted", "", "gateway", "What the calendars held was taken over; writing goes on.", 0}
    );
    return true;
}

void look_for_lost_rows(Store& store, Instant now) {
    if (!read(store, [&](const Reader& reader) { return has_lost_rows(reader, now); })) return;
    store.write([&](Writer& writer) { stand_still(writer, Lineage::Behind, now); });
}

void take_over(Store& store, Random& random, Instant now, const std::string& actor) {
    store.write([&](Writer& writer) {
        begin_epoch(writer, random);
        write_on(writer);
        writer.append({0, now, "store.taken_over", "", actor, "This gateway is the one that counts from here on.", 0});
    });
}

}  // namespace calgate
