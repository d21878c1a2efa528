#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

/// Addresses of the accounts and calendars that are called so.
std::vector<std::string> called(Caller& caller, const std::string& what) {
    std::vector<std::string> found;
    for (const auto& [list, name] : {std::pair{"accounts", "user"}, std::pair{"calendars", "name"}}) {
        const auto all = caller.call("GET", std::string("/v1/") + list);
        if (!all.good()) continue;
        for (const Json& one : all.body[list])
            if (text_of(one, "id") == what || text_of(one, name) == what)
                found.push_back(std::string("/v1/") + list + "/" + text_of(one, "id"));
    }
    return found;
}

/// Events of one calendar that are not, or not wholly, understood.
void print_parked(const Json& parked, const std::string& calendar) {
    for (const Json& event : parked["events"]) {
        if (text_of(event, "calendar") != calendar) continue;
        const bool blocks = event.value("blocks_time", false);
        std::printf(
            "    Event %s: %s %s\n",
            text_of(event, "uid").empty() ? text_of(event, "href").c_str() : text_of(event, "uid").c_str(),
            text_of(event, "why").c_str(),
            blocks ? "It blocks time as far as it was understood; correct it in the calendar if that is wrong."
                   : "It blocks no time; correct it in the calendar if it should."
        );
    }
}

}  // namespace

int command_calendars(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/calendars");
        if (!found.good()) return fail(found.problem());
        if (json) {
            std::printf("%s\n", found.body["calendars"].dump().c_str());
            return kDone;
        }
        const auto parked = caller.call("GET", "/v1/parked");
        if (!parked.good()) return fail(parked.problem());
        std::printf("%-18s %-20s %-12s %-12s %-6s %-10s %s\n", "id", "name", "staff", "role", "shows", "state", "read");
        for (const Json& c : found.body["calendars"]) {
            const std::string role = std::string(c.value("mirror", false) ? "mirror" : "") +
                                     (c.value("mirror", false) && c.value("busy", false) ? "," : "") +
                                     (c.value("busy", false) ? "busy" : "");
            std::printf(
                "%-18s %-20s %-12s %-12s %-6s %-10s %s\n",
                text_of(c, "id").c_str(),
                text_of(c, "name").c_str(),
                text_of(c, "staff").c_str(),
                role.empty() ? "none" : role.c_str(),
                text_of(c, "show").c_str(),
                text_of(c, "state").c_str(),
                c["as_of"].is_null() ? "never" : text_of(c, "as_of").c_str()
            );
            if (c.contains("keeps") && c["keeps"].is_object())
                std::printf("    %s\n", text_of(c["keeps"], "summary").c_str());
            if (!text_of(c, "detail").empty()) std::printf("    %s\n", text_of(c, "detail").c_str());
            print_parked(parked.body, text_of(c, "id"));
        }
        if (parked.body.value("more", false))
            std::printf("More events are not understood; the next ones are listed once these are corrected.\n");
        return kDone;
    });
}

int command_disconnect(const std::string& directory, const std::string& what, bool remove_copies) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = called(caller, what);
        if (found.empty()) return fail("There is no account or calendar " + what + "; calgate calendars lists them.");
        if (found.size() > 1) {
            std::string ids;
            for (const std::string& one : found)
                ids += (ids.empty() ? "" : ", ") + one.substr(one.rfind('/') + 1) +
                       (one.starts_with("/v1/accounts") ? " (account)" : " (calendar)");
            return fail("Several are called " + what + "; give the id: " + ids + ".");
        }
        int removed = 0;
        while (true) {
            const auto done = caller.call("DELETE", found.front() + (remove_copies ? "?remove_copies=true" : ""));
            if (!done.good()) return fail(done.problem());
            const int now = done.body.value("copies_removed", 0);
            removed += now;
            const bool over = done.body.value("disconnected", false);
            // One call takes as much as it has time for.
            if (!over && now > 0) continue;
            for (const Json& note : done.body["notes"]) std::fprintf(stderr, "%s\n", note.get<std::string>().c_str());
            if (!over) return fail("It is connected still.");
            std::printf(
                "Disconnected. %d copies were deleted, %lld stay in the calendar. No appointment was changed.\n",
                removed,
                static_cast<long long>(done.body.value("copies_left", 0))
            );
            return kDone;
        }
    });
}

int command_set_calendar(const std::string& directory, const std::string& id, const std::string& roles) {
    const bool none = roles == "none";
    const bool mirror = roles == "mirror" || roles == "mirror,busy" || roles == "busy,mirror";
    const bool busy = roles == "busy" || roles == "mirror,busy" || roles == "busy,mirror";
    if (!none && !mirror && !busy) return fail("--role is mirror, busy, mirror,busy or none.", kUsage);
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/calendars");
        for (const Json& c : found.body["calendars"]) {
            if (text_of(c, "id") != id) continue;
            const auto kept = caller.call(
                "POST",
                "/v1/calendars",
                {{"account", c["account"]},
                 {"href", c["href"]},
                 {"staff", c["staff"]},
                 {"mirror", mirror},
                 {"busy", busy}}
            );
            return kept.good() ? kDone : fail(kept.problem());
        }
        return fail("There is no calendar " + id + "; calgate calendars lists them.");
    });
}

}  // namespace calgate
