#pragma once

#include <memory>
#include <string>

#include "core/connector.hpp"
#include "core/model.hpp"
#include "scheduler/listing.hpp"

namespace calgate {

struct Gateway;

/// A calendar of a connected account, as its service lists it now.
struct FoundCalendar {
    Account account{};
    Calendar row{};  ///< id, account, href and name only.
    std::unique_ptr<Connector> connector{};

    /// Two calendars may have one name; the server tells them apart.
    std::string label() const { return row.name + " (" + account.user + " at " + account.url + ")"; }
};

/// @param wanted a name, an address or an id. @return Rejected with a sentence when there is none, or several.
Result<FoundCalendar> find_calendar(Gateway&, const std::string& wanted);

/// Progress on a terminal, "events read: 120".
void show_progress(const char* what, std::size_t done);
void end_progress();
/// Waits for what passes, says so, and shows progress.
ListingOptions patient_listing(const char* what);

}  // namespace calgate
