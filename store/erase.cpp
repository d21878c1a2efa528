#include "store/erase.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/identity.hpp"

namespace calgate {
namespace {

constexpr std::size_t kEveryRevision = 1'000'000;
constexpr std::size_t kAppointmentsAtOnce = 20;
constexpr const char* kWhy = "The customer was erased.";

std::string setting_of(const AppointmentId& id) { return "erased." + id.value; }

bool may_have_words(const Mirror& mirror, std::int64_t revision) {
    return mirror.confirmed < revision && (mirror.href || mirror.unknown_call);
}

void close_conflicts(Writer& writer, const AppointmentId& id, const std::string& why, Instant now) {
    for (Conflict& conflict : writer.conflicts(false)) {
        if (conflict.appointment != id) continue;
        const bool open = conflict.state == ConflictState::Open;
        conflict.base.reset();
        conflict.ours.reset();
        conflict.theirs.reset();
        conflict.why = why;
        if (open) {
            conflict.state = ConflictState::ResolvedOurs;
            conflict.resolved = now;
        }
        writer.put(conflict);
        writer.erase_words(std::to_string(conflict.id));
        if (open) writer.append({0, now, "conflict.resolved", std::to_string(conflict.id), "gateway", why, 0});
    }
}

/// What copies were known to say is forgotten; each is written anew, with nothing of what stood there.
void forget_copies(Writer& writer, const AppointmentId& id) {
    for (Mirror& mirror : writer.mirrors_of(id)) {
        mirror.base.reset();
        mirror.forget_texts();
        if (mirror.state == MirrorState::Conflict) mirror.state = MirrorState::Active;
        if (mirror.state == MirrorState::Active) mirror.detail.clear();
        mirror.not_before.reset();
        writer.put(mirror);
    }
}

/// Names of customers whom the store still names although they are on the list.
std::vector<std::string> names_left(const Reader& reader, const Erasure& erasure, const std::string& key) {
    std::vector<std::string> names;
    for (std::string& name : reader.customers())
        if (erased_name(name, key) == erasure.customer) names.push_back(std::move(name));
    return names;
}

bool is_meant(const Appointment& a, const std::string& customer, Instant until) {
    return a.customer == customer && a.changed <= until;
}

std::vector<AppointmentId> still_named(const Reader& reader, const std::string& customer, Instant until) {
    std::vector<AppointmentId> ids;
    for (const AppointmentId& id : reader.appointments_naming(customer)) {
        const auto versions = reader.versions(id, kEveryRevision);
        if (std::any_of(versions.begin(), versions.end(), [&](const auto& v) { return is_meant(v, customer, until); }))
            ids.push_back(id);
    }
    return ids;
}

/// Words of texts that shall be found in events of others: who, and the marks of their appointments.
std::vector<ForeignMention> foreign_mentions(const Reader& reader, const std::string& customer) {
    std::vector<std::string> words = {customer};
    for (const AppointmentId& id : reader.appointments_naming(customer))
        words.push_back("." + base64url(id.value) + ".");
    std::vector<ForeignMention> found;
    for (const Calendar& calendar : reader.calendars()) {
        for (const CachedEvent& event : reader.cached_events(calendar.id)) {
            const bool named = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
                return mentions(event.text, word);
            });
            if (named) found.push_back({calendar.id, event.href});
        }
    }
    return found;
}

/// The times that they block stay known.
void forget_foreign_texts(Store& store, const std::string& customer) {
    const auto found = read(store, [&](const Reader& r) { return foreign_mentions(r, customer); });
    if (found.empty()) return;
    store.write([&](Writer& writer) {
        for (const ForeignMention& mention : found) {
            auto event = writer.cached_event(mention.calendar, mention.href);
            if (!event) continue;
            event->text.clear();
            event->trouble.clear();
            writer.put(*event);
        }
    });
}

/// @return targets to wake.
std::set<CalendarId> erase_names(const EraseParts& parts, Erasure& erasure) {
    std::set<CalendarId> targets;
    const auto names = read(parts.store, [&](const Reader& r) { return names_left(r, erasure, parts.recovery_key); });
    for (const std::string& name : names) {
        const auto ids = read(parts.store, [&](const Reader& r) { return still_named(r, name, erasure.at); });
        if (!ids.empty()) forget_foreign_texts(parts.store, name);
        parts.store.write([&](Writer& writer) { writer.erase_booking_links(name, erasure.at); });
        const auto meant = [&](const Appointment& a) { return is_meant(a, name, erasure.at); };
        for (std::size_t from = 0; from < ids.size(); from += kAppointmentsAtOnce) {
            Erasure kept = erasure;
            parts.store.write([&](Writer& writer) {
                kept = erasure;
                const auto end = std::min(from + kAppointmentsAtOnce, ids.size());
                for (auto i = from; i < end; ++i) {
                    erase_words_of(writer, ids[i], meant, parts, kWhy);
                    kept.waiting.push_back(ids[i]);
                    for (const Mirror& mirror : writer.mirrors_of(ids[i])) targets.insert(mirror.calendar);
                }
                writer.put(kept);
            });
            erasure = kept;
        }
    }
    return targets;
}

void finish(const EraseParts& parts, Erasure erasure) {
    parts.store.compact();
    parts.store.write([&](Writer& writer) {
        for (const AppointmentId& id : erasure.waiting) {
            if (erased_revision(writer, id) > 0) writer.put_setting(setting_of(id), "");
        }
        erasure.waiting.clear();
        erasure.done = true;
        writer.put(erasure);
        writer.append({0, parts.clock.now(), "customer.erased", erasure.customer, "gateway", "", 0});
    });
}

}  // namespace

Mentions mentions_of(const Reader& reader, const std::string& customer) {
    Mentions out;
    for (const AppointmentId& id : reader.appointments_naming(customer)) {
        const auto current = reader.appointment(id);
        out.appointments += current && current->customer == customer ? 1 : 0;
        for (const Appointment& version : reader.versions(id, kEveryRevision))
            out.revisions += version.customer == customer ? 1 : 0;
        for (const Conflict& conflict : reader.conflicts(false)) out.conflicts += conflict.appointment == id ? 1 : 0;
        for (const Mirror& mirror : reader.mirrors_of(id)) out.copies += mirror.href ? 1 : 0;
    }
    out.foreign = foreign_mentions(reader, customer);
    return out;
}

std::int64_t erased_revision(const Reader& reader, const AppointmentId& id) {
    return std::strtoll(reader.setting(setting_of(id)).value_or("0").c_str(), nullptr, 10);
}

bool awaits_erasure(const Reader& reader, const Mirror& mirror) {
    return mirror.confirmed < erased_revision(reader, mirror.appointment);
}

std::vector<CopyLeft> copies_left(const Reader& reader, const Erasure& erasure) {
    std::vector<CopyLeft> left;
    for (const AppointmentId& id : erasure.waiting) {
        const std::int64_t revision = erased_revision(reader, id);
        for (const Mirror& mirror : reader.mirrors_of(id))
            if (may_have_words(mirror, revision)) left.push_back({mirror.calendar, id, mirror.detail});
    }
    return left;
}

void begin_erasure(Writer& writer, const std::string& name, Instant now, const std::string& actor) {
    Erasure erasure{name, now, false, {}};
    for (const Erasure& known : writer.erasures())
        if (known.customer == name) erasure.waiting = known.waiting;
    writer.put(erasure);
    writer.append({0, now, "customer.erasure", name, actor, "", 0});
}

bool take_erasures(Writer& writer, const std::vector<Erasure>& list) {
    const auto known = writer.erasures();
    bool news = false;
    for (const Erasure& one : list) {
        const auto here =
            std::find_if(known.begin(), known.end(), [&](const Erasure& k) { return k.customer == one.customer; });
        if (here != known.end() && here->at >= one.at) continue;
        writer.put(Erasure{one.customer, one.at, false, here == known.end() ? one.waiting : here->waiting});
        news = true;
    }
    return news;
}

void await_rewriting(Writer& writer, const std::string& name, const Appointment& appointment) {
    writer.put_setting(setting_of(appointment.id), std::to_string(appointment.revision));
    for (Erasure& erasure : writer.erasures()) {
        if (erasure.customer != name) continue;
        erasure.done = false;
        erasure.waiting.push_back(appointment.id);
        writer.put(erasure);
    }
}

void erase_words_of(
    Writer& writer,
    const AppointmentId& id,
    const std::function<bool(const Appointment&)>& meant,
    const EraseParts& parts,
    const std::string& why
) {
    const Instant now = parts.clock.now();
    const auto current = writer.appointment(id);
    if (!current) return;
    const bool present = meant(*current);
    for (Appointment& version : writer.versions(id, kEveryRevision)) {
        // Of a booking that is theirs now, the whole history is.
        if (!meant(version) && !(present && version.revision < current->revision)) continue;
        make_nameless(version);
        writer.put_version(version);
    }
    if (present) {
        Appointment next = *current;
        make_nameless(next);
        const auto revised = revise_words(writer, next, parts.zones, now, "gateway", why);
        writer.put_setting(setting_of(id), std::to_string(revised.appointment->revision));
        if (parts.answer) writer.replace_answers(id, parts.answer(*revised.appointment));
    } else if (parts.answer) {
        writer.replace_answers(id, parts.answer(*current));
    }
    forget_copies(writer, id);
    close_conflicts(writer, id, why, now);
    writer.erase_words(id.value);
    writer.append({0, now, "appointment.erased", id.value, "gateway", why, writer.appointment(id)->revision});
}

std::vector<CalendarId> go_on_erasing(const EraseParts& parts) {
    std::set<CalendarId> targets;
    for (Erasure& erasure : read(parts.store, [](const Reader& reader) { return reader.erasures(); })) {
        if (erasure.done) continue;
        const auto woken = erase_names(parts, erasure);
        targets.insert(woken.begin(), woken.end());
        const auto left = read(parts.store, [&](const Reader& reader) { return copies_left(reader, erasure); });
        if (left.empty())
            finish(parts, erasure);
        else if (!woken.empty())
            parts.store.compact();
    }
    return {targets.begin(), targets.end()};
}

}  // namespace calgate
