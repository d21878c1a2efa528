#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ews/ews_session.hpp"
#include "connectors/ews/ews_wire.hpp"

namespace calgate::ews {

/// What GetItem says about one id.
struct Answer {
    std::optional<Element> item{};  ///< CalendarItem, or whatever kind of item lies there.
    std::optional<Error> error{};   ///< Where there is no item. Neither: the service left it out.
    bool broken = false;            ///< The error is of this very item, and stays.
};

std::string id_of(const Element& item);
/// ChangeKey; a digest of the item where the service gives none.
Version version_of(const Element& item);

/// Reads items whole, a series with its exceptions, and writes those one by one.
class ItemReader {
public:
    ItemReader(Session&, const Clock&, const ZoneResolver&, const EwsSettings&);

    WireContext wire() const { return {zones_, settings_.default_zone}; }
    WireContext wire_in_utc() const { return {zones_, {}}; }
    /// One answer for each id, in batches. An answer that cannot be tied to its id for certain is left out, because
    /// "not found" must not hit another one. What a busy server did not look at is asked for again in smaller batches
    /// while it answers anything. @return its refusal once it answers nothing.
    Result<std::vector<Answer>> get(const Context&, const std::vector<std::string>& ids) const;
    /// @return NotFound when the service says that this very item is gone.
    Result<Element> get_one(const Context&, const std::string& id) const;
    /// With the exceptions of series, which take requests of their own. Odd content never fails, see `unreadable`.
    Result<std::vector<RemoteEvent>> complete(const Context&, const Href& calendar, const std::vector<Element>& items)
        const;

    /// Of what is no series; no request. Never fails, as `complete`.
    RemoteEvent single(const Href& calendar, const Element& item) const { return understood(calendar, item, {}); }
    /// Of an item that the service lists and cannot give. @param key its ChangeKey; may be empty.
    RemoteEvent unreadable(const Href& calendar, const std::string& id, const std::string& key, const Error& why) const;
    /// @param change_key as an answer to a write names it; where it does not, the event is read.
    Result<WriteReceipt> receipt(const Context&, const Href& event, const std::string& change_key) const;

    /// @return Rejected when a deleted occurrence would have to come back.
    Status check_exceptions(const Event& wanted, const Event& stored) const;
    /// Brings the occurrences of a stored series to what is wanted. Each is read first, because a wrong count of
    /// occurrences would change another one.
    Status write_exceptions(const Context&, const std::string& id, const Event& wanted, const Event& stored) const;

private:
    struct Change;
    struct Batch;
    Result<Batch> get_batch(const Context&, const std::vector<std::string>& ids) const;
    RemoteEvent understood(const Href& calendar, const Element& item, const std::vector<Exception>&) const;
    std::vector<Change> changes(const Event& wanted, const Event& stored) const;
    Status write_change(const Context&, const std::string& id, int index, const Change&) const;

    Session& session_;
    const Clock& clock_;
    const ZoneResolver& zones_;
    const EwsSettings& settings_;
    mutable std::size_t most_ = static_cast<std::size_t>(-1);  ///< Ids in one request, once larger ones took too long.
};

/// "folders/{id}" and "folders/{id}/items/{id}", ids percent-encoded.
Href calendar_href(const std::string& id);
Href event_href(const Href& calendar, const std::string& id);
/// The ids in them; empty for an address that is none of ours.
std::string folder_in(const Href& calendar_or_event);
std::string item_in(const Href& event);
Href calendar_of(const Href& event);

}  // namespace calgate::ews
