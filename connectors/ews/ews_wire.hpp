#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ews/ews_xml.hpp"
#include "core/event.hpp"
#include "core/result.hpp"
#include "core/zone.hpp"

namespace calgate::exchange {
struct Pattern;
}

namespace calgate::ews {

/// Named properties of ours; set and names never change, because a mailbox never frees one. The first is searched for,
/// the second holds everything else.
constexpr std::string_view kPropertySet = "8f2f5d7e-43c1-4c0b-9d57-6b1c0a4e2f91";
constexpr std::string_view kUidProperty = "calgateUid";
constexpr std::string_view kCopyProperty = "calgateCopy";

/// What our second property says: mark, capsule, and our own words for what Exchange says in its own way. Those count
/// only while Exchange still says what we wrote with them, so that a person's edit is never hidden.
struct CopyWords {
    std::string mark{}, capsule{};
    std::string zone{};   ///< IANA, where several share one Windows name.
    std::string rule{};   ///< RRULE.
    std::string notes{};  ///< As sent, because bodies come back changed.
    std::string state{};  ///< exchange::state_word.
    bool operator==(const CopyWords&) const = default;
};
/// Blank-separated key=base64url; empty for nothing.
std::string write_copy_words(const CopyWords&);
CopyWords read_copy_words(std::string_view text);

struct WireContext {
    const ZoneResolver& zones;
    std::string default_zone{};  ///< Of the mailbox; empty: UTC.
    const std::string& zone() const;
};

/// VTIMEZONE of a time zone that came with its periods and transitions (MS-OXWSCDATA: TimeZoneDefinitionType), as it
/// is in force last; empty where they cannot be used.
std::string vtimezone_of(const Element& definition);

/// Some servers give every item an empty Recurrence.
bool is_series(const Element& item);
/// What stands in a property of ours; empty when it is not there.
std::string own_property(const Element& item, std::string_view name);
/// A time with Z or an offset; without one it is read in `zone`.
std::optional<Instant> parse_time(std::string_view text, const std::string& zone, const ZoneResolver&);

/// A series as it is put together from several answers.
struct Exception {
    std::string original_start{};  ///< As the master names it.
    Element item{};                ///< The occurrence's CalendarItem.
};
std::string write_series_source(const Element& master, const std::vector<Exception>&);

/// @param source a CalendarItem as it came (names without prefixes), or what write_series_source made.
/// @return InvalidResponse with a sentence.
Result<Event> read_event(std::string_view source, const WireContext&);

/// EWS has no interval of years; so many months are the same. @return Rejected for more than it can count.
Result<exchange::Pattern> in_months(exchange::Pattern);
/// The zone for the TimeZoneContext of a write, IANA: the event's own, or the mailbox's where it has none.
std::string zone_of_request(const EventInstance&, const WireContext&);
/// A single event for a server that does not know its zone. Whole days are as they were.
Event in_utc(Event, const WireContext&);

/// The CalendarItem of a CreateItem: no attendees, no reminder. @return Rejected for what Exchange cannot hold.
Result<Element> write_create(const Event&, const WireContext&);

struct Update {
    std::vector<Element> fields{};  ///< Of t:Updates; none when nothing differs in meaning.
    bool drops_exceptions = false;  ///< Exchange forgets all exceptions with it.
};
Result<Update> write_update(const Event& wanted, const Event& current, const WireContext&);
/// The same for one occurrence.
Result<Update> write_occurrence(const EventInstance& wanted, const EventInstance& current, const WireContext&);

/// A UID as Exchange keeps it (MS-OXOCAL 2.2.1.27), base64; and the UID behind what `calendar:UID` shows, which may be
/// the hex of all that.
std::string global_object_id(std::string_view uid);
std::string uid_of(std::string_view shown);

}  // namespace calgate::ews
