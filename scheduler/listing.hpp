#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "core/clock.hpp"
#include "core/connector.hpp"

namespace calgate {

/// How a long reading goes on.
struct ListingOptions {
    std::chrono::seconds call_timeout{180};
    std::stop_token stop{};
    /// Called when the service asks to wait, or fails in a way that passes; returns false to give up. Absent: give up
    /// at once. The page that failed is asked for again, those before it stay.
    std::function<bool(const Error&, std::chrono::seconds wait)> wait{};
    std::function<void(std::size_t events)> progress{};  ///< After every page.
};

/// Everything that a calendar lists, by place. Content that did not come stands there as unreadable. Reads only.
Result<std::vector<RemoteEvent>> list_calendar(Connector&, const Clock&, const Href& calendar, const ListingOptions&);

}  // namespace calgate
