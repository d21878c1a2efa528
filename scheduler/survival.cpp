#include "core/survival.hpp"

#include <array>
#include <charconv>

#include "core/carrier.hpp"
#include "core/identity.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::array<int, 3> kCapsules{24'000, 8'000, 2'000};  // The longest is what a marker may hold.
constexpr int kMaxNames = 40;

std::string note_setting(const CalendarId& id) { return "probe." + id.value; }
std::string found_setting(const CalendarId& id) { return "probe.found." + id.value; }

/// "generation address", with "?carrier,capsule,since,version" between them while the event waits to be read.
std::string written(const ProbeNote& note) {
    std::string out = std::to_string(note.generation);
    if (note.trial)
        out += " ?" + std::to_string(static_cast<int>(note.trial->carrier)) + "," +
               std::to_string(note.trial->capsule) + "," + format_instant(note.trial->since) + "," +
               (note.trial->receipt ? base64url(note.trial->receipt->value) : "-");
    return out + (note.there ? " " + note.there->value : "");
}

std::optional<ProbeNote::Trial> read_trial(std::string_view text) {
    std::array<std::string, 4> parts;
    for (std::string& part : parts) {
        const std::size_t end = std::min(text.find(','), text.size());
        part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    ProbeNote::Trial out;
    const auto since = parse_instant(parts[2]);
    const auto receipt = parts[3] == "-" ? std::nullopt : from_base64url(parts[3]);
    std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), out.capsule);
    if (!since || (parts[0] != "0" && parts[0] != "1")) return std::nullopt;
    out.carrier = parts[0] == "0" ? Carrier::Properties : Carrier::Notes;
    out.since = *since;
    if (receipt) out.receipt = Version{*receipt};
    return out;
}

ProbeNote read_note(const std::string& text) {
    ProbeNote note;
    auto space = text.find(' ');
    const char* const end = text.data() + std::min(space, text.size());
    std::from_chars(text.data(), end, note.generation);
    if (space != std::string::npos && text.substr(space + 1, 1) == "?") {
        const std::size_t begin = space + 2;
        space = text.find(' ', begin);
        note.trial = read_trial(std::string_view(text).substr(begin, space - begin));
    }
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
    const bool waits = !known && note.trial && note.there;
    if (!waits && !remove_probe(note.generation, note.there)) return false;
    for (const Href& stray : stray_probes_) {
        if (waits && stray == *note.there) continue;
        if (!remove_probe(note.generation, stray)) return false;
        if (waits) note_probe(note);  // Removing another one forgot it.
    }
    if (waits)
        known = try_out(note);
    else if (!known && note.generation < kMaxNames)
        known = try_out({note.generation + 1, {}, {}});
    if (!known) return !report_.error;
    carrier_ = known->carrier;
    reads_before_writing_ = !known->checks_versions;
    const std::string why = unusable(*known);
    if (!why.empty()) park_calendar(CalendarState::ReadOnly, {ErrorCode::Unsupported, why, {}});
    return why.empty();
}

std::optional<Survival> SyncPass::try_out(ProbeNote note) {
    const auto keep = [&](const std::string& found) {
        parts_.store.write([&](Writer& writer) { writer.put_setting(found_setting(id_), found); });
    };
    std::optional<Survival> best;
    if (note.trial)
        best = read_survival(read(parts_.store, [&](const Reader& r) {
            return r.setting(found_setting(id_)).value_or("");
        }));
    else
        keep("");
    int generation = note.generation;
    bool left = false;
    for (const Carrier carrier : {Carrier::Properties, Carrier::Notes}) {
        for (const int size : kCapsules) {
            const bool goes_on = note.trial && note.trial->carrier == carrier && note.trial->capsule == size;
            if (note.trial && !goes_on) continue;
            const auto found = goes_on ? read_probe(note) : try_one(generation, carrier, size);
            ++generation;
            note.trial.reset();
            if (!found) return std::nullopt;
            if (!found->taken) continue;  // Too long, perhaps.
            const bool better = !best || best->carrier == Carrier::None || found->kept.capsule > 0;
            if (better) best = found->kept;
            left = found->left;
            keep(write_survival(*best));
            if (found->kept.capsule > 0 || found->kept.carrier == Carrier::None) break;
        }
        if (best && best->capsule > 0) break;
    }
    if (!best) return std::nullopt;  // A calendar that takes no event of that day; nothing is known.
    if (!left) best->reuse = name_reuse(generation - 1);
    parts_.store.write([&](Writer& writer) {
        writer.put_setting(survival_setting(id_), write_survival(*best));
        writer.put_setting(found_setting(id_), "");
        writer.append({0, parts_.clock.now(), "calendar.probed", id_.value, "gateway", described(*best), 0});
    });
    return left ? std::nullopt : best;  // The next run removes it first.
}

std::optional<SyncPass::Tried> SyncPass::try_one(int generation, Carrier carrier, int capsule) {
    note_probe(generation, Href{});
    Event event = survival_probe(business_, id_, generation, capsule, parts_.keys);
    if (carrier == Carrier::Notes) carry_in_notes(event);
    const auto receipt = connector_.create_event(context(), calendar_.href, event);
    if (!receipt) {
        if (probe_failed(receipt.error())) return std::nullopt;
        note_probe(generation, {});
        return Tried{};
    }
    answered_ = true;
    const ProbeNote note{
        generation, receipt->href, ProbeNote::Trial{carrier, capsule, parts_.clock.now(), receipt->version}};
    note_probe(note);
    return read_probe(note);
}

std::optional<SyncPass::Tried> SyncPass::read_probe(const ProbeNote& note) {
    const ProbeNote::Trial& trial = *note.trial;
    const auto read = connector_.fetch_event(context(), *note.there);
    if (!read) {
        const Instant now = parts_.clock.now();
        const bool may_lag = trial.since <= now && now - trial.since < settings_.consistency_window;
        probe_failed(read.error());
        // What reads do not show yet is read again by the next run (F11); later it is another's turn.
        if (read.error().code == ErrorCode::NotFound && !may_lag) note_probe(note.generation, note.there);
        return std::nullopt;
    }
    const Event wanted = survival_probe(business_, id_, note.generation, trial.capsule, parts_.keys);
    Tried found{true, {}};
    if (!read->unreadable) found.kept = survived(wanted, trial.carrier, *read, trial.receipt);
    // Where a capsule comes back this trial is the last one.
    if (found.kept.capsule > 0) found.kept.checks_versions = checks_versions(*read);
    note_probe(note.generation, note.there);
    found.left = !remove_probe(note.generation, *note.there);
    return found.left && found.kept.capsule == 0 ? std::nullopt : std::optional(found);
}

bool SyncPass::checks_versions(const RemoteEvent& probe) {
    if (!probe.version) return true;
    Event changed = probe.event;
    changed.master.place = "calgate";
    const auto first = connector_.update_event(context(), probe.href, *probe.version, changed);
    if (!first || (first->version && *first->version == *probe.version)) return true;
    changed.master.place.clear();
    return !connector_.update_event(context(), probe.href, *probe.version, changed);
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

void SyncPass::note_probe(int generation, const std::optional<Href>& there) { note_probe({generation, there, {}}); }

void SyncPass::note_probe(const ProbeNote& note) {
    parts_.store.write([&](Writer& writer) { writer.put_setting(note_setting(id_), written(note)); });
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
