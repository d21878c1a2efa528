#pragma once

#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/lineage.hpp"
#include "core/manifest.hpp"
#include "store/store.hpp"

namespace calgate {

/// Why the gateway writes to no calendar, although it reads them and takes bookings (I21).
struct Standstill {
    Lineage lineage{};  ///< Behind ends by itself; the others end with take_over().
    std::string why{};  ///< A sentence that says what to do.
};
std::optional<Standstill> standstill(const Reader&);

/// How the store stands to a target's marker. @param wrote see lineage_of().
Lineage lineage_of(const Reader&, const Manifest& marker, const CalendarId&, bool wrote);
/// Notes that writing stops, in the feed too; what weighs more stays. Behind has every target read whole.
void stand_still(Writer&, Lineage, Instant now);
/// At the start: where rows that tie copies to their appointments are missing, the copies are looked for first, so that
/// none is created twice (I6). @throws StoreFailure.
void look_for_lost_rows(Store&, Instant now);
/// A target was read whole and what it holds taken over. @param link of the audit where its marker saw the chain.
void note_adopted(Writer&, const CalendarId&, const std::string& link);
void forget_adoption(Writer&, const CalendarId&);
/// @return whether no target has to be read any more: writing goes on.
bool go_on_when_adopted(Writer&, Instant now);
/// Whether that was noted not long ago. A deletion found there may be one that the newer store decided, so a person is
/// asked, until all that is missing there was settled.
bool was_adopted(const Reader&, const CalendarId&);
/// @return once writing goes on: it is settled.
bool note_adoption_settled(Writer&, const CalendarId&);

/// Makes this store the one that counts, under a new epoch: every other gateway stops when it reads a marker of it.
/// In one transaction. @param actor for the record. @throws StoreFailure; nothing was changed then.
void take_over(Store&, Random&, Instant now, const std::string& actor);

}  // namespace calgate
