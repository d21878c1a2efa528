#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/availability.hpp"
#include "core/clock.hpp"
#include "core/event.hpp"
#include "core/result.hpp"
#include "core/zone.hpp"
#include "store/store.hpp"

namespace calgate {

/// The source of busy time that holidays are in every answer.
inline constexpr const char* kHolidaySource = "holidays";

/// Days on which nobody of the business works, out of one iCalendar file: busy time of everybody, all-day ones in each
/// person's own zone, whatever their TRANSP says. The last text that could be read is kept in the store and stays in
/// force when the source cannot be read, holds something that cannot be understood, or has become empty: not seeing is
/// no working day. Any thread.
class Holidays {
public:
    /// @return the text of the source, or a sentence.
    using Fetch = std::function<Result<std::string>()>;
    Holidays(Store&, AvailabilityIndex&, const ZoneResolver&, const Clock&, Fetch);

    /// Shows everybody what was kept; that it was never read when nothing was. Before serving.
    void load();
    /// Reads the source and shows everybody what is in it. @return why the last one stays in force.
    Status refresh();
    /// Somebody came, or moved to another zone.
    void show(const Staff&);

private:
    void show_everybody();
    std::vector<BusyInterval> busy_for(const Staff&) const;

    Store& store_;
    AvailabilityIndex& index_;
    const ZoneResolver& zones_;
    const Clock& clock_;
    const Fetch fetch_;
    mutable std::mutex mutex_{};
    std::vector<Event> events_{};     ///< Under mutex_.
    std::optional<Instant> as_of_{};  ///< Of `events_`, under mutex_; absent: never read.
};

/// Whether the calendar that a source is was not read for too long. Holidays are not news: once read, they count.
bool is_stale(const std::string& source, const SourceState&, Instant now, std::chrono::seconds stale_after);

}  // namespace calgate
