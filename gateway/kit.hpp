#pragma once

#include <string>
#include <vector>

#include "core/model.hpp"
#include "core/time.hpp"
#include "core/zone.hpp"
#include "gateway/caller.hpp"

/// The outage kit: what people need on paper or on a phone when nothing answers (design 7).
namespace calgate {

/// A calendar that an answer rests on.
struct KitSource {
    std::string name{};
    std::optional<Instant> as_of{};  ///< Absent: never read.
};

/// One person for the days of the kit. Instants are shown in the person's zone.
struct KitPerson {
    StaffId id{};
    std::string name{};
    std::string zone{};  ///< IANA.
    /// Held and confirmed ones that end after the kit's first midnight, by start.
    std::vector<std::pair<Appointment, Interval>> appointments{};
    bool free_known = true;  ///< false: what is known is older than the business allows to offer from.
    std::vector<Interval> free{};
    std::vector<KitSource> sources{};
};

struct Kit {
    std::string business{};
    std::string zone{};
    Instant made{};
    int days = 0;
    std::vector<KitPerson> people{};
};

struct KitFile {
    std::string name{};  ///< Letters, digits, "-", "_" and "." only.
    std::string type{};  ///< Media type.
    std::string text{};
};

/// Everything for the next `days` days, from the API of a gateway. @return Rejected with a sentence.
Result<Kit> gather_kit(Caller&, const ZoneResolver&, Instant now, int days);

/// Of every person "ID.html" (a sheet per day, to be printed) and "ID.ics", besides "availability.html",
/// "availability.json" and "index.html". No file needs another one or a network.
std::vector<KitFile> kit_files(const Kit&, const ZoneResolver&);

}  // namespace calgate
