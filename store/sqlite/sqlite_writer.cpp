#include "store/sqlite/audit_rows.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_reader.hpp"

namespace calgate::sqlite {
void RowWriter::put(const Business& r) {
    run(database_
            .statement("INSERT INTO singletons VALUES ('business', ?) ON CONFLICT DO UPDATE SET body = excluded.body")
            .bind(1, to_row(r)));
}
void RowWriter::put(const Staff& r) {
    run(database_
            .statement("INSERT INTO staff (id, capacity, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
                       "capacity = excluded.capacity, body = excluded.body")
            .bind(1, r.id.value)
            .bind(2, std::int64_t{r.capacity})
            .bind(3, to_row(r)));
}
void RowWriter::put(const Service& r) {
    run(database_.statement("INSERT INTO services VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body")
            .bind(1, r.id.value)
            .bind(2, to_row(r)));
}
void RowWriter::put(const Account& r) {
    run(database_.statement("INSERT INTO accounts VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body")
            .bind(1, r.id.value)
            .bind(2, to_row(r)));
}
void RowWriter::put(const Calendar& r) {
    run(database_
            .statement(
                "INSERT INTO calendars VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET account = excluded.account, "
                "body = excluded.body, mirrored = excluded.mirrored"
            )
            .bind(1, r.id.value)
            .bind(2, r.account.value)
            .bind(3, to_row(r))
            .bind(4, std::int64_t{r.mirror}));
}
void RowWriter::erase(const CalendarId& id) {
    run(database_.statement("DELETE FROM calendars WHERE id = ?").bind(1, id.value));
}
void RowWriter::erase(const AccountId& id) {
    run(database_.statement("DELETE FROM accounts WHERE id = ?").bind(1, id.value));
}

void RowWriter::put(const SealedSecret& r) {
    run(database_
            .statement("INSERT INTO secrets VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET key = excluded.key, "
                       "sealed = excluded.sealed")
            .bind(1, r.account.value)
            .bind(2, r.name)
            .bind(3, r.key)
            .bind(4, r.sealed));
}
void RowWriter::erase_secrets(const AccountId& id) {
    run(database_.statement("DELETE FROM secrets WHERE account = ?").bind(1, id.value));
}

void RowWriter::put(const Appointment& r, Interval when) {
    const std::string body = to_row(r);
    run(database_
            .statement(
                "INSERT INTO appointments VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "staff = excluded.staff, live = excluded.live, start_s = excluded.start_s, end_s = excluded.end_s, "
                "body = excluded.body, revision = excluded.revision, changed_s = excluded.changed_s"
            )
            .bind(1, r.id.value)
            .bind(2, r.staff.value)
            .bind(3, std::int64_t{r.state != AppointmentState::Cancelled})
            .bind(4, number(when.start))
            .bind(5, number(when.end))
            .bind(6, body)
            .bind(7, r.revision)
            .bind(8, number(r.changed)));
    run(database_.statement("INSERT INTO versions VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body")
            .bind(1, r.id.value)
            .bind(2, r.revision)
            .bind(3, body));
}
void RowWriter::put(const Mirror& r) {
    run(database_
            .statement(
                "INSERT INTO mirrors VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET uid = excluded.uid, "
                "open = excluded.open, starts_at_s = excluded.starts_at_s, not_before_s = excluded.not_before_s, "
                "body = excluded.body, confirmed = excluded.confirmed"
            )
            .bind(1, r.appointment.value)
            .bind(2, r.calendar.value)
            .bind(3, r.uid.value)
            .bind(4, std::int64_t{r.open()})
            .bind(5, number(r.starts_at))
            .bind(6, r.not_before ? number(*r.not_before) : std::int64_t{0})
            .bind(7, to_row(r))
            .bind(8, r.confirmed));
}
void RowWriter::erase_mirror(const AppointmentId& appointment, const CalendarId& calendar) {
    run(database_.statement("DELETE FROM mirrors WHERE appointment = ? AND calendar = ?")
            .bind(1, appointment.value)
            .bind(2, calendar.value));
}
void RowWriter::put(const CachedEvent& r) {
    Statement& statement = database_.statement(
        "INSERT INTO cached_events VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "version = excluded.version, again = excluded.again, busy_to_s = excluded.busy_to_s, busy = excluded.busy, "
        "body = excluded.body, tied = excluded.tied"
    );
    statement.bind(1, r.calendar.value).bind(2, r.href.value);
    if (r.version)
        statement.bind(3, r.version->value);
    else
        statement.bind_null(3);
    // Single events beyond the horizon come in when it reaches them, as series do.
    run(statement.bind(4, std::int64_t{r.recurring || !r.trouble.empty()})
            .bind(5, number(r.busy_to))
            .bind(6, pack(r.busy))
            .bind(7, to_row(r))
            .bind(8, std::int64_t{r.appointment.has_value()}));
}
void RowWriter::erase_cached_event(const CalendarId& calendar, const Href& href) {
    run(database_.statement("DELETE FROM cached_events WHERE calendar = ? AND href = ?")
            .bind(1, calendar.value)
            .bind(2, href.value));
}

std::int64_t RowWriter::changed_rows() const {
    Statement& statement = database_.statement("SELECT changes()");
    statement.step();
    const std::int64_t rows = statement.number(0);
    statement.reset();
    return rows;
}

std::int64_t RowWriter::last_id() const {
    Statement& statement = database_.statement("SELECT last_insert_rowid()");
    statement.step();
    const std::int64_t id = statement.number(0);
    statement.reset();
    return id;
}

std::int64_t RowWriter::add(const Conflict& conflict) {
    run(database_.statement("INSERT INTO conflicts (open, body) VALUES (1, '')"));
    Conflict kept = conflict;
    kept.id = last_id();
    put(kept);
    return kept.id;
}
void RowWriter::put(const Conflict& r) {
    run(database_.statement("UPDATE conflicts SET open = ?, body = ? WHERE id = ?")
            .bind(1, std::int64_t{r.state == ConflictState::Open})
            .bind(2, to_row(r))
            .bind(3, r.id));
}
std::int64_t RowWriter::append(const Change& r) { return append_entry(database_, r); }
void RowWriter::put(const Erasure& r) {
    run(database_
            .statement("INSERT INTO erasures VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at_s = excluded.at_s, "
                       "done = excluded.done, waiting = excluded.waiting")
            .bind(1, r.customer)
            .bind(2, number(r.at))
            .bind(3, std::int64_t{r.done})
            .bind(4, pack_ids(r.waiting)));
}
void RowWriter::put_version(const Appointment& r) {
    run(database_.statement("UPDATE versions SET body = ? WHERE appointment = ? AND revision = ?")
            .bind(1, to_row(r))
            .bind(2, r.id.value)
            .bind(3, r.revision));
}
std::int64_t RowWriter::forget_versions(Instant replaced_before) {
    run(database_
            .statement("DELETE FROM versions WHERE json_extract(body, '$.changed') < ?1 AND EXISTS (SELECT 1 FROM "
                       "versions AS next WHERE next.appointment = versions.appointment AND next.revision > "
                       "versions.revision AND json_extract(next.body, '$.changed') < ?1)")
            .bind(1, number(replaced_before)));
    return changed_rows();
}
void RowWriter::erase_words(const std::string& subject) {
    run(database_
            .statement("DELETE FROM change_words WHERE sequence IN (SELECT sequence FROM changes WHERE subject = ?)")
            .bind(1, subject));
}
std::int64_t RowWriter::forget_words(Instant before) {
    run(database_
            .statement("DELETE FROM change_words WHERE sequence IN (SELECT changes.sequence FROM changes JOIN "
                       "change_words USING (sequence) WHERE json_extract(changes.body, '$.at') < ?)")
            .bind(1, number(before)));
    return changed_rows();
}
void RowWriter::replace_answers(const AppointmentId& id, const std::string& body) {
    run(database_
            .statement(
                "UPDATE idempotent_answers SET body = json_set(body, '$.body', ?2) WHERE "
                "CASE WHEN json_valid(json_extract(body, '$.body')) THEN json_extract(json_extract(body, '$.body'), "
                "'$.id') END = ?1"
            )
            .bind(1, id.value)
            .bind(2, body));
}
void RowWriter::put_idempotent_answer(const std::string& key, const IdempotentAnswer& r) {
    run(database_
            .statement("INSERT INTO idempotent_answers VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_s = "
                       "excluded.at_s, body = excluded.body")
            .bind(1, key)
            .bind(2, number(r.at))
            .bind(3, to_row(r)));
}
void RowWriter::forget_idempotent_answers(Instant before) {
    run(database_.statement("DELETE FROM idempotent_answers WHERE at_s < ?").bind(1, number(before)));
}
void RowWriter::put(const ApiKey& r) {
    Statement& statement = database_.statement(
        "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET label = excluded.label, "
        "scope = excluded.scope, created_s = excluded.created_s, expires_s = excluded.expires_s"
    );
    statement.bind(1, r.hash).bind(2, r.label).bind(3, static_cast<std::int64_t>(r.scope)).bind(4, number(r.created));
    if (r.expires)
        statement.bind(5, number(*r.expires));
    else
        statement.bind_null(5);
    run(statement);
}
void RowWriter::erase_api_key(const std::string& hash) {
    run(database_.statement("DELETE FROM api_keys WHERE hash = ?").bind(1, hash));
}
void RowWriter::put(const ChannelRecord& r) {
    run(database_.statement("INSERT INTO push_channels VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body")
            .bind(1, r.key)
            .bind(2, r.calendar.value)
            .bind(3, to_row(r)));
}
void RowWriter::erase_push_channel(const std::string& key) {
    run(database_.statement("DELETE FROM push_channels WHERE key = ?").bind(1, key));
}
void RowWriter::put_setting(const std::string& name, const std::string& value) {
    run(database_.statement("INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
            .bind(1, name)
            .bind(2, value));
}

}  // namespace calgate::sqlite
