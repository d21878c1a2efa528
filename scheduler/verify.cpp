#include "scheduler/verify.hpp"

#include <map>
#include <sstream>

#include "core/reconcile.hpp"
#include "core/survival.hpp"
#include "scheduler/listing.hpp"

namespace calgate {
namespace {

std::string verified_setting(const CalendarId& id) { return "verified." + id.value; }

Result<std::map<Href, RemoteEvent>> list_all(
    const EngineParts& parts,
    const Engine::Settings& settings,
    Connector& connector,
    const Calendar& calendar,
    const std::stop_token& stop
) {
    ListingOptions options;
    options.call_timeout = settings.first_sync_timeout;
    options.stop = stop;
    CALGATE_TRY(auto listed, list_calendar(connector, parts.clock, calendar.href, options));
    std::map<Href, RemoteEvent> out;
    for (auto& event : listed) out.emplace(event.href, std::move(event));
    return out;
}

struct Wanted {
    Business business{};
    Calendar calendar{};
    std::vector<std::pair<Mirror, Appointment>> copies{};
};

CopyFinding judge(
    const Mirror& mirror,
    const Appointment& appointment,
    const RemoteEvent* event,
    const Wanted& wanted,
    const EngineParts& parts
) {
    CopyFinding finding{mirror.calendar, mirror.appointment, mirror.href.value_or(Href{}), CopyVerdict::Same, {}};
    if (!event) {
        finding.verdict = CopyVerdict::Missing;
        finding.why = mirror.open() ? "The copy waits to be written." : "The copy is not listed.";
    } else if (event->unreadable) {
        finding.verdict = CopyVerdict::Unreadable;
        finding.why = *event->unreadable;
    } else {
        const auto mark = read_mark(event->event.mark, parts.keys);
        const bool ours = mark && mark->business == wanted.business.id && mark->appointment == mirror.appointment;
        const CopyDetail detail = wanted.calendar.copy_detail;
        const Shown ours_shown = shown_on(appointment, detail, parts.zones);
        const Shown shows = shown_of(event->event);
        const bool same = same_meaning(unmasked(shows, ours_shown, detail), ours_shown, parts.zones) &&
                          !tells_hidden_words(shows, appointment, detail);
        if (!ours || !same) {
            finding.verdict = CopyVerdict::Different;
            finding.why =
                !ours ? "The copy lost its ownership mark." : "The copy shows something else than the appointment.";
        }
        finding.href = event->href;
    }
    return finding;
}

}  // namespace

VerifyReport verify_target(
    const EngineParts& parts,
    const Engine::Settings& settings,
    Connector& connector,
    const CalendarId& id,
    const std::stop_token& stop
) {
    VerifyReport report;
    report.calendar = id;
    Wanted wanted;
    bool found = false;
    const auto load = [&] {
        wanted.copies.clear();
        parts.store.read([&](const Reader& reader) {
            const auto business = reader.business();
            const auto calendar = reader.calendar(id);
            if (!business || !calendar) return;
            found = true;
            wanted.business = *business;
            wanted.calendar = *calendar;
            for (const auto& mirror : reader.mirrors_on(id)) {
                if (mirror.wanted_gone || mirror.state == MirrorState::Removed) continue;
                if (const auto appointment = reader.appointment(mirror.appointment))
                    wanted.copies.emplace_back(mirror, *appointment);
            }
        });
    };
    load();
    if (!found) {
        report.error = Error{ErrorCode::NotFound, "No such calendar is connected. Connect it first.", {}};
        return report;
    }
    auto listed = list_all(parts, settings, connector, wanted.calendar, stop);
    if (!listed) {
        report.error = listed.error();
        return report;
    }
    load();
    std::map<Uid, const RemoteEvent*> by_uid;
    for (const auto& [href, event] : *listed) {
        if (!event.unreadable) by_uid.emplace(event.event.uid, &event);
    }
    std::map<Href, bool> explained;
    for (const auto& [mirror, appointment] : wanted.copies) {
        const RemoteEvent* event = nullptr;
        if (mirror.href && listed->contains(*mirror.href))
            event = &listed->at(*mirror.href);
        else if (const auto named = by_uid.find(mirror.uid); named != by_uid.end())
            event = named->second;
        if (event) explained[event->href] = true;
        auto finding = judge(mirror, appointment, event, wanted, parts);
        if (finding.verdict == CopyVerdict::Same)
            ++report.same;
        else
            report.findings.push_back(std::move(finding));
    }
    for (const auto& [href, event] : *listed) {
        if (explained.contains(href) || wanted.calendar.marker == href) continue;
        const auto mark = event.unreadable ? std::nullopt : read_mark(event.event.mark, parts.keys);
        if (mark && mark->business == wanted.business.id && mark->appointment.value == "marker") continue;
        if (!event.unreadable && is_survival_probe(event.event, wanted.business, id, 1, parts.keys)) continue;
        if (!mark || mark->business != wanted.business.id) {
            ++report.foreign;
            continue;
        }
        report.findings.push_back(
            {id, mark->appointment, href, CopyVerdict::Extra, "It carries our mark, but no appointment wants it here."}
        );
    }
    return report;
}

std::optional<Verified> last_verified(const Reader& reader, const CalendarId& id) {
    const auto text = reader.setting(verified_setting(id));
    std::istringstream in(text.value_or(""));
    std::int64_t at = 0;
    Verified out;
    if (!(in >> at >> out.same >> out.findings)) return std::nullopt;
    out.at = Instant{std::chrono::seconds{at}};
    return out;
}

void note_verified(Writer& writer, const VerifyReport& report, Instant at) {
    writer.put_setting(
        verified_setting(report.calendar),
        std::to_string(at.time_since_epoch().count()) + " " + std::to_string(report.same) + " " +
            std::to_string(report.findings.size())
    );
}

}  // namespace calgate
