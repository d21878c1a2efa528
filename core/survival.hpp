#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/connector.hpp"
#include "core/event.hpp"
#include "core/identity.hpp"
#include "core/model.hpp"

namespace calgate {

/// Of the event that finds out what a calendar keeps; stands in its mark where an appointment's id would.
inline constexpr std::string_view kSurvivalProbe = "probe";

/// What a service says of the version of what was just written.
enum class VersionNews : std::uint8_t { Given, Missing, Misleading };
/// Whether a name can be used again after its event was deleted.
enum class NameReuse : std::uint8_t { Yes, No, Unknown };

/// Where mark and capsule go so that they survive.
enum class Carrier : std::uint8_t { Properties, Notes, None };

/// What a calendar keeps of what is written into it, tried out when it became a target.
struct Survival {
    Carrier carrier = Carrier::None;  ///< None: the ownership mark is lost everywhere.
    int capsule = 0;                  ///< Characters that came back whole; 0: none.
    bool transparency = false;        ///< "Free" is still free.
    VersionNews version = VersionNews::Missing;
    NameReuse reuse = NameReuse::Unknown;
    bool checks_versions = true;  ///< false: a write on a version that was replaced is taken.
    bool operator==(const Survival&) const = default;
};

/// As it lies in the store. @return nothing for a text that an other version wrote.
std::string write_survival(const Survival&);
std::optional<Survival> read_survival(std::string_view text);
/// A sentence for people.
std::string described(const Survival&);
/// Why no copies may be written there, because they could not be told from other people's events; empty: they may.
std::string unusable(const Survival&);

/// A whole day of 1971, free and private, with a mark and a capsule of `capsule` characters. Its name follows from
/// business, calendar and generation, and stands in its notes as well, so that it is known again without its mark.
Event survival_probe(const Business&, const CalendarId&, int generation, int capsule, const Keys&);
/// Whether an event is such a probe, by its mark or by its name.
bool is_survival_probe(const Event&, const Business&, const CalendarId&, int generation, const Keys&);
/// Compares what came back. @param written with mark and capsule, wherever `carrier` put them. @param receipt the
/// version that the write was answered with.
Survival survived(const Event& written, Carrier, const RemoteEvent& read, const std::optional<Version>& receipt);

}  // namespace calgate
