#include "tests/scheduler/map_store.hpp"

#include <algorithm>
#include <set>

namespace calgate::testing {
namespace {

template <class Map, class Key>
auto find(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
}

template <class Map>
auto values(const Map& map) {
    std::vector<typename Map::mapped_type> out;
    out.reserve(map.size());
    for (const auto& [key, value] : map) out.push_back(value);
    return out;
}

class View final : public Writer {
public:
    explicit View(Rows& rows) : rows_(rows) {}
    std::optional<Business> business() const override { return rows_.business; }
    std::vector<Staff> staff() const override { return values(*rows_.staff); }
    std::optional<Staff> staff(const StaffId& id) const override { return find(*rows_.staff, id); }
    std::vector<Service> services() const override { return values(*rows_.services); }
    std::optional<Service> service(const ServiceId& id) const override { return find(*rows_.services, id); }
    std::vector<Account> accounts() const override { return values(*rows_.accounts); }
    std::optional<Account> account(const AccountId& id) const override { return find(*rows_.accounts, id); }
    std::optional<SealedSecret> secret(const AccountId& id, const std::string& name) const override {
        return find(*rows_.secrets, std::pair(id, name));
    }
    std::vector<SealedSecret> secrets_under_other_keys(std::int64_t key, const SealedSecret& after, std::size_t limit)
        const override {
        std::vector<SealedSecret> out;
        for (const auto& [place, secret] : *rows_.secrets) {
            if (secret.key != key && place > std::pair(after.account, after.name) && out.size() < limit)
                out.push_back(secret);
        }
        return out;
    }
    std::vector<Calendar> calendars() const override { return values(*rows_.calendars); }
    std::vector<Calendar> calendars_of(const StaffId& staff) const override {
        auto out = calendars();
        std::erase_if(out, [&](const Calendar& calendar) { return calendar.staff != staff; });
        return out;
    }
    std::optional<Calendar> calendar(const CalendarId& id) const override { return find(*rows_.calendars, id); }
    std::optional<Appointment> appointment(const AppointmentId& id) const override {
        const auto found = find(*rows_.appointments, id);
        return found ? std::optional(found->first) : std::nullopt;
    }
    std::vector<Appointment> appointments(const AppointmentId& after, std::size_t limit) const override {
        std::vector<Appointment> out;
        for (const auto& [id, row] : *rows_.appointments) {
            if (id > after && out.size() < limit) out.push_back(row.first);
        }
        return out;
    }
    std::vector<Appointment> versions(const AppointmentId& id, std::size_t limit) const override {
        std::vector<Appointment> out;
        for (const auto& [key, version] : *rows_.versions) {
            if (key.first == id) out.push_back(version);
        }
        if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
        return out;
    }
    std::vector<Appointment> expired_holds(Instant now, std::size_t limit) const override {
        std::vector<Appointment> ended;
        for (const auto& [id, row] : *rows_.appointments) {
            const Appointment& held = row.first;
            if (held.state == AppointmentState::Held && held.hold_until && *held.hold_until <= now)
                ended.push_back(held);
        }
        std::sort(ended.begin(), ended.end(), [](const Appointment& a, const Appointment& b) {
            return std::tie(*a.hold_until, a.id) < std::tie(*b.hold_until, b.id);
        });
        if (ended.size() > limit) ended.resize(limit);
        return ended;
    }
    std::vector<std::pair<Appointment, Interval>> appointments_of(const StaffId& staff, Interval window)
        const override {
        std::vector<std::pair<Appointment, Interval>> out;
        for (const auto& [id, row] : *rows_.appointments) {
            const bool live = row.first.state != AppointmentState::Cancelled;
            if (live && row.first.staff == staff && row.second.start < window.end && window.start < row.second.end)
                out.push_back(row);
        }
        return out;
    }
    std::optional<Mirror> mirror(const AppointmentId& id, const CalendarId& calendar) const override {
        return find(*rows_.mirrors, std::pair(calendar, id));
    }
    std::vector<Mirror> mirrors_of(const AppointmentId& id) const override {
        return mirrors([&](const Mirror& m) { return m.appointment == id; });
    }
    std::vector<Mirror> mirrors_on(const CalendarId& id) const override {
        return mirrors([&](const Mirror& m) { return m.calendar == id; });
    }
    std::vector<Mirror> doubted_mirrors(const CalendarId& id) const override {
        return mirrors([&](const Mirror& m) { return m.calendar == id && doubted(m); });
    }
    std::optional<Mirror> mirror_by_href(const CalendarId& id, const Href& href) const override {
        const auto found = mirrors([&](const Mirror& m) { return m.calendar == id && m.href == href; });
        return found.empty() ? std::nullopt : std::optional(found.front());
    }
    std::optional<Mirror> mirror_by_uid(const CalendarId& id, const Uid& uid) const override {
        const auto found = mirrors([&](const Mirror& m) { return m.calendar == id && m.uid == uid; });
        return found.empty() ? std::nullopt : std::optional(found.front());
    }
    std::vector<Mirror> open_mirrors(const CalendarId& id, Instant now, std::size_t limit) const override {
        auto out = mirrors([&](const Mirror& m) {
            return m.calendar == id && m.open() && (!m.not_before || *m.not_before <= now);
        });
        std::sort(out.begin(), out.end(), [](const Mirror& a, const Mirror& b) {
            return std::tie(a.starts_at, a.appointment) < std::tie(b.starts_at, b.appointment);
        });
        if (out.size() > limit) out.resize(limit);
        return out;
    }
    std::int64_t count_open_mirrors(const CalendarId& id) const override {
        return static_cast<std::int64_t>(mirrors([&](const Mirror& m) { return m.calendar == id && m.open(); }).size());
    }
    Exposure exposure() const override {
        Exposure out;
        for (const auto& [id, row] : *rows_.appointments) {
            bool waits = false, held = false;
            for (const Mirror& copy : mirrors_of(id)) {
                const auto target = calendar(copy.calendar);
                waits = waits || (copy.open() && target && target->mirror);
                held = held || copy.confirmed >= row.first.revision;
            }
            if (!waits || held) continue;
            ++out.appointments;
            out.oldest = out.oldest ? std::min(*out.oldest, row.first.changed) : row.first.changed;
        }
        return out;
    }
    std::optional<CachedEvent> cached_event(const CalendarId& id, const Href& href) const override {
        return find(*rows_.cached, std::pair(id, href));
    }
    std::optional<Version> cached_version(const CalendarId& id, const Href& href) const override {
        const auto found = cached_event(id, href);
        return found ? found->version : std::nullopt;
    }
    std::vector<BusyInterval> busy_time(const CalendarId& id) const override {
        std::vector<BusyInterval> out;
        for (const auto& event : cached_events(id))
            if (!event.appointment) out.insert(out.end(), event.busy.begin(), event.busy.end());
        return out;
    }
    std::vector<CachedEvent> cached_events(const CalendarId& id) const override {
        std::vector<CachedEvent> out;
        for (const auto& [key, event] : *rows_.cached) {
            if (key.first == id) out.push_back(event);
        }
        return out;
    }
    std::vector<CachedEvent> cached_events_to_expand(Instant horizon, std::size_t limit) const override {
        std::vector<CachedEvent> out;
        for (const auto& [key, event] : *rows_.cached) {
            if (event.recurring && event.busy_to < horizon && out.size() < limit) out.push_back(event);
        }
        return out;
    }
    std::vector<std::pair<Href, std::optional<Version>>> cached_versions(const CalendarId& id) const override {
        std::vector<std::pair<Href, std::optional<Version>>> out;
        for (const auto& event : cached_events(id)) out.emplace_back(event.href, event.version);
        return out;
    }
    std::vector<Conflict> conflicts(bool open_only) const override {
        auto out = values(*rows_.conflicts);
        if (open_only) std::erase_if(out, [](const Conflict& c) { return c.state != ConflictState::Open; });
        return out;
    }
    std::optional<Conflict> conflict(std::int64_t id) const override { return find(*rows_.conflicts, id); }
    std::vector<Change> changes(std::int64_t after, std::size_t limit) const override {
        // Entry n has the sequence n.
        const auto& all = *rows_.changes;
        const auto from = std::min(static_cast<std::size_t>(std::max<std::int64_t>(after, 0)), all.size());
        const auto to = from + std::min(limit, all.size() - from);
        const auto at = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
        return {at(from), at(to)};
    }
    std::vector<Change> changes_about(const std::string& subject, std::size_t limit) const override {
        std::vector<Change> out;
        for (const auto& change : *rows_.changes) {
            if (change.subject == subject) out.push_back(change);
        }
        if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
        return out;
    }
    std::int64_t last_change() const override { return static_cast<std::int64_t>(rows_.changes->size()); }
    std::optional<AuditHead> audit_at(std::int64_t sequence) const override {
        if (sequence < 1 || sequence > last_change()) return std::nullopt;
        return AuditHead{sequence, rows_.links->at(static_cast<std::size_t>(sequence - 1))};
    }
    AuditCheck check_audit() const override { return {audit_at(last_change()).value_or(AuditHead{}), 0, {}}; }
    std::vector<Erasure> erasures() const override { return values(*rows_.erasures); }
    std::vector<std::string> customers() const override {
        std::set<std::string> out;
        for (const auto& [key, version] : *rows_.versions) {
            if (!version.customer.empty()) out.insert(version.customer);
        }
        return {out.begin(), out.end()};
    }
    std::vector<AppointmentId> appointments_naming(const std::string& customer) const override {
        std::set<AppointmentId> out;
        for (const auto& [key, version] : *rows_.versions) {
            if (version.customer == customer) out.insert(key.first);
        }
        return {out.begin(), out.end()};
    }
    std::vector<AppointmentId> named_and_over(Instant before, std::size_t limit) const override {
        std::vector<AppointmentId> out;
        for (const auto& [id, row] : *rows_.appointments) {
            if (row.second.end < before && !is_nameless(row.first) && out.size() < limit) out.push_back(id);
        }
        return out;
    }
    std::optional<IdempotentAnswer> idempotent_answer(const std::string&) const override { return std::nullopt; }
    std::vector<ApiKey> api_keys() const override { return {}; }
    std::optional<BookingOrigin> booking_origin(const AppointmentId&) const override { return std::nullopt; }
    std::vector<BookingOrigin> booking_origins(const std::string&) const override { return {}; }
    BookingTally booking_tally(const BookingOrigin&, Interval, Instant) const override { return {}; }
    std::optional<BookingLink> booking_link(const std::string&) const override { return std::nullopt; }
    std::vector<BookingLink> booking_links(std::size_t) const override { return {}; }
    std::optional<CallbackWait> callback_wait(const std::string&) const override { return std::nullopt; }
    std::vector<CallbackWait> callback_waits(std::size_t) const override { return {}; }
    std::vector<ChannelRecord> push_channels() const override { return values(*rows_.channels); }
    std::optional<std::string> setting(const std::string& name) const override { return find(*rows_.settings, name); }

    void put(const Business& row) override { rows_.business = row; }
    void put(const Staff& row) override { rows_.staff.change()[row.id] = row; }
    void put(const Service& row) override { rows_.services.change()[row.id] = row; }
    void put(const Account& row) override { rows_.accounts.change()[row.id] = row; }
    void put(const Calendar& row) override { rows_.calendars.change()[row.id] = row; }
    void erase(const CalendarId& id) override {
        rows_.calendars.change().erase(id);
        std::erase_if(rows_.mirrors.change(), [&](const auto& row) { return row.first.first == id; });
        std::erase_if(rows_.cached.change(), [&](const auto& row) { return row.first.first == id; });
        std::erase_if(rows_.channels.change(), [&](const auto& row) { return row.second.calendar == id; });
    }
    void erase(const AccountId& id) override {
        rows_.accounts.change().erase(id);
        erase_secrets(id);
    }
    void put(const SealedSecret& r) override { rows_.secrets.change()[{r.account, r.name}] = r; }
    void erase_secrets(const AccountId& id) override {
        std::erase_if(rows_.secrets.change(), [&](const auto& row) { return row.first.first == id; });
    }
    void put(const Appointment& row, Interval when) override {
        rows_.appointments.change()[row.id] = {row, when};
        rows_.versions.change()[{row.id, row.revision}] = row;
    }
    void put(const Mirror& row) override { rows_.mirrors.change()[{row.calendar, row.appointment}] = row; }
    void erase_mirror(const AppointmentId& id, const CalendarId& calendar) override {
        rows_.mirrors.change().erase({calendar, id});
    }
    void put(const CachedEvent& row) override { rows_.cached.change()[{row.calendar, row.href}] = row; }
    void erase_cached_event(const CalendarId& id, const Href& href) override {
        rows_.cached.change().erase({id, href});
    }
    std::int64_t add(const Conflict& row) override {
        const auto id = static_cast<std::int64_t>(rows_.conflicts->size()) + 1;
        rows_.conflicts.change()[id] = row;
        rows_.conflicts.change()[id].id = id;
        return id;
    }
    void put(const Conflict& row) override { rows_.conflicts.change()[row.id] = row; }
    std::int64_t append(const Change& row) override {
        rows_.changes.change().push_back(row);
        rows_.changes.change().back().sequence = static_cast<std::int64_t>(rows_.changes->size());
        const std::string before = rows_.links->empty() ? "" : rows_.links->back();
        const std::string record = row.kind + '\n' + row.subject + '\n' + row.why + '\n' + format_instant(row.at);
        rows_.links.change().push_back(std::to_string(std::hash<std::string>{}(before + '\n' + record)));
        return rows_.changes.change().back().sequence;
    }
    void put(const Erasure& row) override { rows_.erasures.change()[row.customer] = row; }
    void put_version(const Appointment& row) override { rows_.versions.change()[{row.id, row.revision}] = row; }
    std::int64_t forget_versions(Instant before) override {
        return static_cast<std::int64_t>(std::erase_if(rows_.versions.change(), [&](const auto& row) {
            const auto current = appointment(row.first.first);
            return current && row.first.second < current->revision && current->changed < before;
        }));
    }
    void erase_words(const std::string& subject) override {
        for (Change& change : rows_.changes.change()) {
            if (change.subject == subject) forget(change);
        }
    }
    std::int64_t forget_words(Instant before) override {
        std::int64_t count = 0;
        for (Change& change : rows_.changes.change()) {
            if (change.at >= before || change.erased) continue;
            forget(change);
            ++count;
        }
        return count;
    }
    void replace_answers(const AppointmentId&, const std::string&) override {}
    void put_idempotent_answer(const std::string&, const IdempotentAnswer&) override {}
    void forget_idempotent_answers(Instant) override {}
    void put(const ApiKey&) override {}
    void erase_api_key(const std::string&) override {}
    void put(const BookingOrigin&) override {}
    void forget_booking_origins(Instant) override {}
    void put(const BookingLink&) override {}
    void forget_booking_links(Instant) override {}
    void erase_booking_links(const std::string&, Instant) override {}
    void put(const CallbackWait&) override {}
    void erase_callback_wait(const std::string&) override {}
    void put(const ChannelRecord& row) override { rows_.channels.change()[row.key] = row; }
    void erase_push_channel(const std::string& key) override { rows_.channels.change().erase(key); }
    void put_setting(const std::string& name, const std::string& value) override {
        rows_.settings.change()[name] = value;
    }

private:
    static void forget(Change& change) {
        change.why.clear();
        std::erase_if(change.fields, [](const FieldChange& field) { return is_personal(field.field); });
        change.erased = true;
    }
    template <class F>
    std::vector<Mirror> mirrors(F&& wanted) const {
        std::vector<Mirror> out;
        for (const auto& [key, mirror] : *rows_.mirrors) {
            if (wanted(mirror)) out.push_back(mirror);
        }
        return out;
    }
    Rows& rows_;
};

}  // namespace

void MapStore::write(const std::function<void(Writer&)>& work) {
    const std::lock_guard writing(writing_);
    auto next = std::make_shared<Rows>(*snapshot());
    View view(*next);
    work(view);
    const std::lock_guard lock(mutex_);
    rows_ = std::move(next);
}

void MapStore::read(const std::function<void(const Reader&)>& work) const {
    const auto rows = snapshot();
    const View view(*rows);
    work(view);
}

std::unique_ptr<Store> MapStore::scratch_copy() const {
    auto copy = std::make_unique<MapStore>();
    copy->rows_ = std::make_shared<Rows>(*snapshot());
    return copy;
}

std::shared_ptr<Rows> MapStore::snapshot() const {
    const std::lock_guard lock(mutex_);
    return rows_;
}

}  // namespace calgate::testing
