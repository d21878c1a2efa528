#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ews/ews_items.hpp"

namespace calgate::ews {

/// "availability/{address}": the busy time of a mailbox that may not be read (a room, a colleague), as a calendar that
/// can only block time. Its events are "availability/{address}/{start}-{end}-{type}".
Href availability_href(const std::string& address);
/// The address in one, of a calendar or an event; empty for any other Href.
std::string mailbox_in(const Href&);

struct BusyBlock {
    Instant start{}, end{};
    std::string type{};  ///< "Tentative", "OOF" or "Busy".
    bool operator==(const BusyBlock&) const = default;
};

/// What GetUserAvailability says of one mailbox. Pure.
/// @param response a FreeBusyResponse. @param from begin of the window asked for, whose digits count from there.
/// @return an error for a mailbox that the service says nothing about, by an error, by a view of the kind None or by
/// leaving out both entries and digits: what is not known is never free.
Result<std::vector<BusyBlock>> read_availability(
    const Element& response, Instant from, const ZoneResolver&, const std::string& where
);

/// Reads such calendars: always a full listing, a window a page, from yesterday on.
class AvailabilityReader {
public:
    /// GetUserAvailability answers for 42 days at most on some servers.
    static constexpr std::chrono::days kWindow{28};
    static constexpr int kWindows = 8;

    AvailabilityReader(Session&, const Clock&, const ItemReader&);

    Result<ChangeSet> read(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) const;
    Result<RemoteEvent> fetch(const Context&, const Href& event) const;

private:
    Result<std::vector<RemoteEvent>> window(const Context&, const Href& calendar, Instant from, Instant until) const;

    Session& session_;
    const Clock& clock_;
    const ItemReader& items_;
};

}  // namespace calgate::ews
