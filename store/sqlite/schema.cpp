#include "store/sqlite/schema.hpp"

#include <array>
#include <functional>
#include <vector>

#include "store/sqlite/audit_rows.hpp"
#include "store/sqlite/rows.hpp"

namespace calgate::sqlite {
namespace {

// Columns hold what is looked up or counted; `body` is the whole record as JSON.
constexpr const char* kFirst = R"sql(
CREATE TABLE singletons (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE staff (id TEXT PRIMARY KEY, capacity INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE services (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE calendars (id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts(id), body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE appointments (
    id TEXT PRIMARY KEY, staff TEXT NOT NULL REFERENCES staff(id), live INTEGER NOT NULL,
    start_s INTEGER NOT NULL, end_s INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX appointments_by_time ON appointments(staff, live, end_s, start_s);
CREATE TABLE mirrors (
    appointment TEXT NOT NULL, calendar TEXT NOT NULL REFERENCES calendars(id) ON DELETE CASCADE, uid TEXT NOT NULL,
    open INTEGER NOT NULL, starts_at_s INTEGER NOT NULL, not_before_s INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (appointment, calendar)) WITHOUT ROWID;
CREATE INDEX mirrors_open ON mirrors(calendar, open, starts_at_s);
CREATE INDEX mirrors_by_uid ON mirrors(calendar, uid);
CREATE TABLE cached_events (
    calendar TEXT NOT NULL REFERENCES calendars(id) ON DELETE CASCADE, href TEXT NOT NULL, version TEXT,
    again INTEGER NOT NULL, busy_to_s INTEGER NOT NULL, busy BLOB NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (calendar, href)) WITHOUT ROWID;
CREATE TABLE conflicts (id INTEGER PRIMARY KEY AUTOINCREMENT, open INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE changes (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE idempotent_answers (key TEXT PRIMARY KEY, at_s INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE api_keys (hash TEXT PRIMARY KEY, label TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TRIGGER changes_are_append_only BEFORE UPDATE ON changes
    BEGIN SELECT RAISE(ABORT, 'the change feed is append-only'); END;
CREATE TRIGGER changes_stay BEFORE DELETE ON changes
    BEGIN SELECT RAISE(ABORT, 'the change feed is append-only'); END;
)sql";

// Capacity in the database itself (I15): at no point of the new interval may more than `capacity` live appointments
// run. The most run at once where one of them starts, so only those points are counted.
constexpr const char* kCapacityCheck = R"sql(
    SELECT RAISE(ABORT, 'over capacity') FROM staff WHERE staff.id = NEW.staff AND NEW.live = 1 AND EXISTS (
        SELECT 1 FROM (
            SELECT NEW.start_s AS at
            UNION SELECT start_s FROM appointments
                WHERE staff = NEW.staff AND live = 1 AND end_s > NEW.start_s AND start_s > NEW.start_s AND start_s < NEW.end_s) AS points
        WHERE (SELECT COUNT(*) FROM appointments AS a
               WHERE a.staff = NEW.staff AND a.live = 1 AND a.start_s <= points.at AND a.end_s > points.at) > staff.capacity);
)sql";

std::string second() {
    return std::string("CREATE TRIGGER capacity_on_insert AFTER INSERT ON appointments BEGIN ") + kCapacityCheck +
           "END; CREATE TRIGGER capacity_on_update AFTER UPDATE ON appointments BEGIN " + kCapacityCheck +
           "END; CREATE INDEX cached_events_to_expand ON cached_events(again, busy_to_s);";
}

// Sealed secrets lie apart, so that a new key or a rotated token leaves the account's row alone.
void third(Database& database) {
    database.execute(
        "CREATE TABLE secrets (account TEXT NOT NULL REFERENCES accounts(id) ON DELETE CASCADE, name TEXT NOT NULL, "
        "key INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (account, name)) WITHOUT ROWID"
    );
    std::vector<std::pair<std::string, std::string>> accounts;
    Statement& all = database.statement("SELECT id, body FROM accounts");
    while (all.step()) accounts.emplace_back(all.text(0), all.text(1));
    all.reset();
    for (auto& [id, body] : accounts) {
        const std::string sealed = take_sealed_secret(body);
        if (!sealed.empty()) {
            Statement& put = database.statement("INSERT INTO secrets VALUES (?, 'password', 1, ?)");
            put.bind(1, id).bind(2, sealed).step();
            put.reset();
        }
        Statement& change = database.statement("UPDATE accounts SET body = ? WHERE id = ?");
        change.bind(1, body).bind(2, id).step();
        change.reset();
    }
}

constexpr const char* kFourth = R"sql(
CREATE TABLE push_channels (
    key TEXT PRIMARY KEY, calendar TEXT NOT NULL REFERENCES calendars(id) ON DELETE CASCADE,
    body TEXT NOT NULL) WITHOUT ROWID;
)sql";

constexpr const char* kFifth = "CREATE INDEX idempotent_answers_by_time ON idempotent_answers(at_s)";

// Every revision stays, so that a person can see who changed what and take it back.
constexpr const char* kSixth = R"sql(
CREATE TABLE versions (
    appointment TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (appointment, revision)) WITHOUT ROWID;
INSERT INTO versions SELECT id, COALESCE(json_extract(body, '$.revision'), 0), body FROM appointments;
ALTER TABLE changes ADD COLUMN subject TEXT GENERATED ALWAYS AS (json_extract(body, '$.subject')) VIRTUAL;
CREATE INDEX changes_by_subject ON changes(subject);
)sql";

constexpr const char* kSeventh =
    "CREATE INDEX appointments_held ON appointments(json_extract(body, '$.hold_until_s')) WHERE live = 1 AND "
    "json_extract(body, '$.hold_until_s') IS NOT NULL";

// Keys from before could do everything (KeyScope::Admin).
constexpr const char* kEighth = R"sql(
ALTER TABLE api_keys ADD COLUMN scope INTEGER NOT NULL DEFAULT 3;
ALTER TABLE api_keys ADD COLUMN created_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN expires_s INTEGER;
)sql";

std::string ninth() {
    return std::string("CREATE INDEX mirrors_doubted ON mirrors(calendar) WHERE ") + kDoubted +
           "; CREATE INDEX mirrors_by_href ON mirrors(calendar, json_extract(body, '$.href'));"
           "CREATE INDEX calendars_by_staff ON calendars(json_extract(body, '$.staff'))";
}
// Secrets of the gateway itself belong to no account. What an origin counts for follows the appointment by a trigger,
// so that every way to change one keeps it true: `open_until_s` is 0 once it is cancelled.
constexpr const char* kTenth = R"sql(
CREATE TABLE secrets_of_all (account TEXT NOT NULL, name TEXT NOT NULL, key INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (account, name)) WITHOUT ROWID;
INSERT INTO secrets_of_all SELECT account, name, key, sealed FROM secrets;
DROP TABLE secrets;
ALTER TABLE secrets_of_all RENAME TO secrets;
CREATE TRIGGER secrets_are_of_an_account BEFORE INSERT ON secrets
    WHEN NEW.account <> '' AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account)
    BEGIN SELECT RAISE(ABORT, 'a secret of no account'); END;
CREATE TRIGGER secrets_go_with_the_account AFTER DELETE ON accounts
    BEGIN DELETE FROM secrets WHERE account = OLD.id; END;
CREATE TABLE booking_origins (
    appointment TEXT PRIMARY KEY REFERENCES appointments(id) ON DELETE CASCADE, booking TEXT NOT NULL,
    customer TEXT NOT NULL, network TEXT NOT NULL, link TEXT NOT NULL,
    start_s INTEGER NOT NULL, end_s INTEGER NOT NULL, open_until_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX booking_origins_by_booking ON booking_origins(booking);
CREATE INDEX booking_origins_by_customer ON booking_origins(customer, open_until_s);
CREATE INDEX booking_origins_by_network ON booking_origins(network, open_until_s);
CREATE INDEX booking_origins_by_link ON booking_origins(link, open_until_s);
CREATE INDEX booking_origins_by_start ON booking_origins(start_s);
CREATE INDEX booking_origins_by_end ON booking_origins(end_s);
CREATE TRIGGER origins_follow AFTER UPDATE ON appointments BEGIN
    UPDATE booking_origins SET start_s = NEW.start_s, end_s = NEW.end_s, open_until_s =
        CASE NEW.live WHEN 1 THEN COALESCE(json_extract(NEW.body, '$.hold_until_s'), NEW.end_s) ELSE 0 END
    WHERE appointment = NEW.id;
END;
CREATE TABLE booking_links (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL, service TEXT NOT NULL, created_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL, single_use INTEGER NOT NULL, revoked INTEGER NOT NULL, used_s INTEGER) WITHOUT ROWID;
CREATE INDEX booking_links_by_time ON booking_links(created_s, id);
CREATE TABLE callback_waits (
    subject TEXT PRIMARY KEY, from_sequence INTEGER NOT NULL, attempts INTEGER NOT NULL, since_s INTEGER NOT NULL,
    not_before_s INTEGER NOT NULL, parked INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// Words lie apart from the entries, which never change: erasing them takes no way around the triggers. No text takes
// the place of another.
constexpr const char* kEleventh = R"sql(
DROP TRIGGER changes_are_append_only;
DROP TRIGGER changes_stay;
ALTER TABLE changes ADD COLUMN link TEXT NOT NULL DEFAULT '';
CREATE TABLE change_words (sequence INTEGER PRIMARY KEY, salt BLOB NOT NULL, body TEXT NOT NULL);
CREATE TABLE erasures (customer TEXT PRIMARY KEY, at_s INTEGER NOT NULL, done INTEGER NOT NULL, waiting TEXT NOT NULL) WITHOUT ROWID;
)sql";
constexpr const char* kEleventhAfter = R"sql(
CREATE TRIGGER changes_are_append_only BEFORE UPDATE ON changes
    BEGIN SELECT RAISE(ABORT, 'the change feed is append-only'); END;
CREATE TRIGGER changes_stay BEFORE DELETE ON changes
    BEGIN SELECT RAISE(ABORT, 'the change feed is append-only'); END;
CREATE TRIGGER change_words_stay_as_they_are BEFORE UPDATE ON change_words
    BEGIN SELECT RAISE(ABORT, 'the words of the change feed are erased or stay'); END;
DROP TRIGGER capacity_on_update;
)sql";

void eleventh(Database& database) {
    database.execute(kEleventh);
    link_entries(database);
    database.execute(kEleventhAfter);
    // Other words need no room, also where there is none by now.
    database.execute(
        std::string("CREATE TRIGGER capacity_on_update AFTER UPDATE ON appointments WHEN OLD.staff <> NEW.staff OR "
                    "OLD.live <> NEW.live OR OLD.start_s <> NEW.start_s OR OLD.end_s <> NEW.end_s BEGIN ") +
        kCapacityCheck + "END"
    );
}

// What no calendar holds yet is kept as rows of its own, so that counting it reads no mirror. `longest_s` bounds how
// far after an instant an appointment that runs at it can end: looking for room does not read everything later.
constexpr const char* kTwelfth = R"sql(
ALTER TABLE mirrors ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE appointments ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE appointments ADD COLUMN changed_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calendars ADD COLUMN mirrored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE staff ADD COLUMN longest_s INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER capacity_on_insert;
DROP TRIGGER capacity_on_update;
UPDATE mirrors SET confirmed = COALESCE(json_extract(body, '$.confirmed'), 0);
UPDATE appointments SET revision = COALESCE(json_extract(body, '$.revision'), 0),
    changed_s = COALESCE(json_extract(body, '$.changed'), 0);
UPDATE calendars SET mirrored = COALESCE(json_extract(body, '$.mirror'), 0);
UPDATE staff SET longest_s =
    COALESCE((SELECT MAX(end_s - start_s) FROM appointments WHERE appointments.staff = staff.id), 0);
CREATE TABLE unmirrored (
    appointment TEXT PRIMARY KEY REFERENCES appointments(id) ON DELETE CASCADE, changed_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX unmirrored_by_time ON unmirrored(changed_s);
)sql";

/// Writes down anew whether a calendar holds what `appointments` (an expression or a query) names.
std::string count_anew(const std::string& appointments) {
    return "DELETE FROM unmirrored WHERE appointment IN (" + appointments +
           "); INSERT INTO unmirrored SELECT a.id, a.changed_s FROM appointments AS a WHERE a.id IN (" + appointments +
           ") AND EXISTS (SELECT 1 FROM mirrors AS m JOIN calendars AS c ON c.id = m.calendar "
           "WHERE m.appointment = a.id AND m.open = 1 AND c.mirrored = 1) "
           "AND NOT EXISTS (SELECT 1 FROM mirrors AS m WHERE m.appointment = a.id AND m.confirmed >= a.revision);";
}

// As kCapacityCheck.
constexpr const char* kBoundedCapacityCheck = R"sql(
    UPDATE staff SET longest_s = NEW.end_s - NEW.start_s WHERE id = NEW.staff AND longest_s < NEW.end_s - NEW.start_s;
    SELECT RAISE(ABORT, 'over capacity') FROM staff WHERE staff.id = NEW.staff AND NEW.live = 1 AND EXISTS (
        SELECT 1 FROM (
            SELECT NEW.start_s AS at
            UNION SELECT start_s FROM appointments
                WHERE staff = NEW.staff AND live = 1 AND end_s > NEW.start_s AND end_s < NEW.end_s + staff.longest_s
                    AND start_s > NEW.start_s AND start_s < NEW.end_s) AS points
        WHERE (SELECT COUNT(*) FROM appointments AS a
               WHERE a.staff = NEW.staff AND a.live = 1 AND a.end_s > points.at
                   AND a.end_s <= points.at + staff.longest_s AND a.start_s <= points.at) > staff.capacity);
)sql";

void twelfth(Database& database) {
    database.execute(kTwelfth);
    database.execute(count_anew("SELECT id FROM appointments"));
    const auto trigger = [&](const std::string& name_and_event, const std::string& work) {
        database.execute("CREATE TRIGGER " + name_and_event + " BEGIN " + work + " END");
    };
    trigger("capacity_on_insert AFTER INSERT ON appointments", kBoundedCapacityCheck);
    trigger(
        "capacity_on_update AFTER UPDATE ON appointments WHEN OLD.staff <> NEW.staff OR OLD.live <> NEW.live OR "
        "OLD.start_s <> NEW.start_s OR OLD.end_s <> NEW.end_s",
        kBoundedCapacityCheck
    );
    trigger("unmirrored_on_booking AFTER INSERT ON appointments", count_anew("NEW.id"));
    trigger(
        "unmirrored_on_change AFTER UPDATE ON appointments WHEN OLD.revision <> NEW.revision OR "
        "OLD.changed_s <> NEW.changed_s",
        count_anew("NEW.id")
    );
    trigger("unmirrored_on_intent AFTER INSERT ON mirrors", count_anew("NEW.appointment"));
    trigger(
        "unmirrored_on_write AFTER UPDATE ON mirrors WHEN OLD.open <> NEW.open OR OLD.confirmed <> NEW.confirmed",
        count_anew("NEW.appointment")
    );
    trigger("unmirrored_on_end AFTER DELETE ON mirrors", count_anew("OLD.appointment"));
    trigger(
        "unmirrored_on_target AFTER UPDATE ON calendars WHEN OLD.mirrored <> NEW.mirrored",
        count_anew("SELECT appointment FROM mirrors WHERE calendar = NEW.id")
    );
}

// Busy time is read alone at every start: a row's text is a hundred times as long.
constexpr const char* kThirteenth = R"sql(
ALTER TABLE cached_events ADD COLUMN tied INTEGER NOT NULL DEFAULT 0;
UPDATE cached_events SET tied = 1 WHERE instr(body, '"appointment":null') = 0;
CREATE INDEX cached_busy ON cached_events(calendar, tied, href, busy);
)sql";

}  // namespace

void migrate(Database& database, int target) {
    Statement& asked = database.statement("PRAGMA user_version");
    asked.step();
    const auto version = static_cast<int>(asked.number(0));
    asked.reset();
    if (version > target) {
        throw StoreFailure(
            "The store was written by a newer calgate (schema " + std::to_string(version) + ", this program knows " +
            std::to_string(target) + "); start that version, or bring back a backup made before the upgrade."
        );
    }
    const std::array<std::function<void()>, kSchemaVersion> steps = {
        [&] { database.execute(kFirst); },
        [&] { database.execute(second()); },
        [&] { third(database); },
        [&] { database.execute(kFourth); },
        [&] { database.execute(kFifth); },
        [&] { database.execute(kSixth); },
        [&] { database.execute(kSeventh); },
        [&] { database.execute(kEighth); },
        [&] { database.execute(ninth()); },
        [&] { database.execute(kTenth); },
        [&] { eleventh(database); },
        [&] { twelfth(database); },
        [&] { database.execute(kThirteenth); }};
    for (int step = version; step < target; ++step) {
        database.execute("BEGIN IMMEDIATE");
        try {
            steps.at(static_cast<std::size_t>(step))();
            database.execute("PRAGMA user_version = " + std::to_string(step + 1));
            database.execute("COMMIT");
        } catch (...) {
            try {
                database.execute("ROLLBACK");
            } catch (const StoreFailure&) {  // The first failure is the one to report.
            }
            throw;
        }
    }
}

}  // namespace calgate::sqlite
