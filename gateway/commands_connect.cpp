#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxPassword = 1024;

/// Without echo when a person types it.
std::string ask_password() {
    const bool terminal = isatty(STDIN_FILENO) != 0;
    termios before{};
    if (terminal) {
        std::fprintf(stderr, "Password: ");
        tcgetattr(STDIN_FILENO, &before);
        termios quiet = before;
        quiet.c_lflag &= static_cast<tcflag_t>(~ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    std::string line;
    std::getline(std::cin, line);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::fprintf(stderr, "\n");
    }
    return line.substr(0, kMaxPassword);
}

Result<std::string> password_of(const ConnectOptions& options) {
    std::string password;
    if (!options.password_file.empty()) {
        CALGATE_TRY(password, read_file(options.password_file, kMaxPassword));
        while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
    } else if (const char* given = std::getenv("CALGATE_PASSWORD")) {  // NOLINT(concurrency-mt-unsafe): before any
                                                                       // thread.
        password = given;
    } else {
        password = ask_password();
    }
    if (password.empty())
        return Error{
            ErrorCode::Rejected, "No password was given; type it, or use --password-file or CALGATE_PASSWORD."};
    return password;
}

void print_found(const Json& calendars) {
    std::printf("%-32s %-9s %s\n", "calendar", "writable", "address");
    for (const Json& calendar : calendars) {
        if (!calendar.value("events", true)) continue;
        std::printf(
            "%-32s %-9s %s\n",
            text_of(calendar, "name").c_str(),
            calendar.value("writable", false) ? "yes" : "no",
            text_of(calendar, "href").c_str()
        );
    }
}

/// The calendar of that name, or whose address ends so. Null when there is none, or more than one.
Json pick(const Json& calendars, const std::string& wanted, std::string& why) {
    std::vector<Json> found;
    for (const Json& calendar : calendars) {
        const std::string href = text_of(calendar, "href");
        const bool same = text_of(calendar, "name") == wanted || href == wanted || href.ends_with("/" + wanted) ||
                          href.ends_with("/" + wanted + "/");
        if (same) found.push_back(calendar);
    }
    if (found.size() == 1) return found.front();
    why = found.empty() ? "There is no calendar \"" + wanted + "\" in this account; choose one of those listed."
                        : "Several calendars are called \"" + wanted + "\"; give the address instead.";
    return nullptr;
}

int choose(Caller& caller, const ConnectOptions& options, const std::string& account, const Json& calendars) {
    std::map<std::string, Json> chosen;
    std::string why;
    const auto add = [&](const std::string& name, const char* role) {
        const Json calendar = pick(calendars, name, why);
        if (calendar.is_null()) return false;
        Json& entry = chosen[text_of(calendar, "href")];
        if (entry.is_null())
            entry = {
                {"account", account},
                {"href", calendar["href"]},
                {"name", calendar["name"]},
                {"staff", options.staff},
                {"show", options.show}};
        entry[role] = true;
        if (std::string_view(role) == "mirror" && !calendar.value("writable", true)) {
            why = "The calendar \"" + name +
                  "\" is read-only for this account, so it cannot get appointments; choose another for --mirror.";
            return false;
        }
        return true;
    };
    for (const std::string& name : options.mirror) {
        if (!add(name, "mirror")) return fail(why);
    }
    for (const std::string& name : options.busy) {
        if (!add(name, "busy")) return fail(why);
    }
    for (const auto& [href, entry] : chosen) {
        const auto kept = caller.call("POST", "/v1/calendars", entry);
        if (!kept.good()) return fail(kept.problem());
        std::printf(
            "%s: %s%s%s\n",
            text_of(kept.body, "name").c_str(),
            kept.body.value("mirror", false) ? "gets the appointments" : "",
            kept.body.value("mirror", false) && kept.body.value("busy", false) ? ", " : "",
            kept.body.value("busy", false) ? "blocks time" : ""
        );
    }
    return kDone;
}

}  // namespace

int command_connect(const std::string& directory, const ConnectOptions& options) {
    if (options.staff.empty() && (!options.mirror.empty() || !options.busy.empty()))
        return fail("Say whose calendars these are: --staff ID.", kUsage);
    const auto password = password_of(options);
    if (!password) return fail(password.error().detail);
    return with_gateway(directory, [&](Caller& caller) {
        const auto signed_in = caller.call(
            "POST", "/v1/accounts", {{"url", options.url}, {"user", options.user}, {"password", *password}}
        );
        if (!signed_in.good()) return fail(signed_in.problem());
        const Json& calendars = signed_in.body["calendars"];
        if (options.mirror.empty() && options.busy.empty()) {
            print_found(calendars);
            std::printf("\nNothing is used yet. Choose with --staff ID --mirror CALENDAR and --busy CALENDAR.\n");
            return kDone;
        }
        if (!options.create_staff.empty() && caller.call("GET", "/v1/staff/" + options.staff).status == 404) {
            const auto made = caller.call(
                "PUT", "/v1/staff/" + options.staff, {{"name", options.create_staff}, {"zone", options.zone}}
            );
            if (!made.good()) return fail(made.problem());
        }
        return choose(caller, options, text_of(signed_in.body, "id"), calendars);
    });
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

}  // namespace calgate
