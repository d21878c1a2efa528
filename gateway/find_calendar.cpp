#include "gateway/find_calendar.hpp"

#include <unistd.h>

#include <cstdio>
#include <vector>

#include "gateway/api.hpp"
#include "gateway/command_support.hpp"
#include "gateway/gateway.hpp"

namespace calgate {
namespace {

constexpr std::chrono::seconds kDiscovery{60};

bool names(const RemoteCalendar& calendar, const std::string& wanted) {
    const std::string& href = calendar.href.value;
    return calendar.name == wanted || href == wanted || href.ends_with("/" + wanted) ||
           href.ends_with("/" + wanted + "/");
}

bool wait_aloud(const Error& error, std::chrono::seconds wait) {
    std::fprintf(stderr, "%s Going on in %lld s.\n", error.detail.c_str(), static_cast<long long>(wait.count()));
    pause_for(wait);
    return true;
}

Error no_such(const std::string& sentence) { return Error{ErrorCode::Rejected, sentence, {}}; }

}  // namespace

void show_progress(const char* what, std::size_t done) {
    if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%s %zu", what, done);
}

void end_progress() {
    if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\n");
}

ListingOptions patient_listing(const char* what) {
    ListingOptions listing;
    listing.wait = wait_aloud;
    listing.progress = [what](std::size_t done) { show_progress(what, done); };
    return listing;
}

Result<FoundCalendar> find_calendar(Gateway& gateway, const std::string& wanted) {
    const auto accounts = read(*gateway.store, [](const Reader& reader) { return reader.accounts(); });
    if (accounts.empty()) return no_such("No account is connected in this folder; run calgate connect first.");
    std::vector<FoundCalendar> found;
    std::string troubles;
    for (const Account& account : accounts) {
        CALGATE_TRY(auto connector, gateway.connectors.open(account));
        const auto calendars = connector->list_calendars({gateway.clock.steady() + kDiscovery, {}});
        if (!calendars) {
            troubles += " " + account.user + " at " + account.url + ": " + calendars.error().detail;
            continue;
        }
        for (const RemoteCalendar& calendar : *calendars) {
            const CalendarId id = calendar_id(account.id, calendar.href);
            if (!names(calendar, wanted) && id.value != wanted) continue;
            FoundCalendar one{account, {}, nullptr};
            one.row.id = id;
            one.row.account = account.id;
            one.row.href = calendar.href;
            one.row.name = calendar.name;
            found.push_back(std::move(one));
        }
    }
    if (found.empty())
        return no_such(
            "There is no calendar \"" + wanted + "\" in the connected accounts; calgate connect lists them." + troubles
        );
    std::string all;
    for (const FoundCalendar& one : found) all += "\n    " + one.row.id.value + "  " + one.label();
    if (found.size() > 1) return no_such("Several calendars are called \"" + wanted + "\"; give the id:" + all);
    CALGATE_TRY(found.front().connector, gateway.connectors.open(found.front().account));
    return std::move(found.front());
}

}  // namespace calgate
