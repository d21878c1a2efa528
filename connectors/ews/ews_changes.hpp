#pragma once

#include <map>

#include "connectors/ews/ews_cursor.hpp"
#include "connectors/ews/ews_items.hpp"

namespace calgate::ews {

/// SyncFolderItems, a page a call.
class ChangeReader {
public:
    ChangeReader(Session&, const ItemReader&, const EwsSettings&);

    Result<ChangeSet> read(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) const;

private:
    /// What a page says of one item; the last word counts.
    struct Named {
        std::string id{};
        std::string change_key{};
        bool removed = false;
        bool created = false;
    };
    /// @return NotFound for a calendar that was moved into the Deleted Items.
    Status check_place(const Context&, const Href& calendar) const;
    Result<Element> page(const Context&, const Href& calendar, const Cursor&) const;
    Result<std::vector<Named>> named_in(const Element& message) const;
    Status fill(const Context&, const Href& calendar, const std::vector<Named>&, const KnownVersion&, ChangeSet&) const;

    Session& session_;
    const ItemReader& items_;
    const EwsSettings& settings_;
};

}  // namespace calgate::ews
