#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/graph/graph_series.hpp"
#include "core/batch.hpp"

namespace calgate::graph {

/// Looks for events by name.
class Search {
public:
    Search(const Session& session, const EventReader& events) : session_(session), events_(events) {}

    Ask ours(const Href& calendar, const Uid&) const;  ///< By our property.
    Ask by_ical_uid(const Href& calendar, const Uid&) const;
    /// Values are compared without case by the service, so each find is read.
    Result<std::optional<Item>> found_in(const std::string& body, const Href& calendar, const Uid&) const;

private:
    Ask filtered(const Href& calendar, const std::string& filter) const;

    const Session& session_;
    const EventReader& events_;
};

/// Several calls in one $batch. A series, and a name that was used up, goes alone.
class Together final : public BatchService {
public:
    /// @param alone does what does not go with the others. All outlive this.
    Together(Connector& alone, const Session&, const EventReader&, const Search&);

    std::size_t capacity() const override { return 4; }  ///< More calls at once to one mailbox are throttled (M31).
    /// Two requests: one looks for what is to be created and reads what is to be changed or deleted, one writes.
    std::vector<Result<WriteReceipt>> write_events(
        const Context&, const Href& calendar, const std::vector<EventWrite>& writes
    ) override;
    /// Two requests: by our property, then by iCalUId.
    std::vector<Result<bool>> find_absent(const Context&, const Href& calendar, const std::vector<Uid>& uids) override;

private:
    Result<Ask> first_ask(const Href& calendar, const EventWrite&) const;
    Result<Ask> writing_ask(const Href& calendar, const EventWrite&, const http::Response& first) const;
    Result<WriteReceipt> outcome_of(const Href& calendar, const EventWrite&, const http::Response&) const;
    Result<bool> is_absent(const std::optional<http::Response>&, const Href& calendar, const Uid&, bool by_ical_uid)
        const;

    Connector& alone_;
    const Session& session_;
    const EventReader& events_;
    const Search& search_;
};

/// The search by iCalUId is not offered everywhere: it finds nothing then, and is no trouble.
bool is_no_filter_there(const http::Response&);
Error already_there();
/// Whether that is what the caller read, and ours to write: nobody else organizes it, and nobody is mailed.
Status check_writable(const Item& current, const Version& if_match);
Result<Ask> creation(
    const Session&, const EventReader&, const Href& calendar, const Event&, const std::string& transaction
);
/// Body of the PATCH that turns `stored` into `wanted`; empty when nothing differs.
Result<std::string> patch_of(const EventReader&, const RemoteEvent& stored, const Event& wanted);

}  // namespace calgate::graph
