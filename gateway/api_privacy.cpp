#include <map>
#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/erasure_list.hpp"
#include "store/erase.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostCustomer = 1024 * 1024;

std::string calendar_name(const Reader& reader, const CalendarId& id) {
    const auto calendar = reader.calendar(id);
    return calendar ? calendar->name : "";
}

Json waiting_json(const Reader& reader, const Erasure& erasure) {
    struct Target {
        int copies = 0;
        std::string why{};
    };
    std::map<CalendarId, Target> targets;
    for (const CopyLeft& copy : copies_left(reader, erasure)) {
        Target& target = targets[copy.calendar];
        ++target.copies;
        if (!copy.why.empty()) target.why = copy.why;
    }
    Json list = Json::array();
    for (auto& [id, target] : targets) {
        const auto calendar = reader.calendar(id);
        const auto account = calendar ? reader.account(calendar->account) : std::nullopt;
        if (account && account->state == AccountState::NeedsAttention) target.why = account->detail;
        if (calendar && calendar->state != CalendarState::Active) target.why = calendar->detail;
        list.push_back(
            {{"calendar", id.value},
             {"calendar_name", calendar_name(reader, id)},
             {"copies", target.copies},
             {"why", target.why}}
        );
    }
    return list;
}

Json shown(const Reader& reader, const Erasure& erasure) {
    return {
        {"customer", erasure.customer},
        {"at", format_instant(erasure.at)},
        {"done", erasure.done},
        {"waiting", waiting_json(reader, erasure)}};
}

/// What erasing here cannot change, a sentence each.
Json beyond_reach(const Reader& reader) {
    Json list = {
        "Backups of the data directory made before: keep erased.json with them, then it is applied when one is brought "
        "back.",
        "Exports and outage kits that were taken away before: delete them, and take new ones.",
        "What services keep of earlier versions (history, trash, their own backups), and devices that have not synced "
        "since.",
        "The booking system itself, and the same person under another spelling."};
    int left_behind = 0;
    for (const Change& change : reader.changes(0, static_cast<std::size_t>(reader.last_change())))
        left_behind += change.kind == "calendar.disconnected" ? 1 : 0;
    if (left_behind > 0)
        list.push_back(
            "Copies in calendars that were disconnected and kept theirs (" + std::to_string(left_behind) +
            " were disconnected): calgate purge-mirrors removes them."
        );
    return list;
}

}  // namespace

HttpResponse Api::post_erasure(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"customer", "apply"});
    const std::string customer = in.text("customer", kMostCustomer);
    if (customer.empty()) throw InputError("The field \"customer\" is empty; write it as the appointments have it.");
    const bool apply_it = in.flag_or("apply", false);
    const std::string name = erased_name(customer, parts_.keys.recovery_key);
    Json body = read(parts_.store, [&](const Reader& reader) {
        const Mentions found = mentions_of(reader, customer);
        Json foreign = Json::array();
        for (const ForeignMention& event : found.foreign)
            foreign.push_back(
                {{"calendar", event.calendar.value},
                 {"calendar_name", calendar_name(reader, event.calendar)},
                 {"href", event.href.value}}
            );
        return Json{
            {"applied", apply_it},
            {"appointments", found.appointments},
            {"revisions", found.revisions},
            {"conflicts", found.conflicts},
            {"copies", found.copies},
            {"foreign", foreign},
            {"beyond_reach", beyond_reach(reader)}};
    });
    if (apply_it) {
        parts_.store.write([&](Writer& writer) { begin_erasure(writer, name, parts_.clock.now(), who(request)); });
        // On the list before the first word is gone: a backup from now on knows of it.
        if (!parts_.directory.empty()) {
            if (const auto kept = match_erasure_list(parts_.directory, parts_.store); !kept)
                return problem(503, "Service Unavailable", kept.error().detail);
        }
        parts_.engine.wake(go_on_erasing(erase_parts()));
    }
    parts_.store.read([&](const Reader& reader) {
        body["erasure"] = nullptr;
        for (const Erasure& one : reader.erasures())
            if (one.customer == name) body["erasure"] = shown(reader, one);
    });
    return answer(200, body);
}

HttpResponse Api::list_erasures(const HttpRequest&, const PathValues&) {
    return read(parts_.store, [](const Reader& reader) {
        Json list = Json::array();
        for (const Erasure& one : reader.erasures()) list.push_back(shown(reader, one));
        return answer(200, Json{{"erasures", list}, {"beyond_reach", beyond_reach(reader)}});
    });
}

HttpResponse Api::post_erasures_on(const HttpRequest& request, const PathValues& path) {
    parts_.engine.wake(go_on_erasing(erase_parts()));
    return list_erasures(request, path);
}

EraseParts Api::erase_parts() const {
    const auto kept_answer = [](const Appointment& a) {
        const auto mirrors = std::vector<Mirror>{};
        return calgate::shown(a, mirrors).dump();
    };
    return {parts_.store, parts_.zones, parts_.clock, parts_.keys.recovery_key, kept_answer};
}

}  // namespace calgate
