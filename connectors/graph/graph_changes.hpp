#pragma once

#include <map>
#include <set>
#include <string>

#include "connectors/graph/graph_cursor.hpp"
#include "connectors/graph/graph_series.hpp"

namespace calgate::graph {

/// Reads what changed on calendars. Between calls it remembers only what was read of a round that is not at its end.
class ChangeReader {
public:
    ChangeReader(const Session&, const EventReader&, const Clock&, const GraphSettings&);
    Result<ChangeSet> read(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    );

private:
    /// One call, as it goes.
    struct Pass {
        const Context& context;
        const Href& calendar;
        const KnownVersion& known;
        Cursor cursor{};
        ChangeSet out{};
        int requests = 0;
    };

    Cursor fresh_cursor(const Href& calendar) const;
    std::string first_link(const Cursor&, const Href& calendar) const;
    std::string list_link(const Href& calendar) const;
    Result<Page> page(Pass&, const std::string& url) const;
    Result<ChangeSet> whole_listing(Pass&) const;
    Status walk(Pass&) const;
    Status list(Pass&) const;
    Result<ChangeSet> follow(Pass&);
    Status take_once(Pass&, const Page&);
    Status take(Pass&, const Page&) const;
    Status take_changed(Pass&, const std::string& id, const std::string& etag, bool occurrence_changed) const;
    Status add(Pass&, const Href&, const Item&) const;
    bool holds(const Pass&, const Href&, const std::string& etag) const;
    const RemoteEvent* read_before(const Pass&, const Href&, const std::string& etag) const;

    const Session& session_;
    const EventReader& events_;
    const Clock& clock_;
    const GraphSettings& settings_;
    /// By calendar, then by href; bounded.
    std::map<std::string, std::map<std::string, RemoteEvent>> half_read_{};
};

}  // namespace calgate::graph
