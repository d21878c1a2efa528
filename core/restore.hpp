#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/connector.hpp"
#include "core/identity.hpp"
#include "core/manifest.hpp"

namespace calgate {

/// What is known before a target is read.
struct RestoreRequest {
    std::string recovery_key{};           ///< 32 bytes.
    std::string mark_key{};               ///< Of a gateway that lives; empty: the marker's alone is known.
    std::string business{};               ///< Of a store that was restored from another target; empty: any.
    std::string epoch{};                  ///< The epoch that store was restored from; empty: any.
    std::set<std::string> left_behind{};  ///< Epochs that came before it.
    std::optional<CopyDetail> detail{};   ///< What copies show, if a person says so.
};

enum class RestoreFinding : std::uint8_t {
    Complete,       ///< As many copies as the marker counts, with the content it hashed.
    Differs,        ///< Nothing is missing in number, but some days differ: changes after the marker was written.
    Short,          ///< A few copies are missing.
    HalfErased,     ///< So many are missing that a person decides: more than 20 %, at least 5.
    NoMarker,       ///< There are copies, but nothing that says how many there should be.
    Empty,          ///< A marker that counts nothing, and no copies.
    Foreign,        ///< Nothing here was written by a calgate.
    WrongKey,       ///< The recovery key opens nothing.
    OtherMarkKey,   ///< Capsules open, no mark verifies.
    OtherBusiness,  ///< The store holds another business.
    OlderEpoch,     ///< Left behind by an earlier life of the business.
};

/// A copy that becomes an appointment.
struct RestoredCopy {
    Appointment appointment{};  ///< As it shall be stored: what a person edited on the copy is in it.
    Appointment sealed{};       ///< As the capsule has it.
    bool edited = false;        ///< The copy shows something else than its capsule.
    Mark mark{};
    Href href{};
    std::optional<Version> version{};
    Uid uid{};
    std::string source{};
};

/// A day on which the target does not hold what its marker counts.
struct DayGap {
    std::string day{};
    int wanted = 0;
    int found = 0;
};

struct RestorePlan {
    RestoreFinding finding = RestoreFinding::Foreign;
    std::string sentence{};  ///< What was found and what to do next.
    Keys keys{};             ///< Those of the lost gateway.
    /// Absent without a marker; then people and services follow from the appointments.
    std::optional<Manifest> manifest{};
    Business business{};
    std::vector<Staff> staff{};
    std::vector<Service> services{};
    CopyDetail detail = CopyDetail::kBusy;
    std::vector<RestoredCopy> copies{};  ///< Unedited ones first, of these the newest change first.
    std::vector<Href> duplicates{};      ///< Copies of a copy, made by a person: left alone.
    std::vector<Href> damaged{};         ///< Carry a mark, but their capsule does not open.
    std::optional<Href> marker{};
    int foreign = 0;
    std::vector<DayGap> gaps{};
    int missing = 0;  ///< Copies that the marker counts and that were not found.

    /// What to ask of a further target of the same business.
    RestoreRequest next(RestoreRequest) const;
    /// Whether it may be applied without a person saying that what is missing is accepted.
    bool safe() const;
    /// Whether it may be applied at all.
    bool possible() const;
};

/// What to restore from everything that a target lists: pure. An event counts only if its mark verifies and its capsule
/// opens; with several of one appointment the one under the name that we gave it, then the newest.
RestorePlan plan_restore(const std::vector<RemoteEvent>& listed, const RestoreRequest&, const ZoneResolver&);

}  // namespace calgate
