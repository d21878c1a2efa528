#pragma once

#include <cstddef>
#include <vector>

#include "core/connector.hpp"

namespace calgate {

/// What a connector whose service takes several writes in one request offers beside Connector; one call is one attempt,
/// as there.
class BatchService {
public:
    virtual ~BatchService() = default;
    /// Events that one call takes.
    virtual std::size_t capacity() const = 0;
    /// As Connector::create_event for each of them. @param events at most `capacity`, no two with one Uid.
    /// @return an outcome for each, in the order of `events`. Each stands for itself: one that is refused says nothing
    /// of the others. What is lost of the request or its answer is Timeout or InvalidResponse for everything in it.
    virtual std::vector<Result<WriteReceipt>> create_events(
        const Context&, const Href& calendar, const std::vector<Event>& events
    ) = 0;
};

}  // namespace calgate
