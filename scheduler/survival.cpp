#include "core/survival.hpp"

#include <array>
#include <charconv>

#include "core/carrier.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::array<int, 3> kCapsules{24'000, 8'000, 2'000};  // The longest is what a marker may hold.
constexpr int kMaxNames = 40;

/// How far the finding out came, kept so that a run that died leaves nothing behind.
struct ProbeNote {
    int generation = 0;           ///< Of the last name used; 0: none yet.
    std::optional<Href> there{};  ///< An event of that name may be there; empty when only its name is known.
};

std::string note_setting(const CalendarId& id) { return "probe." + id.value; }

std::string written(const ProbeNote& note) {
    return std::to_string(note.generation) + (note.there ? " " + note.there->value : "");
}

ProbeNote read_note(const std::string& text) {
    ProbeNote note;
    const auto space = text.find(' ');
    const char* const end = text.data() + std::min(space, text.size());
    std::from_chars(text.data(), end, note.generation);
    if (space != std::string::npos) note.there = Href{text.substr(space + 1)};
    return note;
}

}  // namespace

std::string survival_setting(const CalendarId& id) { return "survival." + id.value; }

bool SyncPass::learn_survival() {
    if (!settings_.survival_probe || !calendar_.mirror) return true;
    ProbeNote note;
    std::optional<Survival> known;
    parts_.store.read([&](const Reader& reader) {
        note = read_note(reader.setting(note_setting(id_)).value_or(""));
        known = read_survival(reader.setting(survival_setting(id_)).value_or(""));
    });
    if (!remove_probe(note.generation, note.there)) return false;
    for (const Href& stray : stray_probes_) {
        if (!remove_probe(note.generation, stray)) return false;
    }
    if (!known && note.generation < kMaxNames) known = try_out(note.generation + 1);
    if (!known) return !report_.error;
    carrier_ = known->carrier;
    const std::string why = unusable(*known);
    if (!why.empty()) park_calendar(CalendarState::ReadOnly, {ErrorCode::Unsupported, why, {}});
    return why.empty();
}

std::optional<Survival> SyncPass::try_out(int generation) {
    std::optional<Survival> best;
    for (const Carrier carrier : {Carrier::Properties, Carrier::Notes}) {
        for (const int size : kCapsules) {
            const auto found = try_one(generation++, carrier, size);
            if (!found) return std::nullopt;
            if (!found->taken) continue;  // Too long, perhaps.
            const bool better = !best || best->carrier == Carrier::None || found->kept.capsule > 0;
            if (better) best = found->kept;
            if (found->kept.capsule > 0 || found->kept.carrier == Carrier::None) break;
        }
        if (best && best->capsule > 0) break;
    }
    if (!best) return std::nullopt;  // A calendar that takes no event of that day; nothing is known.
    best->reuse = name_reuse(generation - 1);
    parts_.store.write([&](Writer& writer) {
        writer.put_setting(survival_setting(id_), write_survival(*best));
        writer.append({0, parts_.clock.now(), "calendar.probed", id_.value, "gateway", described(*best), 0});
    });
    return best;
}

std::optional<SyncPass::Tried> SyncPass::try_one(int generation, Carrier carrier, int capsule) {
    note_probe(generation, Href{});
    const Event wanted = survival_probe(business_, id_, generation, capsule, parts_.keys);
    Event event = wanted;
    if (carrier == Carrier::Notes) carry_in_notes(event);
    const auto receipt = connector_.create_event(context(), calendar_.href, event);
    if (!receipt) {
        if (probe_failed(receipt.error())) return std::nullopt;
        note_probe(generation, {});
        return Tried{};
    }
    answered_ = true;
    note_probe(generation, receipt->href);
    const auto read = connector_.fetch_event(context(), receipt->href);
    if (!read) {
        probe_failed(read.error());  // Reads may lag (F11); the next run removes it and tries again.
        return std::nullopt;
    }
    Tried found{true, {}};
    if (!read->unreadable) found.kept = survived(wanted, carrier, *read, receipt->version);
    if (!remove_probe(generation, receipt->href)) return std::nullopt;
    return found;
}

Event SyncPass::as_carried(Event event) const {
    if (carrier_ == Carrier::Notes) carry_in_notes(event);
    return event;
}

NameReuse SyncPass::name_reuse(int generation) {
    note_probe(generation, Href{});
    const Event event = survival_probe(business_, id_, generation, 0, parts_.keys);
    const auto again = connector_.create_event(context(), calendar_.href, event);
    if (again) {
        note_probe(generation, again->href);
        return remove_probe(generation, again->href) ? NameReuse::Yes : NameReuse::Unknown;
    }
    if (again.error().code != ErrorCode::AlreadyExists) return NameReuse::Unknown;  // The next run looks for it.
    note_probe(generation, {});
    return NameReuse::No;
}

bool SyncPass::remove_probe(int generation, const std::optional<Href>& there) {
    if (!there) return true;
    const Uid name = survival_probe(business_, id_, generation, 0, parts_.keys).uid;
    auto event = there->value.empty() ? connector_.find_event(context(), calendar_.href, name)
                                      : connector_.fetch_event(context(), *there);
    if (event && (event->unreadable || !is_survival_probe(event->event, business_, id_, generation, parts_.keys))) {
        note_probe(generation, {});  // Whoever lies there now is not ours (I8).
        return true;
    }
    if (!event && event.error().code != ErrorCode::NotFound) return !probe_failed(event.error());
    if (event) {
        if (!event->version) {
            fail({ErrorCode::InvalidResponse, "The service gave the probe no version.", {}});
            return false;
        }
        const auto deleted = connector_.delete_event(context(), event->href, *event->version);
        if (!deleted && deleted.error().code != ErrorCode::NotFound) return !probe_failed(deleted.error());
    }
    note_probe(generation, {});
    return true;
}

void SyncPass::note_probe(int generation, const std::optional<Href>& there) {
    parts_.store.write([&](Writer& writer) { writer.put_setting(note_setting(id_), written({generation, there})); });
}

bool SyncPass::is_probe(const Reader& reader, const RemoteEvent& remote) const {
    if (remote.unreadable) return false;
    const int generation = read_note(reader.setting(note_setting(id_)).value_or("")).generation;
    return is_survival_probe(remote.event, business_, id_, generation, parts_.keys);
}

bool SyncPass::probe_failed(const Error& error) {
    const Advice what = advice(error);
    answered_ = answered_ || (!what.counts_as_outage && what.action != Action::Drop);
    switch (what.action) {
        case Action::ParkItem:
            return false;
        case Action::PauseAccount:
            pause_account(error);
            return true;
        case Action::ParkCalendar:
            park_calendar(CalendarState::ReadOnly, error);
            return true;
        case Action::RetryLater:
        case Action::Rediscover:
        case Action::FetchAndReconcile:
        case Action::ListEverything:
        case Action::Drop:
            break;
    }
    fail(error);
    return true;
}

}  // namespace calgate
