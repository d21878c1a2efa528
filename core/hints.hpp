#pragma once

#include <memory>
#include <vector>

#include "core/connector.hpp"

namespace calgate {

/// Hears that something happened in calendars. Called by any thread; has to return at once. Whatever it hears is no
/// more than a reason to read (I24).
class HintListener {
public:
    virtual ~HintListener() = default;
    virtual void changed(const Href& calendar) = 0;
    /// The last call. No error: it had an end or broke off, and may be opened again. An error: the service refuses it.
    virtual void ended(const Status&) = 0;
};

/// A connection over which hints come. Destroying it ends it without waiting; the listener may be in a call meanwhile.
class HintStream {
public:
    virtual ~HintStream() = default;
};

/// What a connector whose service tells over a connection that we keep open offers beside Connector.
class HintService {
public:
    virtual ~HintService() = default;
    /// One connection for all of these calendars. What changed before it returns is not told: they are read after it.
    /// @return Unsupported or InvalidResponse from a service that does not do so.
    virtual Result<std::unique_ptr<HintStream>>
    listen(const Context&, const std::vector<Href>& calendars, std::shared_ptr<HintListener>) = 0;
};

}  // namespace calgate
