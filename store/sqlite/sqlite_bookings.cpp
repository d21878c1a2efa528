#include "store/sqlite/sqlite_bookings.hpp"

#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_reader.hpp"

/// Who books for himself, and what the booking system was not told of yet.
namespace calgate::sqlite {
namespace {

Instant instant_of(std::int64_t seconds) { return Instant{std::chrono::seconds{seconds}}; }

std::vector<BookingOrigin> origins_of(Statement& statement) {
    std::vector<BookingOrigin> out;
    while (statement.step())
        out.push_back({{statement.text(0)}, statement.text(1), statement.text(2), statement.text(3), statement.text(4)}
        );
    statement.reset();
    return out;
}

std::vector<BookingLink> links_of(Statement& statement) {
    std::vector<BookingLink> out;
    while (statement.step()) {
        BookingLink link;
        link.id = statement.text(0);
        link.customer = statement.text(1);
        link.service = {statement.text(2)};
        link.created = instant_of(statement.number(3));
        link.expires = instant_of(statement.number(4));
        link.single_use = statement.number(5) != 0;
        link.revoked = statement.number(6) != 0;
        if (!statement.is_null(7)) link.used = instant_of(statement.number(7));
        out.push_back(std::move(link));
    }
    statement.reset();
    return out;
}

std::vector<CallbackWait> waits_of(Statement& statement) {
    std::vector<CallbackWait> out;
    while (statement.step())
        out.push_back(
            {statement.text(0),
             statement.number(1),
             static_cast<int>(statement.number(2)),
             instant_of(statement.number(3)),
             instant_of(statement.number(4)),
             statement.number(5) != 0}
        );
    statement.reset();
    return out;
}

template <class T>
std::optional<T> first_of(std::vector<T> found) {
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

int counted(Statement& statement) {
    statement.step();
    const auto count = static_cast<int>(statement.number(0));
    statement.reset();
    return count;
}

}  // namespace

std::optional<BookingOrigin> read_origin(const Database& database, const AppointmentId& id) {
    return first_of(origins_of(
        database
            .statement("SELECT appointment, booking, customer, network, link FROM booking_origins WHERE appointment = ?"
            )
            .bind(1, id.value)
    ));
}
std::vector<BookingOrigin> read_origins(const Database& database, const std::string& booking) {
    if (booking.empty()) return {};
    return origins_of(database
                          .statement("SELECT appointment, booking, customer, network, link FROM booking_origins "
                                     "WHERE booking = ? ORDER BY appointment")
                          .bind(1, booking));
}
BookingTally read_tally(const Database& database, const BookingOrigin& origin, Interval day, Instant now) {
    const auto open_under = [&](const char* condition, const std::string& value) {
        Statement& statement = database.statement(
            std::string("SELECT COUNT(*) FROM booking_origins WHERE ") + condition +
            " = ? AND open_until_s > ? AND appointment <> ?"
        );
        return counted(statement.bind(1, value).bind(2, number(now)).bind(3, origin.appointment.value));
    };
    BookingTally tally;
    if (!origin.customer.empty()) tally.of_customer = open_under("customer", origin.customer);
    if (!origin.network.empty()) tally.of_network = open_under("network", origin.network);
    const int of_link = open_under("link", origin.link);
    (origin.link.empty() ? tally.without_link : tally.of_link) = of_link;
    Statement& on_day = database.statement(
        "SELECT COUNT(*) FROM booking_origins WHERE start_s >= ? AND start_s < ? AND open_until_s > ? AND appointment "
        "<> ?"
    );
    on_day.bind(1, number(day.start)).bind(2, number(day.end)).bind(3, number(now));
    tally.on_day = counted(on_day.bind(4, origin.appointment.value));
    return tally;
}
std::optional<BookingLink> read_link(const Database& database, const std::string& id) {
    return first_of(
        links_of(database
                     .statement("SELECT id, customer, service, created_s, expires_s, single_use, revoked, used_s FROM "
                                "booking_links WHERE id = ?")
                     .bind(1, id))
    );
}
std::vector<BookingLink> read_links(const Database& database, std::size_t limit) {
    return links_of(database
                        .statement("SELECT id, customer, service, created_s, expires_s, single_use, revoked, used_s "
                                   "FROM booking_links ORDER BY created_s DESC, id LIMIT ?")
                        .bind(1, static_cast<std::int64_t>(limit)));
}
std::optional<CallbackWait> read_wait(const Database& database, const std::string& subject) {
    return first_of(waits_of(
        database
            .statement("SELECT subject, from_sequence, attempts, since_s, not_before_s, parked FROM callback_waits "
                       "WHERE subject = ?")
            .bind(1, subject)
    ));
}
std::vector<CallbackWait> read_waits(const Database& database, std::size_t limit) {
    return waits_of(database
                        .statement("SELECT subject, from_sequence, attempts, since_s, not_before_s, parked FROM "
                                   "callback_waits ORDER BY parked, not_before_s, from_sequence LIMIT ?")
                        .bind(1, static_cast<std::int64_t>(limit)));
}

void RowWriter::put(const BookingOrigin& r) {
    Statement& statement = database_.statement(
        "INSERT INTO booking_origins SELECT id, ?2, ?3, ?4, ?5, start_s, end_s, CASE live WHEN 1 THEN "
        "COALESCE(json_extract(body, '$.hold_until_s'), end_s) ELSE 0 END FROM appointments WHERE id = ?1 "
        "ON CONFLICT DO UPDATE SET booking = excluded.booking, customer = excluded.customer, network = "
        "excluded.network, link = excluded.link"
    );
    run(statement.bind(1, r.appointment.value).bind(2, r.booking).bind(3, r.customer).bind(4, r.network).bind(5, r.link)
    );
}
void RowWriter::forget_booking_origins(Instant ended_before) {
    run(database_.statement("DELETE FROM booking_origins WHERE end_s < ?").bind(1, number(ended_before)));
}
void RowWriter::put(const BookingLink& r) {
    Statement& statement = database_.statement(
        "INSERT INTO booking_links VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET customer = "
        "excluded.customer, service = excluded.service, created_s = excluded.created_s, expires_s = "
        "excluded.expires_s, single_use = excluded.single_use, revoked = excluded.revoked, used_s = excluded.used_s"
    );
    statement.bind(1, r.id).bind(2, r.customer).bind(3, r.service.value).bind(4, number(r.created));
    statement.bind(5, number(r.expires)).bind(6, std::int64_t{r.single_use}).bind(7, std::int64_t{r.revoked});
    if (r.used)
        statement.bind(8, number(*r.used));
    else
        statement.bind_null(8);
    run(statement);
}
void RowWriter::erase_booking_links(const std::string& customer, Instant until) {
    run(database_.statement("DELETE FROM booking_links WHERE customer = ? AND created_s <= ?")
            .bind(1, customer)
            .bind(2, number(until)));
}
void RowWriter::forget_booking_links(Instant expired_before) {
    run(database_.statement("DELETE FROM booking_links WHERE expires_s < ?").bind(1, number(expired_before)));
}
void RowWriter::put(const CallbackWait& r) {
    Statement& statement = database_.statement(
        "INSERT INTO callback_waits VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET from_sequence = "
        "excluded.from_sequence, attempts = excluded.attempts, since_s = excluded.since_s, not_before_s = "
        "excluded.not_before_s, parked = excluded.parked"
    );
    statement.bind(1, r.subject).bind(2, r.from).bind(3, std::int64_t{r.attempts}).bind(4, number(r.since));
    run(statement.bind(5, number(r.not_before)).bind(6, std::int64_t{r.parked}));
}
void RowWriter::erase_callback_wait(const std::string& subject) {
    run(database_.statement("DELETE FROM callback_waits WHERE subject = ?").bind(1, subject));
}

}  // namespace calgate::sqlite
