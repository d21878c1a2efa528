#pragma once

#include <string>

#include "connectors/graph/graph_session.hpp"

namespace calgate::graph {

/// Reads events whole, a series with its exceptions and deleted occurrences, and writes those one by one.
class EventReader {
public:
    EventReader(const Session&, const Clock&, const ZoneResolver&, const GraphSettings&);

    WireContext wire() const;
    Result<Item> get(const Context&, const Href& event) const;
    /// From what a list or a get brought; a series takes further requests. Never fails for odd content, see
    /// `unreadable`. @param item with our properties.
    Result<RemoteEvent> complete(const Context&, const Href& event, const Item& item) const;
    /// `source` as `complete` leaves it, understood.
    RemoteEvent understood(const Href& event, const std::string& etag, std::string source) const;
    /// @return Rejected when a deleted occurrence would have to come back; a new rule or start brings all back.
    Status check_exceptions(const Event& wanted, const Event& stored) const;
    /// Brings the occurrences of a stored series to what is wanted.
    Status write_exceptions(const Context&, const Href& event, const Event& wanted, const Event& stored) const;

private:
    Result<std::string> series_source(const Context&, const Href& event, const Item& master) const;
    Result<std::vector<Item>> instances(const Context&, const Href& event, Interval window) const;
    /// Read just before a write: a plain occurrence has its series' version, which moves with every other write (I10).
    Result<std::string> etag_now(const Context&, const Href& occurrence) const;
    Status write_exception(
        const Context&,
        const Href& event,
        const std::vector<Item>& occurrences,
        const EventInstance& wanted,
        const EventInstance& stored
    ) const;

    const Session& session_;
    const Clock& clock_;
    const ZoneResolver& zones_;
    const GraphSettings& settings_;
};

}  // namespace calgate::graph
