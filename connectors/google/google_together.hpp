#pragma once

#include <string>
#include <vector>

#include "connectors/google/google_changes.hpp"
#include "core/batch.hpp"

namespace calgate::google {

/// Several calls in one request. What takes more than one call, or a look at what is there, goes alone: a series, a
/// name that is no copy name, an update whose base is not known, an etag that is weak.
class Together final : public BatchService {
public:
    /// @param alone does what does not go with the others. All outlive this.
    Together(Connector& alone, const Session&, const EventReader&, const ReadContext&);

    std::size_t capacity() const override { return 50; }  ///< Larger batches meet rateLimitExceeded and 409 conflict.
    /// One request; two where what is updated has to be read first.
    std::vector<Result<WriteReceipt>> write_events(
        const Context&, const Href& calendar, const std::vector<EventWrite>& writes
    ) override;
    /// Two calls for each name, one by the id and one by the iCalUID; a request for every 25 of them.
    std::vector<Result<bool>> find_absent(const Context&, const Href& calendar, const std::vector<Uid>& uids) override;

private:
    struct Round;
    Result<BatchPart> part_of(const Href& calendar, const EventWrite&, const std::optional<Whole>& base) const;
    void read_bases(Round&) const;
    Result<WriteReceipt> outcome_of(Round&, const EventWrite&, const http::Response&) const;
    Result<bool> is_absent(const std::optional<http::Response>& by_id, const std::optional<http::Response>& by_uid)
        const;

    Connector& alone_;
    const Session& session_;
    const EventReader& events_;
    const ReadContext& context_;
};

constexpr const char* kNoMail = "?sendUpdates=none";

Error changed_meanwhile();
Error dropped_mark();
/// What goes into If-Match; empty for what cannot.
std::string strong(const std::optional<Version>&);
/// What the answer to an insert made of it.
Result<Item> taken_in(const std::string& answer, const std::string& id, const Event&);
/// @param stored what the answer to a write says that stands there now.
WriteReceipt receipt_of(const Href&, const Item& stored);
/// The single event as it was read, where `source` still is the version that `if_match` names.
std::optional<Whole> remembered(const std::string& source, const std::string& id, const Version& if_match);

}  // namespace calgate::google
