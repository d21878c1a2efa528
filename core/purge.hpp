#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/connector.hpp"
#include "core/identity.hpp"

namespace calgate {

/// What is known before a target is purged; its store may be lost.
struct PurgeRequest {
    std::string recovery_key{};        ///< 32 bytes.
    std::set<CalendarId> calendars{};  ///< Ids that the target may have had; the one in its marker is added.
};

/// A copy that is to be deleted, at the version that was read.
struct PurgedCopy {
    Href href{};
    std::optional<Version> version{};
    AppointmentId appointment{};
};

struct PurgePlan {
    Keys keys{};
    std::string business{};  ///< Empty: nothing here is ours.
    std::set<CalendarId> calendars{};
    std::vector<PurgedCopy> copies{};
    std::vector<PurgedCopy> markers{};  ///< Deleted last: until then a restore is possible.
    int foreign = 0;                    ///< Without a mark.
    int others = 0;                     ///< Marked by another business, or under another key.
    int duplicates = 0;  ///< Our mark, but not under the name that we gave: a person's copy of a copy (I8).
    int unreadable = 0;
    std::string sentence{};  ///< What was found and what to do next.
};

/// Whether this event is ours: its mark verifies, and it lies under the name that follows from mark and calendar (I8).
bool is_ours_to_purge(const RemoteEvent&, const PurgePlan&);
/// What of everything that a target lists is ours and nobody else's: pure.
PurgePlan plan_purge(const std::vector<RemoteEvent>& listed, const PurgeRequest&);

}  // namespace calgate
