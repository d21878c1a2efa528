#include <algorithm>
#include <map>
#include <set>

#include "connectors/ews/ews_items.hpp"
#include "connectors/ews/ews_requests.hpp"
#include "core/recurrence.hpp"

namespace calgate::ews {

/// What is to become of one occurrence.
struct ItemReader::Change {
    When slot{};
    bool remove = false;
    EventInstance wanted{}, stored{};
};

namespace {

constexpr std::chrono::hours kHalfDay{12};
constexpr ExpansionBudget kBudget{.occurrences = 20'000, .steps = 100'000};

Error cannot_bring_back() {
    return {
        ErrorCode::Rejected,
        "Exchange cannot bring back a deleted occurrence of a series; enter it as a single event.",
        {}};
}

EventInstance plain_at(const EventInstance& master, const When& slot) {
    EventInstance out = master;
    out.start = slot;
    out.end.local = slot.local + (master.end.local - master.start.local);
    out.recurrence_id = slot;
    return out;
}

/// Where the rule puts its occurrences, deleted and changed ones too.
std::vector<Instant> slots_of(const Event& series, Instant until, const ZoneResolver& zones, const Clock& clock) {
    Event plain = series;
    plain.overrides.clear();
    plain.master.excluded_dates.clear();
    const Instant start = zones.to_instant(plain.master.start, "UTC") - std::chrono::days(1);
    std::set<Instant> slots;
    for (const Occurrence& one : expand(plain, {start, until}, zones, "UTC", clock, kBudget).occurrences)
        slots.insert(one.key);
    return {slots.begin(), slots.end()};
}

}  // namespace

Status ItemReader::check_exceptions(const Event& wanted, const Event& stored) const {
    if (wanted.master.rules != stored.master.rules || wanted.master.start != stored.master.start) return {};
    std::set<Instant> kept_out;
    for (const When& slot : wanted.master.excluded_dates) kept_out.insert(zones_.to_instant(slot, "UTC"));
    for (const When& slot : stored.master.excluded_dates)
        if (!kept_out.contains(zones_.to_instant(slot, "UTC"))) return cannot_bring_back();
    return {};
}

std::vector<ItemReader::Change> ItemReader::changes(const Event& wanted, const Event& stored) const {
    const auto instant = [&](const When& when) { return zones_.to_instant(when, "UTC"); };
    std::map<Instant, EventInstance> held, asked;
    for (const EventInstance& instance : stored.overrides) held[instant(*instance.recurrence_id)] = instance;
    for (const EventInstance& instance : wanted.overrides) asked[instant(*instance.recurrence_id)] = instance;
    std::set<Instant> gone;
    for (const When& slot : stored.master.excluded_dates) gone.insert(instant(slot));
    const auto there = [&](Instant at, const When& slot) {
        return held.contains(at) ? held[at] : plain_at(stored.master, slot);
    };
    std::map<Instant, Change> out;
    for (const auto& [at, instance] : asked) {
        const When slot = *instance.recurrence_id;
        out[at] = {slot, false, instance, there(at, slot)};
    }
    for (const auto& [at, instance] : held)
        if (!asked.contains(at))
            out[at] = {*instance.recurrence_id, false, plain_at(wanted.master, *instance.recurrence_id), instance};
    for (const When& slot : wanted.master.excluded_dates) {
        out.erase(instant(slot));
        if (!gone.contains(instant(slot))) out[instant(slot)] = {slot, true, {}, there(instant(slot), slot)};
    }
    std::vector<Change> list;
    for (auto& [at, change] : out) list.push_back(std::move(change));
    return list;
}

Status ItemReader::write_change(const Context& context, const std::string& id, int index, const Change& change) const {
    Update update;
    if (!change.remove) {
        CALGATE_TRY(update, write_occurrence(change.wanted, change.stored, wire()));
        if (update.fields.empty()) return {};
    }
    CALGATE_TRY(const Element response, session_.ask(context, {Call::Read, "GetItem", get_occurrence(id, index), {}}));
    const auto messages = messages_of(response);
    const Verdict verdict = messages.empty() ? Verdict{"no answer", {}, {}} : verdict_of(*messages.front());
    if (verdict.code == "ErrorCalendarOccurrenceIsDeletedFromRecurrence")
        return change.remove ? Status{} : Status{cannot_bring_back()};
    if (!verdict.success()) return session_.refused(Call::Read, verdict);
    const Element* const item = messages.front()->find("CalendarItem");
    // A sparing server leaves OriginalStart out: then it is the occurrence if it begins where it was last read.
    const bool original = item && item->has("OriginalStart");
    const std::string named = !item ? "" : item->word(original ? "OriginalStart" : "Start");
    const auto at = parse_time(named, wire().zone(), zones_);
    const Instant expected = zones_.to_instant(original ? change.slot : change.stored.start, wire().zone());
    // The series itself in the place of its occurrence would be changed or deleted as a whole.
    const bool whole =
        item && (id_of(*item).empty() || id_of(*item) == id || item->word("CalendarItemType") == "RecurringMaster");
    if (!at || whole || *at - expected >= kHalfDay || expected - *at >= kHalfDay)
        return Error{
            ErrorCode::InvalidResponse, "The Exchange server counts the occurrences of the series otherwise.", {}};
    const std::string& key = item->child("ItemId").attribute("ChangeKey");
    const Ask ask = change.remove
                        ? Ask{Call::Delete, "DeleteItem", delete_items({item_to_delete(id_of(*item), key)}), {}}
                        : Ask{Call::Update,
                              "UpdateItem",
                              update_items({item_change(id_of(*item), key, update.fields)}),
                              zone_of_request(change.wanted, wire())};
    const auto written = session_.ask_one(context, ask);
    return written ? Status{} : Status{written.error()};
}

Status ItemReader::write_exceptions(
    const Context& context, const std::string& id, const Event& wanted, const Event& stored
) const {
    const std::vector<Change> list = changes(wanted, stored);
    if (list.empty()) return {};
    const Instant last = zones_.to_instant(list.back().slot, "UTC") + std::chrono::days(1);
    const std::vector<Instant> slots = slots_of(wanted, last, zones_, clock_);
    for (const Change& change : list) {
        const auto place = std::find(slots.begin(), slots.end(), zones_.to_instant(change.slot, "UTC"));
        if (place == slots.end())
            return Error{ErrorCode::Rejected, "A changed occurrence is not one of its series; correct the series.", {}};
        CALGATE_TRY_STATUS(write_change(context, id, static_cast<int>(place - slots.begin()) + 1, change));
    }
    return {};
}

}  // namespace calgate::ews
