#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/connector.hpp"

namespace calgate {

/// One of several writes that go to a service together.
struct EventWrite {
    enum class Kind : std::uint8_t { Create, Update, Delete };
    Kind kind = Kind::Create;
    Event event{};       ///< Not looked at when it is deleted.
    Href href{};         ///< Of what is updated or deleted.
    Version if_match{};  ///< Likewise.
};

/// What a connector whose service takes several calls in one request offers beside Connector; one call is one attempt,
/// as there. Threads as there.
class BatchService {
public:
    virtual ~BatchService() = default;
    /// Writes, or names, that one call takes.
    virtual std::size_t capacity() const = 0;
    /// Each as Connector::create_event, update_event and delete_event do it, with the same errors and under the same
    /// condition. @param writes at most `capacity`, no two of one event or with one Uid, in no promised order.
    /// @return an outcome for each, in the order of `writes`; of a deletion its href. Each stands for itself: one that
    /// is refused says nothing of the others. What is lost of the request or its answer is Timeout or InvalidResponse
    /// for everything in it.
    virtual std::vector<Result<WriteReceipt>> write_events(
        const Context&, const Href& calendar, const std::vector<EventWrite>& writes
    ) = 0;
    /// Under which of these names there is nothing. @param uids at most `capacity`.
    /// @return for each, in order: true where Connector::find_event would say NotFound; false where something may be
    /// there, which find_event tells; its error where it could not be asked.
    virtual std::vector<Result<bool>> find_absent(
        const Context&, const Href& calendar, const std::vector<Uid>& uids
    ) = 0;
};

/// For connectors: one that does not go with the others.
Result<WriteReceipt> write_alone(Connector&, const Context&, const Href& calendar, const EventWrite&);
/// For connectors: a name that is not asked for with the others.
Result<bool> absent_alone(Connector&, const Context&, const Href& calendar, const Uid&);
/// For connectors: what a refusal of the whole request means for each call in it. It judges no event: what would park
/// one, or call it gone, becomes InvalidResponse, so that each is looked up and tried alone.
Error about_no_event(Error);

}  // namespace calgate
