#pragma once

#include <vector>

#include "core/model.hpp"

namespace calgate {

/// A Reader may offer it besides: what a database answers without making records of whole rows. At the start all cached
/// events are asked for their busy time and for nothing else.
class BusyRows {
public:
    virtual ~BusyRows() = default;
    /// Of all cached events of a calendar that are no copies of ours; in no order.
    virtual std::vector<BusyInterval> busy_time(const CalendarId&) const = 0;
};

}  // namespace calgate
