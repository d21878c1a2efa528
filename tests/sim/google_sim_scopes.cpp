#include <algorithm>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::string_view kPrefix = "https://www.googleapis.com/auth/";

struct ScopeRow {
    const char* method;
    const char* path;    ///< Below /calendar/v3; "*" is any one segment.
    const char* scopes;  ///< Any of them is enough.
};

constexpr const char* kReadEvents =
    "calendar calendar.app.created calendar.events calendar.events.freebusy "
    "calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly "
    "calendar.events.readonly calendar.readonly";
constexpr const char* kColors =
    "calendar calendar.app.created calendar.calendarlist calendar.calendarlist.readonly "
    "calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly "
    "calendar.events.public.readonly calendar.readonly";
constexpr const char* kAnyOfThem =
    "calendar calendar.acls calendar.acls.readonly calendar.app.created "
    "calendar.calendarlist calendar.calendarlist.readonly calendar.events "
    "calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly "
    "calendar.events.public.readonly calendar.events.readonly calendar.readonly "
    "calendar.settings.readonly";

// clang-format off
/// The discovery document's operations.
constexpr ScopeRow kRows[] = {
    {"POST", "calendars", "calendar calendar.app.created calendar.calendars"},
    {"DELETE", "calendars/*", "calendar calendar.app.created calendar.calendars"},
    {"GET", "calendars/*",
     "calendar calendar.app.created calendar.calendars calendar.calendars.readonly calendar.readonly"},
    {"PATCH", "calendars/*", "calendar calendar.app.created calendar.calendars"},
    {"PUT", "calendars/*", "calendar calendar.app.created calendar.calendars"},
    {"GET", "calendars/*/acl", "calendar calendar.acls calendar.acls.readonly"},
    {"POST", "calendars/*/acl", "calendar calendar.acls"},
    {"DELETE", "calendars/*/acl/*", "calendar calendar.acls"},
    {"GET", "calendars/*/acl/*", "calendar calendar.acls calendar.acls.readonly calendar.readonly"},
    {"PATCH", "calendars/*/acl/*", "calendar calendar.acls"},
    {"PUT", "calendars/*/acl/*", "calendar calendar.acls"},
    {"POST", "calendars/*/acl/watch", "calendar calendar.acls calendar.acls.readonly"},
    {"POST", "calendars/*/clear", "calendar calendar.calendars"},
    {"GET", "calendars/*/events",
     kReadEvents},
    {"POST", "calendars/*/events", "calendar calendar.app.created calendar.events calendar.events.owned"},
    {"DELETE", "calendars/*/events/*", "calendar calendar.app.created calendar.events calendar.events.owned"},
    {"GET", "calendars/*/events/*",
     kReadEvents},
    {"PATCH", "calendars/*/events/*", "calendar calendar.app.created calendar.events calendar.events.owned"},
    {"PUT", "calendars/*/events/*", "calendar calendar.app.created calendar.events calendar.events.owned"},
    {"GET", "calendars/*/events/*/instances",
     kReadEvents},
    {"POST", "calendars/*/events/*/move", "calendar calendar.events calendar.events.owned"},
    {"POST", "calendars/*/events/import", "calendar calendar.app.created calendar.events calendar.events.owned"},
    {"POST", "calendars/*/events/quickAdd", "calendar calendar.app.created calendar.events calendar.events.owned"},
    {"POST", "calendars/*/events/watch",
     kReadEvents},
    {"POST", "channels/stop",
     kAnyOfThem},
    {"GET", "colors",
     kColors},
    {"POST", "freeBusy", "calendar calendar.events.freebusy calendar.freebusy calendar.readonly"},
    {"GET", "users/me/calendarList",
     "calendar calendar.calendarlist calendar.calendarlist.readonly calendar.readonly"},
    {"POST", "users/me/calendarList", "calendar calendar.calendarlist"},
    {"DELETE", "users/me/calendarList/*", "calendar calendar.app.created calendar.calendarlist"},
    {"GET", "users/me/calendarList/*",
     "calendar calendar.app.created calendar.calendarlist calendar.calendarlist.readonly calendar.readonly"},
    {"PATCH", "users/me/calendarList/*", "calendar calendar.app.created calendar.calendarlist"},
    {"PUT", "users/me/calendarList/*", "calendar calendar.app.created calendar.calendarlist"},
    {"POST", "users/me/calendarList/watch",
     "calendar calendar.calendarlist calendar.calendarlist.readonly calendar.readonly"},
    {"GET", "users/me/settings", "calendar calendar.readonly calendar.settings.readonly"},
    {"GET", "users/me/settings/*", "calendar calendar.readonly calendar.settings.readonly"},
    {"POST", "users/me/settings/watch", "calendar calendar.readonly calendar.settings.readonly"},
};
// clang-format on

/// Literal segments count before "*": "watch" is no event.
int likeness(const ScopeRow& row, const GoogleCall& call) {
    if (call.method != row.method) return -1;
    int literal = 0;
    std::size_t at = 0;
    std::string_view rest = row.path;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        const std::string_view wanted = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (at == call.path.size() || (wanted != "*" && wanted != call.path[at])) return -1;
        literal += wanted == "*" ? 0 : 1;
        ++at;
    }
    return at == call.path.size() ? literal : -1;
}

}  // namespace

bool may(const std::string& scopes, const GoogleCall& call) {
    const ScopeRow* found = nullptr;
    int best = -1;
    for (const ScopeRow& row : kRows)
        if (const int like = likeness(row, call); like > best) {
            best = like;
            found = &row;
        }
    if (!found) return true;  // There is no such call; it is not found then.
    const auto enough = words_of(found->scopes), held = words_of(scopes);
    return std::any_of(held.begin(), held.end(), [&](const std::string& scope) {
        return scope.starts_with(kPrefix) &&
               std::find(enough.begin(), enough.end(), scope.substr(kPrefix.size())) != enough.end();
    });
}

std::vector<std::string> scope_rows() {
    std::vector<std::string> out;
    for (const ScopeRow& row : kRows) out.push_back(std::string(row.method) + " " + row.path + " " + row.scopes);
    return out;
}

}  // namespace calgate::testing
