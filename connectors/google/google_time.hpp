#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"
#include "core/zone.hpp"

namespace calgate::google {

/// The three members of EventDateTime; empty when absent.
struct DateTime {
    std::string date{}, date_time{}, zone{};
};

struct ReadWhen {
    When when{};
    bool zone_guessed = false;
};
/// Dates, RFC 3339 with or without offset, fractions dropped. The zone is an IANA name; a Windows name or an offset is
/// understood. An instant that its zone cannot name (the second of two equal wall times) becomes UTC. Nothing when it
/// cannot be understood or lies outside 1900 to 2199.
std::optional<ReadWhen> read_when(const DateTime&, const ZoneResolver&, const std::string& default_zone);

/// Nothing for a floating time without a default zone and for a zone that only a VTIMEZONE knows, when `repeats`.
std::optional<DateTime> written_when(const When&, const ZoneResolver&, const std::string& default_zone, bool repeats);

/// Where an instance was, from the end of its id.
std::optional<When> original_start(std::string_view suffix, const When& master_start, const ZoneResolver&);
/// The end of an instance's id: "20260324T090000Z", "20260324".
std::string instance_suffix(const When& original, const ZoneResolver&, const std::string& default_zone);

/// Lines of `recurrence` into the master. @return false when a line was not understood.
bool read_recurrence(const std::vector<std::string>& lines, EventInstance& master, const ZoneResolver&);
/// RRULE, EXRULE, RDATE, EXDATE (RFC 5545 3.8.5). @param excluded dates to write, not those of `master`.
std::vector<std::string> written_recurrence(const EventInstance& master, const std::vector<When>& excluded);

}  // namespace calgate::google
