#include "gateway/commands.hpp"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "gateway/caller.hpp"
#include "gateway/command_line.hpp"
#include "gateway/config.hpp"
#include "gateway/gateway.hpp"
#include "gateway/keys.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxImport = 1024u * 1024 * 1024;

}  // namespace

int command_init(
    const std::string& directory, const std::string& name, const std::string& zone, const std::string& listen
) {
    Config config;
    config.name = name;
    config.zone = zone;
    if (!listen.empty()) {
        const auto colon = listen.rfind(':');
        int port = -1;
        if (colon != std::string::npos) std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), port);
        if (port < 0 || port > 65535)
            return fail("--listen takes an address and a port, such as 127.0.0.1:8480.", kUsage);
        config.listen_host = listen.substr(0, colon);
        config.listen_port = port;
    }
    const ZoneResolver zones;
    if (!zones.knows(zone))
        return fail("The time zone " + zone + " is not known; use an IANA name such as Europe/Berlin.", kUsage);
    const auto made = init_gateway(directory, config);
    if (!made) return fail(made.error().detail);
    std::printf("The gateway of %s is in %s.\n\n", name.c_str(), directory.c_str());
    std::printf("API key (shown once, for your booking system):\n  %s\n\n", made->api_key.c_str());
    std::printf(
        "Recovery key (keep it away from this host; it opens what the copies carry):\n  %s\n\n",
        made->recovery_key.c_str()
    );
    std::printf("Next: calgate serve, then calgate connect caldav --url … --user …\n");
    return kDone;
}

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
        std::printf("%-20s %-12s %-8s %-10s %-8s\n", "calendar", "staff", "now", "age", "waiting");
        for (const Json& t : status.body["targets"]) {
            const std::string age =
                t["age_s"].is_null() ? "never read" : std::to_string(t["age_s"].get<std::int64_t>()) + " s";
            std::printf(
                "%-20s %-12s %-8s %-10s %-8lld\n",
                text_of(t, "name").c_str(),
                text_of(t, "staff").c_str(),
                t.value("live", false) ? "live" : "cached",
                age.c_str(),
                static_cast<long long>(t.value("waiting", 0))
            );
            if (!text_of(t, "trouble").empty()) std::printf("    %s\n", text_of(t, "trouble").c_str());
        }
        return status.body.value("conflicts_open", 0) > 0 ? kWaits : kDone;
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
                "%-20s %7s %8s %10s %6s %11s %8s\n",
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
                "%-20s %7d %8d %10d %6d %11d %8d\n",
                text_of(c, "name").c_str(),
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

int command_conflicts(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/conflicts");
        if (!found.good()) return fail(found.problem());
        const Json& list = found.body["conflicts"];
        if (json) {
            std::printf("%s\n", list.dump().c_str());
            return list.empty() ? kDone : kWaits;
        }
        if (list.empty()) std::printf("Nothing waits for a person.\n");
        for (const Json& c : list) {
            std::printf(
                "%lld  %s  %s  %s\n    %s\n",
                static_cast<long long>(c.value("id", 0)),
                text_of(c, "kind").c_str(),
                text_of(c, "appointment").c_str(),
                text_of(c, "created").c_str(),
                text_of(c, "why").c_str()
            );
            for (const char* side : {"ours", "theirs"}) {
                if (c[side].is_object())
                    std::printf(
                        "    %-7s %s – %s  %s\n",
                        side,
                        text_of(c[side], "start").c_str(),
                        text_of(c[side], "end").c_str(),
                        text_of(c[side], "title").c_str()
                    );
            }
        }
        if (!list.empty()) std::printf("\nDecide with: calgate conflicts resolve N ours|theirs\n");
        return list.empty() ? kDone : kWaits;
    });
}

int command_resolve(const std::string& directory, const std::string& id, const std::string& resolution) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", "/v1/conflicts/" + id + "/resolution", {{"resolution", resolution}});
        if (!done.good()) return fail(done.problem());
        std::printf("Conflict %s is settled: %s.\n", id.c_str(), resolution.c_str());
        return kDone;
    });
}

int command_keys_list(const std::string& directory) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/keys");
        if (!found.good()) return fail(found.problem());
        for (const Json& key : found.body["keys"])
            std::printf("%s  %s\n", text_of(key, "id").c_str(), text_of(key, "label").c_str());
        return kDone;
    });
}

int command_keys_add(const std::string& directory, const std::string& label) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto made = caller.call("POST", "/v1/keys", {{"label", label}});
        if (!made.good()) return fail(made.problem());
        std::printf("%s\n", text_of(made.body, "key").c_str());
        return kDone;
    });
}

int command_keys_rotate(const std::string& directory) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", "/v1/keys/rotate");
        if (!done.good()) return fail(done.problem());
        const auto damaged = done.body.value("damaged", 0);
        std::printf(
            "Vault key %lld seals from now on; %d secrets were sealed anew.\n",
            static_cast<long long>(done.body.value("key", std::int64_t{0})),
            done.body.value("resealed", 0)
        );
        std::printf("Keep a copy of keys.json: backups made before still need the earlier keys in it.\n");
        if (damaged == 0) return kDone;
        return fail(
            std::to_string(damaged) + " secrets did not open and were left; calgate doctor names their accounts."
        );
    });
}

int command_keys_revoke(const std::string& directory, const std::string& id) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("DELETE", "/v1/keys/" + id);
        return done.good() ? kDone : fail(done.problem());
    });
}

int command_export(const std::string& directory, const std::string& folder) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto all = caller.call("GET", "/v1/export");
        if (!all.good()) return fail(all.problem());
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        const auto data = write_private_file(folder + "/calgate.json", all.body.dump(1) + "\n");
        if (!data) return fail(data.error().detail);
        const auto calendar = write_private_file(folder + "/appointments.ics", text_of(all.body, "icalendar"));
        if (!calendar) return fail(calendar.error().detail);
        std::printf(
            "%zu appointments, %zu people, %zu services: %s/calgate.json and appointments.ics\n",
            all.body["appointments"].size(),
            all.body["staff"].size(),
            all.body["services"].size(),
            folder.c_str()
        );
        return kDone;
    });
}

int command_import(const std::string& directory, const std::string& source, bool apply) {
    const std::string file = std::filesystem::is_directory(source) ? source + "/calgate.json" : source;
    const auto text = read_file(file, kMaxImport);
    if (!text) return fail(text.error().detail);
    const auto document = Json::parse(*text, nullptr, false);
    if (!document.is_object())
        return fail("The file " + file + " is no calgate export; give the folder that calgate export wrote.");
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", apply ? "/v1/import?apply=true" : "/v1/import", document);
        if (!done.good()) return fail(done.problem());
        std::printf(
            "%s: %lld people, %lld services, %lld appointments\n",
            apply ? "Taken in" : "Would take in",
            static_cast<long long>(done.body.value("staff", 0)),
            static_cast<long long>(done.body.value("services", 0)),
            static_cast<long long>(done.body.value("appointments", 0))
        );
        for (const Json& id : done.body["refused"])
            std::printf("    refused, that person is booked at this time: %s\n", id.get<std::string>().c_str());
        if (!apply) std::printf("Nothing was changed; add --apply to do it.\n");
        return done.body["refused"].empty() ? kDone : kFailed;
    });
}

int command_doctor(const std::string& directory) {
    int code = kDone;
    const auto report = [&](bool good, const std::string& sentence) {
        std::printf("%s %s\n", good ? "ok  " : "BAD ", sentence.c_str());
        if (!good) code = kFailed;
    };
    const std::string library = ZoneResolver::library_version();
    report(
        library != "3.0.15",
        "libical " + library + (library == "3.0.15" ? " breaks recurrences; install another version." : " is used.")
    );
    const ZoneResolver zones;
    report(
        zones.knows("Europe/Berlin"),
        zones.knows("Europe/Berlin") ? "Time zones are installed." : "Time zones are missing; install tzdata."
    );
    const auto keys = load_keys(directory);
    report(keys.has_value(), keys ? "The keys can be read, by their owner only." : keys.error().detail);
    auto caller = Caller::open(directory);
    report(caller.has_value(), caller ? "The configuration and the store can be read." : caller.error().detail);
    if (!caller) return code;
    const auto accounts = (*caller)->call("GET", "/v1/accounts");
    for (const Json& account : accounts.body["accounts"]) {
        const bool good = text_of(account, "state") == "active";
        report(
            good,
            "Account " + text_of(account, "user") + " at " + text_of(account, "url") +
                (good ? " is active." : ": " + text_of(account, "detail"))
        );
    }
    const auto status = (*caller)->call("GET", "/v1/status");
    for (const Json& target : status.body["targets"]) {
        const std::string trouble = text_of(target, "trouble");
        report(
            trouble.empty(),
            "Calendar " + text_of(target, "name") + (trouble.empty() ? " has no trouble." : ": " + trouble)
        );
    }
    return code;
}

}  // namespace calgate
