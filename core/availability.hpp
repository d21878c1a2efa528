#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/busy_days.hpp"
#include "core/ids.hpp"
#include "core/model.hpp"
#include "core/time.hpp"

namespace calgate {

/// What an answer rests on.
struct SourceState {
    std::string source{};            ///< Calendar id, or "appointments".
    std::optional<Instant> as_of{};  ///< Absent: never read.
    enum class Freshness : std::uint8_t { Live, Cached, Unknown } freshness = Freshness::Unknown;
    bool operator==(const SourceState&) const = default;
};

/// What a source says at one moment; which one it is stands for the moment. Null: nothing was ever said.
using Told = std::shared_ptr<const BusySource>;

/// Busy time of one person at one moment; immutable. Never null; snapshots share what did not change between them.
struct PersonBusy {
    /// All sources but the appointments.
    std::shared_ptr<const BusyUnion> external = std::make_shared<const BusyUnion>();
    /// Where as many appointments overlap as the capacity allows.
    std::shared_ptr<const BusyUnion> taken = std::make_shared<const BusyUnion>();
    std::map<std::string, Told> by_source{};
    std::map<std::string, SourceState> sources{};
    Staff staff{};  ///< Working hours and capacity, so that an answer needs no store.
};

/// Snapshots per person, swapped whole. Readers take no lock that a writer holds while it works, do no I/O and never
/// wait for a provider (I19). Thread-safe.
class AvailabilityIndex {
public:
    AvailabilityIndex();
    ~AvailabilityIndex();
    AvailabilityIndex(const AvailabilityIndex&) = delete;
    AvailabilityIndex& operator=(const AvailabilityIndex&) = delete;

    /// Replaces one source of one person, or adds it.
    void set_source(const StaffId&, const SourceState&, std::vector<BusyInterval> intervals);
    /// The same, unless the source says something else by now. @return false: nothing was changed.
    bool set_source_since(const Told&, const StaffId&, const SourceState&, std::vector<BusyInterval> intervals);
    /// Intervals out of a source and into it; costs what they touch. @return false, and nothing was changed, when the
    /// source says something else by now or one of `gone` is not in it: it is to be replaced.
    bool change_source_since(
        const Told&,
        const StaffId&,
        const SourceState&,
        const std::vector<BusyInterval>& gone,
        const std::vector<BusyInterval>& come
    );
    /// What the source says now.
    Told told(const StaffId&, const std::string& source) const;
    /// Only the freshness changed.
    void set_state(const StaffId&, const SourceState&);
    void remove_source(const StaffId&, const std::string& source);
    /// One appointment of the "appointments" source: its old interval out, its new one in.
    void change_appointment(const StaffId&, std::optional<Interval> before, std::optional<Interval> after);
    /// Adds a person, or replaces name, working hours and capacity.
    void set_person(const Staff&);
    void remove_person(const StaffId&);
    /// Adds a service, or replaces it, so that a question about slots needs no store.
    void set_service(const Service&);
    /// Null for one nobody named yet.
    std::shared_ptr<const Service> service(const ServiceId&) const;
    /// Null for a person nobody named yet.
    std::shared_ptr<const PersonBusy> person(const StaffId&) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Busy intervals of a snapshot within [window.start, window.end), clipped, sorted and disjoint. O(log n + answer).
/// Appointments are busy only where as many overlap as the capacity allows.
std::vector<BusyInterval> busy_within(const PersonBusy&, Interval window);
/// The same by other calendars alone.
std::vector<BusyInterval> external_within(const PersonBusy&, Interval window);

class ZoneResolver;

/// When a person works within a window: the week's hours, on a date with an exception that one's; clock changes by the
/// person's zone. Sorted, disjoint. A person without hours in any day of the week works always, except on dates with an
/// exception.
std::vector<Interval> working_time(Interval window, const Staff&, const ZoneResolver&);

/// Free time: the window (within working hours, when the person has any) minus busy time.
std::vector<Interval> free_within(const PersonBusy&, Interval window, const Staff&, const ZoneResolver&);

}  // namespace calgate
