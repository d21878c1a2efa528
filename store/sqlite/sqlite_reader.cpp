#include "store/sqlite/sqlite_reader.hpp"

#include <algorithm>

#include "store/sqlite/answers.hpp"
#include "store/sqlite/audit_rows.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_bookings.hpp"

namespace calgate::sqlite {
namespace {

std::int64_t number(std::size_t limit) { return static_cast<std::int64_t>(limit); }

Instant instant(std::int64_t seconds) { return Instant{std::chrono::seconds{seconds}}; }

/// A number that this version does not know opens as little as possible.
KeyScope scope_of(std::int64_t number) {
    const bool known = number >= 0 && number <= static_cast<std::int64_t>(KeyScope::Admin);
    return known ? static_cast<KeyScope>(number) : KeyScope::Monitor;
}

std::int64_t count(const Statement& statement) { return statement.number(0); }

std::string text(const Statement& statement) { return statement.text(0); }

AppointmentId appointment_id(const Statement& statement) { return {statement.text(0)}; }

std::optional<Version> version(const Statement& statement, int column) {
    return statement.is_null(column) ? std::nullopt : std::optional(Version{statement.text(column)});
}

SealedSecret sealed_secret(const Statement& statement) {
    return {{statement.text(0)}, statement.text(1), statement.number(2), statement.text(3)};
}

ApiKey api_key(const Statement& statement) {
    ApiKey key{statement.text(0), statement.text(1), scope_of(statement.number(2)), instant(statement.number(3)), {}};
    if (!statement.is_null(4)) key.expires = instant(statement.number(4));
    return key;
}

Erasure erasure(const Statement& statement) {
    return {statement.text(0), instant(statement.number(1)), statement.number(2) != 0, unpack_ids(statement.text(3))};
}

CachedEvent cached(const Statement& statement) {
    CachedEvent event = from_row<CachedEvent>(statement.text(0));
    event.busy = unpack(statement.text(1));
    return event;
}

}  // namespace

template <class Base>
std::optional<Business> RowReader<Base>::business() const {
    return first(
        database_.statement("SELECT body FROM singletons WHERE name = 'business'"), known_body<Base>(businesses_)
    );
}
template <class Base>
std::vector<Staff> RowReader<Base>::staff() const {
    return rows<Staff>(database_.statement("SELECT body FROM staff ORDER BY id"));
}
template <class Base>
std::optional<Staff> RowReader<Base>::staff(const StaffId& id) const {
    return first(
        database_.statement("SELECT body FROM staff WHERE id = ?").bind(1, id.value), known_body<Base>(staff_)
    );
}
template <class Base>
std::vector<Service> RowReader<Base>::services() const {
    return rows<Service>(database_.statement("SELECT body FROM services ORDER BY id"));
}
template <class Base>
std::optional<Service> RowReader<Base>::service(const ServiceId& id) const {
    return first(
        database_.statement("SELECT body FROM services WHERE id = ?").bind(1, id.value), known_body<Base>(services_)
    );
}
template <class Base>
std::vector<Account> RowReader<Base>::accounts() const {
    return rows<Account>(database_.statement("SELECT body FROM accounts ORDER BY id"));
}
template <class Base>
std::optional<Account> RowReader<Base>::account(const AccountId& id) const {
    return row<Account>(database_.statement("SELECT body FROM accounts WHERE id = ?").bind(1, id.value));
}
template <class Base>
std::optional<SealedSecret> RowReader<Base>::secret(const AccountId& account, const std::string& name) const {
    Statement& statement =
        database_.statement("SELECT account, name, key, sealed FROM secrets WHERE account = ? AND name = ?");
    return first(statement.bind(1, account.value).bind(2, name), sealed_secret);
}
template <class Base>
std::vector<SealedSecret> RowReader<Base>::secrets_under_other_keys(
    std::int64_t key, const SealedSecret& after, std::size_t limit
) const {
    Statement& statement = database_.statement(
        "SELECT account, name, key, sealed FROM secrets WHERE key <> ? AND (account, name) > (?, ?) "
        "ORDER BY account, name LIMIT ?"
    );
    statement.bind(1, key).bind(2, after.account.value).bind(3, after.name).bind(4, number(limit));
    return all(statement, sealed_secret);
}
template <class Base>
std::vector<Calendar> RowReader<Base>::calendars() const {
    return rows<Calendar>(database_.statement("SELECT body FROM calendars ORDER BY id"));
}
template <class Base>
std::vector<Calendar> RowReader<Base>::calendars_of(const StaffId& staff) const {
    return all(
        database_.statement("SELECT body FROM calendars WHERE json_extract(body, '$.staff') = ? ORDER BY id")
            .bind(1, staff.value),
        known_body<Base>(calendars_)
    );
}
template <class Base>
std::optional<Calendar> RowReader<Base>::calendar(const CalendarId& id) const {
    return row<Calendar>(database_.statement("SELECT body FROM calendars WHERE id = ?").bind(1, id.value));
}
template <class Base>
std::optional<Appointment> RowReader<Base>::appointment(const AppointmentId& id) const {
    return row<Appointment>(database_.statement("SELECT body FROM appointments WHERE id = ?").bind(1, id.value));
}
template <class Base>
std::vector<Appointment> RowReader<Base>::appointments(const AppointmentId& after, std::size_t limit) const {
    return rows<Appointment>(database_.statement("SELECT body FROM appointments WHERE id > ? ORDER BY id LIMIT ?")
                                 .bind(1, after.value)
                                 .bind(2, number(limit)));
}
template <class Base>
std::vector<Appointment> RowReader<Base>::versions(const AppointmentId& id, std::size_t limit) const {
    auto newest_first = rows<Appointment>(
        database_.statement("SELECT body FROM versions WHERE appointment = ? ORDER BY revision DESC LIMIT ?")
            .bind(1, id.value)
            .bind(2, number(limit))
    );
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
}
template <class Base>
std::vector<std::pair<Appointment, Interval>> RowReader<Base>::appointments_of(const StaffId& id, Interval window)
    const {
    Statement& statement = database_.statement(
        "SELECT body, start_s, end_s FROM appointments WHERE staff = ?1 AND live = 1 AND start_s < ?2 AND end_s > ?3 "
        "AND end_s < ?2 + (SELECT longest_s FROM staff WHERE staff.id = ?1) ORDER BY start_s, id"
    );
    statement.bind(1, id.value).bind(2, number(window.end)).bind(3, number(window.start));
    return all(statement, [](const Statement& at) {
        return std::pair(body<Appointment>(at), Interval{instant(at.number(1)), instant(at.number(2))});
    });
}
template <class Base>
std::vector<Appointment> RowReader<Base>::expired_holds(Instant now, std::size_t limit) const {
    return rows<Appointment>(
        database_
            .statement("SELECT body FROM appointments WHERE live = 1 AND json_extract(body, '$.hold_until_s') <= ? "
                       "ORDER BY json_extract(body, '$.hold_until_s'), id LIMIT ?")
            .bind(1, number(now))
            .bind(2, number(limit))
    );
}
template <class Base>
std::optional<Mirror> RowReader<Base>::mirror(const AppointmentId& appointment, const CalendarId& calendar) const {
    return row<Mirror>(database_.statement("SELECT body FROM mirrors WHERE appointment = ? AND calendar = ?")
                           .bind(1, appointment.value)
                           .bind(2, calendar.value));
}
template <class Base>
std::vector<Mirror> RowReader<Base>::mirrors_of(const AppointmentId& id) const {
    return rows<Mirror>(
        database_.statement("SELECT body FROM mirrors WHERE appointment = ? ORDER BY calendar").bind(1, id.value)
    );
}
template <class Base>
std::vector<Mirror> RowReader<Base>::mirrors_on(const CalendarId& id) const {
    return rows<Mirror>(database_
                            .statement("SELECT body FROM mirrors WHERE calendar = ? ORDER BY starts_at_s, appointment")
                            .bind(1, id.value));
}
template <class Base>
std::vector<Mirror> RowReader<Base>::doubted_mirrors(const CalendarId& id) const {
    static const std::string kText =
        std::string("SELECT body FROM mirrors INDEXED BY mirrors_doubted WHERE calendar = ? AND (") + kDoubted +
        ") ORDER BY starts_at_s, appointment";
    return rows<Mirror>(database_.statement(kText).bind(1, id.value));
}
template <class Base>
std::optional<Mirror> RowReader<Base>::mirror_by_href(const CalendarId& calendar, const Href& href) const {
    return row<Mirror>(
        database_.statement("SELECT body FROM mirrors WHERE calendar = ? AND json_extract(body, '$.href') = ?")
            .bind(1, calendar.value)
            .bind(2, href.value)
    );
}
template <class Base>
std::optional<Mirror> RowReader<Base>::mirror_by_uid(const CalendarId& calendar, const Uid& uid) const {
    return row<Mirror>(database_.statement("SELECT body FROM mirrors WHERE calendar = ? AND uid = ?")
                           .bind(1, calendar.value)
                           .bind(2, uid.value));
}
template <class Base>
std::vector<Mirror> RowReader<Base>::open_mirrors(const CalendarId& id, Instant now, std::size_t limit) const {
    Statement& statement = database_.statement(
        "SELECT body FROM mirrors WHERE calendar = ? AND open = 1 AND not_before_s <= ? ORDER BY starts_at_s, "
        "appointment LIMIT ?"
    );
    return rows<Mirror>(statement.bind(1, id.value).bind(2, number(now)).bind(3, number(limit)));
}
template <class Base>
std::int64_t RowReader<Base>::count_open_mirrors(const CalendarId& id) const {
    Statement& statement = database_.statement("SELECT COUNT(*) FROM mirrors WHERE calendar = ? AND open = 1");
    return first(statement.bind(1, id.value), count).value_or(0);
}
template <class Base>
Exposure RowReader<Base>::exposure() const {
    Statement& statement =
        database_.statement("SELECT (SELECT COUNT(*) FROM unmirrored), (SELECT MIN(changed_s) FROM unmirrored)");
    Exposure out;
    statement.step();
    out.appointments = statement.number(0);
    if (out.appointments > 0) out.oldest = instant(statement.number(1));
    statement.reset();
    return out;
}
template <class Base>
std::optional<CachedEvent> RowReader<Base>::cached_event(const CalendarId& calendar, const Href& href) const {
    Statement& statement = database_.statement("SELECT body, busy FROM cached_events WHERE calendar = ? AND href = ?");
    return first(statement.bind(1, calendar.value).bind(2, href.value), cached);
}
template <class Base>
std::vector<CachedEvent> RowReader<Base>::cached_events(const CalendarId& calendar) const {
    Statement& statement = database_.statement("SELECT body, busy FROM cached_events WHERE calendar = ? ORDER BY href");
    return all(statement.bind(1, calendar.value), cached);
}
template <class Base>
std::vector<BusyInterval> RowReader<Base>::busy_time(const CalendarId& calendar) const {
    Statement& statement = database_.statement("SELECT busy FROM cached_events WHERE calendar = ? AND tied = 0");
    statement.bind(1, calendar.value);
    std::vector<BusyInterval> out;
    while (statement.step()) {
        const auto busy = unpack(statement.text(0));
        out.insert(out.end(), busy.begin(), busy.end());
    }
    statement.reset();
    return out;
}
template <class Base>
std::vector<CachedEvent> RowReader<Base>::cached_events_to_expand(Instant horizon, std::size_t limit) const {
    Statement& statement = database_.statement(
        "SELECT body, busy FROM cached_events WHERE again = 1 AND busy_to_s < ? ORDER BY busy_to_s LIMIT ?"
    );
    return all(statement.bind(1, number(horizon)).bind(2, number(limit)), cached);
}
template <class Base>
std::optional<Version> RowReader<Base>::cached_version(const CalendarId& calendar, const Href& href) const {
    Statement& statement = database_.statement("SELECT version FROM cached_events WHERE calendar = ? AND href = ?");
    statement.bind(1, calendar.value).bind(2, href.value);
    return first(statement, [](const Statement& at) { return version(at, 0); }).value_or(std::nullopt);
}
template <class Base>
std::vector<std::pair<Href, std::optional<Version>>> RowReader<Base>::cached_versions(const CalendarId& calendar
) const {
    Statement& statement = database_.statement("SELECT href, version FROM cached_events WHERE calendar = ?");
    statement.bind(1, calendar.value);
    return all(statement, [](const Statement& at) { return std::pair(Href{at.text(0)}, version(at, 1)); });
}
template <class Base>
std::vector<Conflict> RowReader<Base>::conflicts(bool open_only) const {
    return rows<Conflict>(database_.statement("SELECT body FROM conflicts WHERE open >= ? ORDER BY id")
                              .bind(1, std::int64_t{open_only ? 1 : 0}));
}
template <class Base>
std::optional<Conflict> RowReader<Base>::conflict(std::int64_t id) const {
    return row<Conflict>(database_.statement("SELECT body FROM conflicts WHERE id = ?").bind(1, id));
}
template <class Base>
std::vector<Change> RowReader<Base>::changes(std::int64_t after, std::size_t limit) const {
    static const std::string kSql =
        std::string(kFeedColumns) + "WHERE changes.sequence > ? ORDER BY changes.sequence LIMIT ?";
    return read_feed(database_.statement(kSql).bind(1, after).bind(2, number(limit)));
}
template <class Base>
std::vector<Change> RowReader<Base>::changes_about(const std::string& subject, std::size_t limit) const {
    static const std::string kSql =
        std::string(kFeedColumns) + "WHERE changes.subject = ? ORDER BY changes.sequence DESC LIMIT ?";
    auto newest_first = read_feed(database_.statement(kSql).bind(1, subject).bind(2, number(limit)));
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
}
template <class Base>
std::int64_t RowReader<Base>::last_change() const {
    return first(database_.statement("SELECT COALESCE(MAX(sequence), 0) FROM changes"), count).value_or(0);
}
template <class Base>
std::optional<AuditHead> RowReader<Base>::audit_at(std::int64_t sequence) const {
    return sqlite::audit_at(database_, sequence);
}
template <class Base>
AuditCheck RowReader<Base>::check_audit() const {
    return sqlite::check_audit(database_);
}
template <class Base>
std::vector<Erasure> RowReader<Base>::erasures() const {
    return all(
        database_.statement("SELECT customer, at_s, done, waiting FROM erasures ORDER BY at_s, customer"), erasure
    );
}
template <class Base>
std::vector<std::string> RowReader<Base>::customers() const {
    Statement& statement = database_.statement(
        "SELECT json_extract(body, '$.customer') AS customer FROM versions WHERE customer <> '' UNION "
        "SELECT customer FROM booking_links WHERE customer <> ''"
    );
    return all(statement, text);
}
template <class Base>
std::vector<AppointmentId> RowReader<Base>::appointments_naming(const std::string& customer) const {
    return all(
        database_.statement("SELECT DISTINCT appointment FROM versions WHERE json_extract(body, '$.customer') = ?")
            .bind(1, customer),
        appointment_id
    );
}
template <class Base>
std::vector<AppointmentId> RowReader<Base>::named_and_over(Instant before, std::size_t limit) const {
    return all(
        database_
            .statement("SELECT id FROM appointments WHERE end_s < ? AND NOT (json_extract(body, '$.title') = "
                       "'Busy' AND json_extract(body, '$.place') = '' AND json_extract(body, '$.customer') = "
                       "'' AND json_extract(body, '$.notes') = '') ORDER BY end_s LIMIT ?")
            .bind(1, before.time_since_epoch().count())
            .bind(2, number(limit)),
        appointment_id
    );
}
template <class Base>
std::optional<IdempotentAnswer> RowReader<Base>::idempotent_answer(const std::string& key) const {
    return row<IdempotentAnswer>(database_.statement("SELECT body FROM idempotent_answers WHERE key = ?").bind(1, key));
}
template <class Base>
std::vector<ApiKey> RowReader<Base>::api_keys() const {
    return all(
        database_.statement("SELECT hash, label, scope, created_s, expires_s FROM api_keys ORDER BY label, hash"),
        api_key
    );
}
template <class Base>
std::vector<ChannelRecord> RowReader<Base>::push_channels() const {
    return rows<ChannelRecord>(database_.statement("SELECT body FROM push_channels ORDER BY key"));
}
template <class Base>
std::optional<BookingOrigin> RowReader<Base>::booking_origin(const AppointmentId& id) const {
    return read_origin(database_, id);
}
template <class Base>
std::vector<BookingOrigin> RowReader<Base>::booking_origins(const std::string& booking) const {
    return read_origins(database_, booking);
}
template <class Base>
BookingTally RowReader<Base>::booking_tally(const BookingOrigin& origin, Interval day, Instant now) const {
    return read_tally(database_, origin, day, now);
}
template <class Base>
std::optional<BookingLink> RowReader<Base>::booking_link(const std::string& id) const {
    return read_link(database_, id);
}
template <class Base>
std::vector<BookingLink> RowReader<Base>::booking_links(std::size_t limit) const {
    return read_links(database_, limit);
}
template <class Base>
std::optional<CallbackWait> RowReader<Base>::callback_wait(const std::string& subject) const {
    return read_wait(database_, subject);
}
template <class Base>
std::vector<CallbackWait> RowReader<Base>::callback_waits(std::size_t limit) const {
    return read_waits(database_, limit);
}
template <class Base>
std::optional<std::string> RowReader<Base>::setting(const std::string& name) const {
    return first(database_.statement("SELECT value FROM settings WHERE name = ?").bind(1, name), text);
}

template class RowReader<Reader>;
template class RowReader<Writer>;

}  // namespace calgate::sqlite
