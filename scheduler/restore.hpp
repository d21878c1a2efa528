#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/restore.hpp"
#include "core/zone.hpp"
#include "store/booking.hpp"
#include "store/store.hpp"

namespace calgate {

struct RestoreParts {
    Store& store;
    const ZoneResolver& zones;
    const Clock& clock;
    Random& random;
};

/// What filling a store did. Applied again, everything is counted under `kept`.
struct RestoreReport {
    int created = 0;  ///< Appointments that were not there.
    int changed = 0;  ///< Those the target had in a newer revision.
    int kept = 0;
    int adopted = 0;  ///< Copies tied to their appointment, so that none is created again.
    int edited = 0;   ///< Of the created and changed ones: with what a person changed on the copy.
    bool stopped = false;
    std::vector<std::string> refused{};  ///< A sentence each: another appointment of that person is at this time.
};

/// What a store that is filled already asks of a target. @return Rejected when it holds another business's
/// appointments.
Result<RestoreRequest> restore_request(const Reader&, const std::string& recovery_key);
/// Epochs that this store has outlived, oldest first.
std::vector<std::string> epochs_before(const Reader&);
/// The business goes on under a new epoch; the one until now is outlived.
void begin_epoch(Writer&, Random&);

/// Fills the store from a plan that is possible(): business, people, services, appointments, mirror rows of `target`.
/// A few hundred appointments a transaction; interrupted at any point, it is run again and ends in the same state.
/// What is newer in the store stays. @param target id, account, href, name, zone; the rest follows from the plan.
/// @param go_on asked after every transaction with how many copies are done; false stops.
RestoreReport fill_store(
    const RestoreParts&, const RestorePlan&, const Calendar& target, const std::function<bool(std::size_t)>& go_on = {}
);

/// The change that tells of a copy which there was no room for.
inline constexpr const char* kLeftOut = "copy.left_out";

/// What a target that is newer than the store gave it.
struct Adoption {
    RestoreReport report{};
    std::vector<BookingResult> bookings{};  ///< For the availability index, as are these:
    std::vector<Staff> staff{};
    std::vector<Service> services{};
};
/// Ties copies to their appointments where that is lost, and takes over what the copies of a connected target hold in a
/// newer revision than the store, or that is not over and unknown to it, as it was written into them; what people
/// edited since is left to the next pass. Under the store's own epoch, inside the caller's transaction. A newer
/// revision for which there is no room becomes a conflict, or is told of where this store had no copy there.
Adoption adopt_newer(Writer&, const RestoreParts&, const RestorePlan&, const Calendar& target);

}  // namespace calgate
