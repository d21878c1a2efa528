#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr const char* kSides[] = {"ours", "theirs", "base"};
constexpr std::size_t kDateLength = 10;  ///< "2026-12-01", then "T" and the time.
constexpr const char* kFields[] = {"start", "end", "title", "place", "notes"};

/// One line for a table; more lines and long ones are cut.
std::string cell(const Json& side, const std::string& field, std::size_t width) {
    if (!side.is_object()) return "-";
    std::string text = text_of(side, field.c_str());
    std::replace(text.begin(), text.end(), '\n', ' ');
    const bool is_time = field == "start" || field == "end";
    if (is_time && text.size() > kDateLength) text[kDateLength] = ' ';
    if (text.size() <= width) return text;
    std::size_t cut = width - 3;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
    return text.substr(0, cut) + "...";
}

void print_sides(const Json& conflict) {
    const bool gone = conflict["theirs"].is_null();
    std::printf("    %-7s %-28s %-28s %s\n", "", "booking system", gone ? "calendar: deleted" : "calendar", "before");
    for (const char* field : kFields) {
        std::string cells[3];
        for (int i = 0; i < 3; ++i) cells[i] = cell(conflict[kSides[i]], field, 27);
        const bool said = std::any_of(cells, cells + 3, [](const auto& c) { return !c.empty() && c != "-"; });
        const bool differs = !gone && cells[0] != cells[1];
        if (said)
            std::printf(
                "  %c %-7s %-28s %-28s %s\n",
                differs ? '*' : ' ',
                field,
                cells[0].c_str(),
                cells[1].c_str(),
                cells[2].c_str()
            );
    }
}

void print_conflict(const Json& c) {
    const bool brake = text_of(c, "kind") == "brake";
    std::printf(
        "%lld  %s  %s\n    %s%s in calendar \"%s\", since %s\n    %s\n",
        static_cast<long long>(c.value("id", 0)),
        text_of(c, "kind").c_str(),
        text_of(c, "appointment").c_str(),
        text_of(c, "staff_name").c_str(),
        brake ? ": a whole run" : "",
        text_of(c, "calendar_name").c_str(),
        text_of(c, "created").c_str(),
        text_of(c, "why").c_str()
    );
    if (!brake) print_sides(c);
}

std::string span_of(const Json& appointment) {
    return text_of(appointment, "start") + " to " + text_of(appointment, "end") + " " + text_of(appointment, "zone");
}

void print_step(const Json& step) {
    std::printf(
        "%5lld  %s  %-24s %s\n",
        static_cast<long long>(step.value("revision", 0)),
        text_of(step, "at").c_str(),
        text_of(step, "actor").c_str(),
        text_of(step, "kind").c_str()
    );
    std::string why = text_of(step, "why");
    if (step["run"].is_number()) why += " (run " + std::to_string(step["run"].get<std::int64_t>()) + ")";
    if (!why.empty()) std::printf("       %s\n", why.c_str());
    for (const auto& [field, values] : step["differences"].items())
        std::printf("       %s: %s -> %s\n", field.c_str(), values[0].dump().c_str(), values[1].dump().c_str());
}

}  // namespace

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
        bool brake = false, other = false;
        for (const Json& c : list) {
            print_conflict(c);
            (text_of(c, "kind") == "brake" ? brake : other) = true;
        }
        if (other)
            std::printf(
                "\nDecide with: calgate conflicts resolve N ours|theirs|merged [--start TIME] [--end TIME] [--title "
                "TEXT]\n"
            );
        if (brake) std::printf("\nA whole run: calgate conflicts approve N, or reject N\n");
        return list.empty() ? kDone : kWaits;
    });
}

int command_resolve(const std::string& directory, const std::string& id, const ResolveOptions& options) {
    return with_gateway(directory, [&](Caller& caller) {
        if (options.of_run) {
            const auto found = caller.call("GET", "/v1/conflicts");
            if (!found.good()) return fail(found.problem());
            const Json& open = found.body["conflicts"];
            const bool run = std::any_of(open.begin(), open.end(), [&](const Json& c) {
                return c["id"].dump() == id && text_of(c, "kind") == "brake";
            });
            if (!run)
                return fail(
                    "No stopped run waits under number " + id +
                    "; calgate conflicts lists them. A single conflict is "
                    "decided with calgate conflicts resolve."
                );
        }
        Json body = {{"resolution", options.resolution}};
        for (const auto& [field, value] : options.fields) body[field] = value;
        const auto done = caller.call("POST", "/v1/conflicts/" + id + "/resolution", body);
        if (!done.good()) return fail(done.problem());
        std::printf("Conflict %s is settled: %s.\n", id.c_str(), options.resolution.c_str());
        return kDone;
    });
}

int command_explain(const std::string& directory, const std::string& appointment, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/appointments/" + appointment + "/history");
        if (!found.good()) return fail(found.problem());
        if (json) {
            std::printf("%s\n", found.body.dump().c_str());
            return kDone;
        }
        const Json& now = found.body["appointment"];
        std::printf(
            "%s  %s  %s\n%s, with %s\n\n",
            text_of(now, "id").c_str(),
            text_of(now, "title").c_str(),
            text_of(now, "state").c_str(),
            span_of(now).c_str(),
            text_of(now, "staff").c_str()
        );
        for (const Json& step : found.body["steps"]) print_step(step);
        std::printf("\n");
        for (const Json& copy : now["mirrors"]) {
            const bool written = copy["wanted"] == copy["confirmed"];
            std::printf(
                "copy in \"%s\": %s%s%s\n",
                text_of(copy, "calendar_name").c_str(),
                text_of(copy, "state").c_str(),
                written ? ", as it should be" : ", still to be written",
                text_of(copy, "detail").empty() ? "" : (": " + text_of(copy, "detail")).c_str()
            );
        }
        for (const Json& conflict : found.body["conflicts"]) {
            std::printf("\nconflict, %s:\n", text_of(conflict, "state").c_str());
            print_conflict(conflict);
        }
        return kDone;
    });
}

int command_list_runs(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/runs");
        if (!found.good()) return fail(found.problem());
        const Json& list = found.body["runs"];
        if (json) {
            std::printf("%s\n", list.dump().c_str());
            return kDone;
        }
        if (list.empty()) std::printf("No run took anything over from a calendar.\n");
        for (const Json& run : list)
            std::printf(
                "%lld  %s  \"%s\"  %s%s\n",
                static_cast<long long>(run.value("run", 0)),
                text_of(run, "at").c_str(),
                text_of(run, "calendar_name").c_str(),
                text_of(run, "why").c_str(),
                run.value("undone", false) ? "  (undone)" : ""
            );
        if (!list.empty()) std::printf("\nTake one back with: calgate undo RUN\n");
        return kDone;
    });
}

int command_take_over(const std::string& directory) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", "/v1/take-over");
        if (!done.good()) return fail(done.problem());
        std::printf("This gateway writes from here on; every other one stops when it reads a calendar next.\n");
        return kDone;
    });
}

int command_undo(const std::string& directory, const std::string& run) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", "/v1/runs/" + run + "/undo");
        if (!done.good()) return fail(done.problem());
        bool all = true;
        for (const Json& one : done.body["appointments"]) {
            const bool undone = one.value("undone", false);
            all = all && undone;
            std::printf(
                "%-24s %s\n",
                text_of(one, "appointment").c_str(),
                !undone                       ? ("left as it is: " + text_of(one, "why")).c_str()
                : text_of(one, "why").empty() ? "as before the run"
                                              : ("as before the run, " + text_of(one, "why")).c_str()
            );
        }
        return all ? kDone : kWaits;
    });
}

}  // namespace calgate
