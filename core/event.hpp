#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace calgate {

enum class EventStatus : std::uint8_t { Confirmed, Tentative, Cancelled };             ///< STATUS
enum class Transparency : std::uint8_t { Opaque, Transparent };                        ///< TRANSP
enum class Classification : std::uint8_t { Public, Private, Confidential };            ///< CLASS
enum class Reply : std::uint8_t { None, Accepted, Tentative, Declined, NeedsAction };  ///< the owner's PARTSTAT
/// X-MICROSOFT-CDO-BUSYSTATUS, Graph showAs, EWS LegacyFreeBusyStatus.
enum class ShownAs : std::uint8_t { Unsaid, Free, Tentative, Busy, OutOfOffice, WorkingElsewhere };

/// RDATE value: a start, and an end of its own when it was a PERIOD.
struct ExtraDate {
    When start{};
    std::optional<When> end{};
    auto operator<=>(const ExtraDate&) const = default;
};

/// One VEVENT: the master, or a detached instance.
struct EventInstance {
    When start{};
    When end{};  ///< Exclusive; always set by the reader (RFC 5545 3.6.1 defaults applied).
    /// The length is exact seconds rather than wall time (DURATION with a time part, RFC 5545 3.3.6).
    std::optional<std::chrono::seconds> exact_duration{};
    std::chrono::days nominal_days{0};  ///< Wall-clock days before `exact_duration` starts to count (P1DT2H).
    std::string title{};
    std::string place{};
    std::string notes{};
    EventStatus status = EventStatus::Confirmed;
    Transparency transparency = Transparency::Opaque;
    Classification classification = Classification::Public;
    Reply reply = Reply::None;
    ShownAs shown_as = ShownAs::Unsaid;

    std::vector<std::string> rules{};            ///< RRULE values as written.
    std::vector<std::string> exclusion_rules{};  ///< EXRULE values as written.
    std::vector<ExtraDate> extra_dates{};
    std::vector<When> excluded_dates{};

    std::optional<When> recurrence_id{};  ///< Absent on the master.
    bool this_and_future = false;         ///< RANGE=THISANDFUTURE.
    std::int64_t sequence = 0;
    std::optional<Instant> last_modified{};

    bool operator==(const EventInstance&) const = default;
};

/// A whole series under one Uid, or a single event. Keeps the text it came from, so that a write never drops
/// a field we do not model.
struct Event {
    Uid uid{};
    EventInstance master{};
    bool has_master = true;  ///< false: only detached instances were found; each stands alone.
    std::vector<EventInstance> overrides{};
    std::string mark{};     ///< Ownership mark as written in the copy; empty for foreign events. Not yet trusted.
    std::string capsule{};  ///< Sealed appointment; empty when absent.
    std::string source{};   ///< The text as it came from the service; empty for events we made.
    bool partial = false;   ///< Only partly understood: it may be read, it must not be rewritten.
    std::vector<std::string> warnings{};  ///< Sentences: zone guessed, rule unsupported, …

    bool operator==(const Event&) const = default;
};

}  // namespace calgate
