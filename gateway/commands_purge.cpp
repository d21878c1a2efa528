#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/find_calendar.hpp"
#include "gateway/gateway.hpp"
#include "gateway/keys.hpp"
#include "scheduler/purge.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

Json purge_json(const FoundCalendar& target, const PurgePlan& plan) {
    return {
        {"calendar", target.row.name},
        {"server", target.account.url},
        {"user", target.account.user},
        {"copies", plan.copies.size()},
        {"markers", plan.markers.size()},
        {"foreign", plan.foreign},
        {"others", plan.others},
        {"duplicates", plan.duplicates},
        {"unreadable", plan.unreadable},
        {"sentence", plan.sentence}};
}

void print_purge(const FoundCalendar& target, const PurgePlan& plan) {
    std::printf("%s\n    %s\n", target.label().c_str(), plan.sentence.c_str());
    std::printf(
        "    These stay: %d events of others, %d marked by another business or key, %d made by people from our copies, "
        "%d that cannot be read\n",
        plan.foreign,
        plan.others,
        plan.duplicates,
        plan.unreadable
    );
}

int purge_now(Gateway& gateway, FoundCalendar& target, const PurgePlan& plan, bool json) {
    const PurgeReport done = carry_out(plan, *target.connector, gateway.clock, patient_listing("copies deleted:"));
    end_progress();
    if (json) {
        std::printf("%s\n", Json{{"deleted", done.deleted}, {"left", done.left}, {"notes", done.notes}}.dump().c_str());
    } else {
        std::printf("%d deleted, %d left\n", done.deleted, done.left);
        for (const std::string& note : done.notes) std::printf("    %s\n", note.c_str());
    }
    if (done.stopped) return fail(done.stopped->detail + " Run it again to go on.");
    return done.left == 0 ? kDone : kWaits;
}

}  // namespace

int command_purge_mirrors(const std::string& directory, const PurgeOptions& options) {
    auto opened = Gateway::open(directory);
    if (!opened) return fail(opened.error().detail);
    Gateway& gateway = **opened;
    PurgeRequest request{gateway.keys.recovery_key, {}};
    if (!options.recovery_key_file.empty()) {
        auto given = read_recovery_key(options.recovery_key_file);
        if (!given) return fail(given.error().detail);
        request.recovery_key = std::move(*given);
    }
    auto target = find_calendar(gateway, options.calendar);
    if (!target) return fail(target.error().detail);
    const bool in_use = read(*gateway.store, [&](const Reader& reader) {
        const auto row = reader.calendar(target->row.id);
        return row && row->mirror;
    });
    if (in_use)
        return fail(
            "This gateway writes to that calendar, and would take what is deleted for cancellations; run calgate "
            "disconnect " +
            target->row.id.value + " --remove-copies instead."
        );
    request.calendars.insert(target->row.id);
    const auto listed =
        list_calendar(*target->connector, gateway.clock, target->row.href, patient_listing("events read:"));
    end_progress();
    if (!listed) return fail(listed.error().detail);
    const PurgePlan plan = plan_purge(*listed, request);
    if (options.json)
        std::printf("%s\n", purge_json(*target, plan).dump().c_str());
    else
        print_purge(*target, plan);
    if (plan.copies.empty() && plan.markers.empty()) return kDone;
    if (!options.apply) {
        if (!options.json) std::printf("Nothing was deleted; add --apply to do it.\n");
        return kDone;
    }
    return purge_now(gateway, *target, plan, options.json);
}

}  // namespace calgate
