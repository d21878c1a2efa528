#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/audit.hpp"
#include "core/erasure.hpp"
#include "core/model.hpp"
#include "core/result.hpp"

namespace calgate {

/// Appointments of one local day on a target.
struct DayCount {
    std::string day{};  ///< "20270112"
    int copies = 0;
    std::string digest{};  ///< Of what stands on that day; two days with equal digests hold the same.
    bool operator==(const DayCount&) const = default;
};

/// What a target holds: counted and hashed by content, in all and by day, so that a gap can be named.
struct Inventory {
    int copies = 0;
    std::string digest{};
    std::vector<DayCount> days{};  ///< In order; from 31 days before to 1,000 days after the time of counting.
    bool operator==(const Inventory&) const = default;
};

/// Counts and hashes. The order of the appointments does not matter; revisions do not count, content does.
Inventory inventory_of(const std::vector<Appointment>&, Instant at);

/// Another calendar that gets copies, so that somebody who has only one of them learns where the rest is.
struct NamedTarget {
    StaffId staff{};
    std::string kind{};
    std::string user{};
    std::string url{};
    std::string name{};
    bool operator==(const NamedTarget&) const = default;
};

/// What the marker of a target carries, sealed under the recovery key (design 4): all that copies do not say.
struct Manifest {
    Business business{};                        ///< With the epoch that wrote it.
    std::vector<std::string> earlier_epochs{};  ///< Oldest first.
    std::string mark_key{};                     ///< 32 bytes; verifies the marks of the copies.
    Instant written{};
    Calendar calendar{};  ///< id, staff, name, busy and copy_detail only.
    std::vector<Staff> staff{};
    std::vector<Service> services{};
    std::vector<NamedTarget> targets{};
    std::vector<Erasure> erased{};  ///< Names and times only.
    AuditHead audit{};              ///< Where the chain stood: a store that has less of it lost its tail or is another.
    Inventory inventory{};
    bool stopped = false;  ///< The writer met another gateway there and writes no copy any more.
    bool operator==(const Manifest&) const = default;
};

/// At most 24,000 characters of [A-Za-z0-9_-]: what does not fit is left out, far days first, then other targets, then
/// other people. The nonce follows from key and content, so that no two contents share one.
std::string seal_manifest(Manifest, std::string_view recovery_key);
/// @return Rejected with a sentence when the key is wrong or the text was changed.
Result<Manifest> open_manifest(std::string_view sealed, std::string_view recovery_key);
/// Hash of all but the time, the audit and the inventory: whether the marker has to be written again.
std::string facts_digest(Manifest);

}  // namespace calgate
