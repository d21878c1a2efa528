#pragma once

#include <map>
#include <string>
#include <vector>

#include "connectors/google/google_cursor.hpp"
#include "connectors/google/google_session.hpp"
#include "connectors/google/google_wire.hpp"

namespace calgate::google {

/// Reads events of calendars, alone and as changes. Keeps nothing between calls.
class EventReader {
public:
    EventReader(const Session&, const ReadContext&, const GoogleSettings&);

    Result<ChangeSet> changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) const;
    /// What an id names, with all exceptions of a series. @return NotFound only when this event is gone; Forbidden
    /// when the whole calendar is.
    Result<Whole> whole(const Context&, const Href& calendar, const std::string& id) const;
    /// One resource as it is, cancelled or not. @return as `whole`.
    Result<Item> item(const Context&, const Href& calendar, const std::string& id) const;
    /// The live event that has this iCalUID; nothing when there is none. @return Forbidden when the calendar is gone.
    Result<std::optional<Whole>> with_ical_uid(const Context&, const Href& calendar, const std::string& ical_uid) const;
    /// Of the list that names every resource with this iCalUID.
    std::string search_path(const Href& calendar, const std::string& ical_uid) const;
    /// Tells a missing event from a missing calendar, which Google answers alike. @return Forbidden for the latter.
    Status calendar_is_there(const Context&, const Href& calendar) const;

private:
    /// What a page says about one event: its resources by id, the last one where it names one twice.
    using Seen = std::map<std::string, Item>;

    struct Round {
        const Context& context;
        const Href& calendar;
        const KnownVersion& known;
        Cursor cursor{};
        ChangeSet page{};

        std::optional<Version> held(const std::string& id) const;
        bool is_full() const { return cursor.sync.empty(); }
    };

    Result<EventsPage> events_page(Round&) const;
    Status hand_out(Round&, EventsPage&) const;
    Status hand_out_series(Round&, const std::string& id, const Seen&, bool complete) const;
    void hand_out_alone(Round&, const Item&) const;
    void hand_out_whole(Round&, const Whole&) const;
    void hand_out_gone(Round&, const std::string& id) const;
    /// Master and exceptions anew; nothing when Google says that there is no such series (any more).
    Result<std::optional<Whole>> series(
        const Context&, const Href& calendar, const std::string& id, std::string ical_uid
    ) const;
    /// Every resource with this iCalUID, cancelled ones included. @return NotFound when the calendar is gone.
    Result<std::vector<Item>> items_with_uid(const Context&, const Href& calendar, const std::string& ical_uid) const;

    const Session& session_;
    const ReadContext& context_;
    const GoogleSettings& settings_;
};

}  // namespace calgate::google
