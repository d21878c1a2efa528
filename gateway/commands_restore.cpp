#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "gateway/api_json.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/find_calendar.hpp"
#include "gateway/gateway.hpp"
#include "scheduler/listing.hpp"
#include "scheduler/restore.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostDaysShown = 31;

/// A target as it was found, and what is to be restored from it.
struct Source : FoundCalendar {
    RestorePlan plan{};
};

std::string day_text(const std::string& day) {
    return day.size() == 8 ? day.substr(0, 4) + "-" + day.substr(4, 2) + "-" + day.substr(6) : day;
}

void print_plan(const Source& source) {
    const RestorePlan& plan = source.plan;
    std::printf("%s\n    %s\n", source.label().c_str(), plan.sentence.c_str());
    if (!plan.possible()) return;
    if (plan.manifest)
        std::printf(
            "    %s, %s; the marker was written at %s\n",
            plan.business.name.c_str(),
            plan.business.zone.c_str(),
            format_instant(plan.manifest->written).c_str()
        );
    const auto edited =
        std::count_if(plan.copies.begin(), plan.copies.end(), [](const RestoredCopy& copy) { return copy.edited; });
    std::printf(
        "    %zu appointments, %zu people, %zu services; %lld copies were edited in the calendar\n",
        plan.copies.size(),
        plan.staff.size(),
        plan.services.size(),
        static_cast<long long>(edited)
    );
    for (std::size_t i = 0; i < plan.gaps.size() && i < kMostDaysShown; ++i) {
        const DayGap& gap = plan.gaps[i];
        if (gap.found < gap.wanted)
            std::printf("    %s: %d of %d are here\n", day_text(gap.day).c_str(), gap.found, gap.wanted);
        else
            std::printf("    %s: changed after the marker was written\n", day_text(gap.day).c_str());
    }
    if (plan.gaps.size() > kMostDaysShown) std::printf("    and %zu more days\n", plan.gaps.size() - kMostDaysShown);
    if (!plan.damaged.empty()) std::printf("    %zu copies are damaged and were not read\n", plan.damaged.size());
    if (plan.foreign > 0 || !plan.duplicates.empty())
        std::printf(
            "    %d other events and %zu duplicates made by people stay as they are\n",
            plan.foreign,
            plan.duplicates.size()
        );
}

Json json_of(const Source& source) {
    static const char* const kNames[] = {
        "complete",
        "differs",
        "short",
        "half_erased",
        "no_marker",
        "empty",
        "foreign",
        "wrong_key",
        "other_mark_key",
        "other_business",
        "older_epoch"};
    const RestorePlan& plan = source.plan;
    Json gaps = Json::array();
    for (const DayGap& gap : plan.gaps)
        gaps.push_back({{"day", day_text(gap.day)}, {"wanted", gap.wanted}, {"found", gap.found}});
    return {
        {"target", source.row.name},
        {"calendar", source.row.id.value},
        {"server", source.account.url},
        {"user", source.account.user},
        {"finding", kNames[static_cast<std::size_t>(plan.finding)]},
        {"sentence", plan.sentence},
        {"appointments", plan.copies.size()},
        {"missing", plan.missing},
        {"days", gaps},
        {"damaged", plan.damaged.size()},
        {"duplicates", plan.duplicates.size()},
        {"foreign", plan.foreign}};
}

/// Targets that the markers name and that nobody asked for.
void print_others(const std::vector<Source>& sources) {
    std::vector<NamedTarget> others;
    for (const Source& source : sources) {
        if (!source.plan.manifest) continue;
        for (const NamedTarget& target : source.plan.manifest->targets) {
            const bool asked = std::any_of(sources.begin(), sources.end(), [&](const Source& s) {
                return s.row.name == target.name && s.account.user == target.user;
            });
            if (!asked && std::find(others.begin(), others.end(), target) == others.end()) others.push_back(target);
        }
    }
    if (others.empty()) return;
    std::printf(
        "Other calendars of this business; restore them too before you serve, so that their copies are adopted:\n"
    );
    for (const NamedTarget& target : others)
        std::printf(
            "    %s of %s (%s, %s %s)\n",
            target.name.c_str(),
            target.staff.value.c_str(),
            target.kind.c_str(),
            target.user.c_str(),
            target.url.c_str()
        );
}

/// A target that another one has outlived.
void mark_older(std::vector<Source>& sources) {
    for (Source& source : sources) {
        for (const Source& other : sources) {
            if (!other.plan.manifest) continue;
            const auto& earlier = other.plan.manifest->earlier_epochs;
            if (std::find(earlier.begin(), earlier.end(), source.plan.business.epoch) == earlier.end()) continue;
            source.plan.finding = RestoreFinding::OlderEpoch;
            source.plan.sentence = "This calendar was left behind by an earlier life of the business; " +
                                   other.label() + " is newer. Leave this one out.";
        }
    }
}

Status read_sources(Gateway& gateway, const RestoreOptions& options, const std::string& key, std::vector<Source>& out) {
    RestoreRequest request;
    {
        auto asked = read(*gateway.store, [&](const Reader& r) { return restore_request(r, key); });
        if (!asked) return asked.error();
        request = std::move(*asked);
    }
    if (!options.show.empty()) request.detail = copy_detail_from(options.show);
    for (const std::string& wanted : options.from) {
        CALGATE_TRY(FoundCalendar found, find_calendar(gateway, wanted));
        Source source{std::move(found), {}};
        const ListingOptions listing = patient_listing("events read:");
        CALGATE_TRY(const auto listed, list_calendar(*source.connector, gateway.clock, source.row.href, listing));
        if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\n");
        source.plan = plan_restore(listed, request, gateway.zones);
        if (source.plan.possible()) request = source.plan.next(request);
        out.push_back(std::move(source));
    }
    mark_older(out);
    return {};
}

int apply_plans(Gateway& gateway, const std::vector<Source>& sources, bool json) {
    int code = kDone;
    if (const auto kept = save_restored_keys(gateway.directory, sources.front().plan.keys); !kept)
        return fail(kept.error().detail);
    const RestoreParts parts{*gateway.store, gateway.zones, gateway.clock, gateway.random};
    for (const Source& source : sources) {
        const RestoreReport done = fill_store(parts, source.plan, source.row, [](std::size_t copies) {
            show_progress("copies restored:", copies);
            return true;
        });
        if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\n");
        if (json) {
            std::printf(
                "%s\n",
                Json{
                    {"calendar", source.row.id.value},
                    {"created", done.created},
                    {"changed", done.changed},
                    {"kept", done.kept},
                    {"adopted", done.adopted},
                    {"edited", done.edited},
                    {"refused", done.refused}}
                    .dump()
                    .c_str()
            );
        } else {
            std::printf(
                "%s: %d appointments restored, %d brought up to date, %d were there; %d copies adopted\n",
                source.row.name.c_str(),
                done.created,
                done.changed,
                done.kept,
                done.adopted
            );
            for (const std::string& sentence : done.refused) std::printf("    %s\n", sentence.c_str());
        }
        if (!done.refused.empty() || source.plan.missing > 0) code = kWaits;
    }
    return code;
}

}  // namespace

int command_restore(const std::string& directory, const RestoreOptions& options) {
    auto opened = Gateway::open(directory);
    if (!opened) return fail(opened.error().detail);
    Gateway& gateway = **opened;
    std::string key = gateway.keys.recovery_key;
    if (!options.recovery_key_file.empty()) {
        auto given = read_recovery_key(options.recovery_key_file);
        if (!given) return fail(given.error().detail);
        key = std::move(*given);
    }
    std::vector<Source> sources;
    if (const auto done = read_sources(gateway, options, key, sources); !done) return fail(done.error().detail);
    bool possible = true, safe = true;
    for (const Source& source : sources) {
        if (options.json)
            std::printf("%s\n", json_of(source).dump().c_str());
        else
            print_plan(source);
        possible = possible && source.plan.possible();
        safe = safe && source.plan.safe();
    }
    if (!options.json) print_others(sources);
    if (!possible) return fail("Nothing was written.");
    if (!safe && !options.accept_missing) return fail("Nothing was written; this waits for your decision.", kWaits);
    if (!options.apply) {
        if (!options.json) std::printf("Nothing was written; add --apply to do it.\n");
        return kDone;
    }
    const int code = apply_plans(gateway, sources, options.json);
    if (!options.json && code != kFailed) std::printf("Next: calgate serve, then calgate verify.\n");
    return code;
}

}  // namespace calgate
