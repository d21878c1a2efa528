#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

}  // namespace

int command_calendars(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/calendars");
        if (!found.good()) return fail(found.problem());
        if (json) {
            std::printf("%s\n", found.body["calendars"].dump().c_str());
            return kDone;
        }
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
        }
        return kDone;
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
