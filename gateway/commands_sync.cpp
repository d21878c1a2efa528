#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

/// Two calendars may have one name; their server and user tell them apart.
std::string label_of(const Json& record, const std::string& name) {
    return name + " (" + text_of(record, "user") + " at " + text_of(record, "server") + ")";
}

}  // namespace

int command_status(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto status = caller.call("GET", "/v1/status");
        if (!status.good()) return fail(status.problem());
        if (json) {
            std::printf("%s\n", status.body.dump().c_str());
            return kDone;
        }
        std::printf(
            "%s: %s, %lld open conflicts\n",
            text_of(status.body, "business").c_str(),
            status.body.value("ready", false) ? "taking bookings" : "NOT taking bookings (check the disk)",
            static_cast<long long>(status.body.value("conflicts_open", 0))
        );
        if (!status.body["standstill"].is_null()) std::printf("%s\n", text_of(status.body, "standstill").c_str());
        std::printf(
            "%-40s %-12s %-8s %-10s %-8s %s\n", "calendar", "staff", "now", "age", "waiting", "catching up takes"
        );
        for (const Json& t : status.body["targets"]) {
            const std::string age =
                t["age_s"].is_null() ? "never read" : std::to_string(t["age_s"].get<std::int64_t>()) + " s";
            std::printf(
                "%-40s %-12s %-8s %-10s %-8lld %s\n",
                label_of(t, text_of(t, "name")).c_str(),
                text_of(t, "staff").c_str(),
                t.value("live", false) ? "live" : "cached",
                age.c_str(),
                static_cast<long long>(t.value("waiting", 0)),
                t.value("waiting", 0) == 0 ? "-" : (std::to_string(t.value("catch_up_s", 0)) + " s").c_str()
            );
            if (t["verify_findings"].is_number() && t["verify_findings"].get<int>() > 0)
                std::printf(
                    "    %d copies were not what they should be at %s; calgate verify names them.\n",
                    t["verify_findings"].get<int>(),
                    text_of(t, "verified_at").c_str()
                );
            if (!text_of(t, "trouble").empty()) std::printf("    %s\n", text_of(t, "trouble").c_str());
        }
        if (const auto& only_here = status.body["unmirrored"]; only_here.value("appointments", 0) > 0)
            std::printf(
                "%d appointments changed and no calendar has that yet; the oldest change is %lld s old\n",
                only_here.value("appointments", 0),
                static_cast<long long>(only_here.value("oldest_s", std::int64_t{0}))
            );
        if (const auto& told = status.body["callbacks"]; told.value("parked", 0) > 0)
            std::printf(
                "%d appointments changed and the booking system could not be told for three days; see calgate "
                "callbacks\n",
                told.value("parked", 0)
            );
        for (const auto& [drill, age] : status.body["drills"].items()) {
            const std::string when =
                age.is_null() ? "never passed" : "passed " + std::to_string(age.get<std::int64_t>() / 3600) + " h ago";
            std::printf("drill %s: %s\n", drill.c_str(), when.c_str());
        }
        for (const auto& [provider, percent] : status.body["cut"].items())
            std::printf("A drill cuts %d %% of the calls to %s off.\n", percent.get<int>(), provider.c_str());
        return status.body.value("conflicts_open", 0) > 0 ? kWaits : kDone;
    });
}

int command_preview(const std::string& directory) {
    return with_gateway(directory, [&](Caller& caller) {
        int code = kDone;
        const auto found = caller.call("GET", "/v1/calendars");
        if (!found.good()) return fail(found.problem());
        for (const Json& c : found.body["calendars"]) {
            const auto plan = caller.call("POST", "/v1/calendars/" + text_of(c, "id") + "/preview");
            std::printf("%s\n", text_of(c, "name").c_str());
            if (!plan.good()) {
                std::printf("    %s\n", plan.problem().c_str());
                code = kFailed;
                continue;
            }
            if (plan.body.value("waits", false))
                std::printf("    waits for a person, see calgate conflicts; approved, it would do this:\n");
            for (const Json& decision : plan.body["decisions"])
                std::printf(
                    "    %-24s %-24s %s\n",
                    text_of(decision, "kind").c_str(),
                    text_of(decision, "subject").c_str(),
                    text_of(decision, "why").c_str()
                );
            for (const Json& write : plan.body["writes"])
                std::printf(
                    "    %s the %s%s\n",
                    text_of(write, "kind").c_str(),
                    write["appointment"].is_null() ? "marker event" : "copy of ",
                    text_of(write, "appointment").c_str()
                );
            if (plan.body["decisions"].empty() && plan.body["writes"].empty()) std::printf("    nothing to do\n");
        }
        std::printf("Nothing was written.\n");
        return code;
    });
}

int command_sync(const std::string& directory) {
    return with_gateway(directory, [&](Caller& caller) {
        int code = kDone;
        const auto found = caller.call("GET", "/v1/calendars");
        if (!found.good()) return fail(found.problem());
        for (const Json& c : found.body["calendars"]) {
            const auto done = caller.call("POST", "/v1/calendars/" + text_of(c, "id") + "/sync");
            std::printf(
                "%-20s %s\n",
                text_of(c, "name").c_str(),
                done.good() ? (done.status == 202 ? "started" : "done") : done.problem().c_str()
            );
            if (!done.good()) code = kFailed;
        }
        return code;
    });
}

int command_verify(const std::string& directory, const std::string& target, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        int code = kDone;
        bool any = false;
        const auto found = caller.call("GET", "/v1/calendars");
        if (!found.good()) return fail(found.problem());
        if (!json)
            std::printf(
                "%-40s %7s %8s %10s %6s %11s %8s\n",
                "target",
                "same",
                "missing",
                "different",
                "extra",
                "unreadable",
                "foreign"
            );
        for (const Json& c : found.body["calendars"]) {
            const std::string id = text_of(c, "id");
            if (!c.value("mirror", false) || (!target.empty() && target != id && target != text_of(c, "name")))
                continue;
            any = true;
            const auto report = caller.call("POST", "/v1/calendars/" + id + "/verify");
            if (!report.good()) {
                std::printf("%-20s %s\n", text_of(c, "name").c_str(), report.problem().c_str());
                code = kFailed;
                continue;
            }
            const Json& r = report.body;
            if (!r["findings"].empty()) code = kFailed;
            if (json) {
                std::printf("%s\n", r.dump().c_str());
                continue;
            }
            std::printf(
                "%-40s %7d %8d %10d %6d %11d %8d\n",
                label_of(r, text_of(c, "name")).c_str(),
                r.value("same", 0),
                r.value("missing", 0),
                r.value("different", 0),
                r.value("extra", 0),
                r.value("unreadable", 0),
                r.value("foreign", 0)
            );
            for (const Json& finding : r["findings"]) {
                std::printf(
                    "    %s %s: %s\n",
                    text_of(finding, "verdict").c_str(),
                    text_of(finding, "appointment").c_str(),
                    text_of(finding, "why").c_str()
                );
            }
        }
        return any ? code : fail("There is no such target; calgate calendars lists them.");
    });
}

}  // namespace calgate
