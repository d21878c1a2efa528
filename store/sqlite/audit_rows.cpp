#include "store/sqlite/audit_rows.hpp"

#include "core/erasure.hpp"
#include "store/sqlite/row_json.hpp"

namespace calgate::sqlite {
namespace {

constexpr std::size_t kMostFindings = 20;

/// What nobody can be recognised by; `words` is the commitment to the rest, empty when there is none.
std::string record_of(const Change& change, const std::string& words) {
    std::vector<FieldChange> plain;
    for (const FieldChange& field : change.fields)
        if (!is_personal(field.field)) plain.push_back(field);
    Out out;
    out("at", change.at);
    out("kind", change.kind);
    out("subject", change.subject);
    out("actor", change.actor);
    out("revision", change.revision);
    if (!plain.empty()) out("fields", plain);
    if (!words.empty()) out("words", words);
    return out.take();
}

std::string words_of(const Change& change) {
    std::vector<FieldChange> personal;
    for (const FieldChange& field : change.fields)
        if (is_personal(field.field)) personal.push_back(field);
    if (change.why.empty() && personal.empty()) return {};
    Out out;
    out("why", change.why);
    if (!personal.empty()) out("fields", personal);
    return out.take();
}

void take_words(const std::string& text, Change& change) {
    std::vector<FieldChange> personal;
    In in(Json::parse(text));
    in("why", change.why);
    in("fields", personal);
    change.fields.insert(change.fields.end(), personal.begin(), personal.end());
}

Change entry_from(const std::string& record, const std::optional<std::string>& words) {
    try {
        Change change;
        std::string commitment;
        In in(Json::parse(record));
        in("at", change.at);
        in("kind", change.kind);
        in("subject", change.subject);
        in("actor", change.actor);
        in("why", change.why);  // Up to schema 8.
        in("revision", change.revision);
        in("fields", change.fields);
        in("words", commitment);
        if (words) take_words(*words, change);
        change.erased = !commitment.empty() && !words;
        return change;
    } catch (const Json::exception& error) {
        throw StoreFailure(
            std::string("An entry of the change feed cannot be read (") + error.what() + "); bring back a backup."
        );
    }
}

std::string fresh_salt(const Database& database) {
    Statement& statement = database.statement("SELECT randomblob(16)");
    statement.step();
    std::string salt = statement.text(0);
    statement.reset();
    return salt;
}

/// @return the record to store.
std::string keep_words(const Database& database, const Change& change, std::int64_t sequence) {
    const std::string words = words_of(change);
    if (words.empty()) return record_of(change, {});
    const std::string salt = fresh_salt(database);
    run(database.statement("INSERT INTO change_words VALUES (?, ?, ?)").bind(1, sequence).bind(2, salt).bind(3, words));
    return record_of(change, commitment_to(words, salt));
}

}  // namespace

std::vector<Change> read_feed(Statement& statement) {
    std::vector<Change> out;
    while (statement.step()) {
        const auto words = statement.is_null(2) ? std::nullopt : std::optional(statement.text(2));
        out.push_back(entry_from(statement.text(0), words));
        out.back().sequence = statement.number(1);
    }
    statement.reset();
    return out;
}

std::int64_t append_entry(const Database& database, const Change& change) {
    Statement& last = database.statement("SELECT sequence, link FROM changes ORDER BY sequence DESC LIMIT 1");
    const bool any = last.step();
    const std::int64_t sequence = (any ? last.number(0) : 0) + 1;
    const std::string before = any ? last.text(1) : "";
    last.reset();
    const std::string record = keep_words(database, change, sequence);
    run(database.statement("INSERT INTO changes (sequence, body, link) VALUES (?, ?, ?)")
            .bind(1, sequence)
            .bind(2, record)
            .bind(3, audit_link(before, sequence, record)));
    return sequence;
}

std::optional<AuditHead> audit_at(const Database& database, std::int64_t sequence) {
    Statement& statement = database.statement("SELECT link FROM changes WHERE sequence = ?").bind(1, sequence);
    std::optional<AuditHead> head;
    if (statement.step()) head = AuditHead{sequence, statement.text(0)};
    statement.reset();
    return head;
}

AuditCheck check_audit(const Database& database) {
    AuditCheck check;
    const auto note = [&](std::int64_t sequence, const char* what) {
        if (check.findings.size() < kMostFindings)
            check.findings.push_back("Entry " + std::to_string(sequence) + " " + what);
    };
    Statement& statement = database.statement(
        "SELECT changes.sequence, changes.body, changes.link, words.body, words.salt FROM changes LEFT JOIN "
        "change_words AS words USING (sequence) ORDER BY changes.sequence"
    );
    while (statement.step()) {
        const std::int64_t sequence = statement.number(0);
        const std::string record = statement.text(1);
        if (sequence != check.head.sequence + 1) note(check.head.sequence + 1, "is missing.");
        if (statement.text(2) != audit_link(check.head.link, sequence, record))
            note(sequence, "is not as it was written, or one before it was taken out or put in.");
        const Json parsed = Json::parse(record, nullptr, false);
        const std::string commitment = parsed.is_object() ? parsed.value("words", "") : "";
        if (statement.is_null(3))
            check.erased += commitment.empty() ? 0 : 1;
        else if (commitment != commitment_to(statement.text(3), statement.text(4)))
            note(sequence, "says something else than when it was written.");
        check.head = {sequence, statement.text(2)};
    }
    statement.reset();
    return check;
}

std::string pack_ids(const std::vector<AppointmentId>& ids) {
    Out out;
    out("ids", ids);
    return out.take();
}

std::vector<AppointmentId> unpack_ids(const std::string& text) {
    std::vector<AppointmentId> ids;
    In in(Json::parse(text, nullptr, false));
    in("ids", ids);
    return ids;
}

void link_entries(Database& database) {
    std::string link;
    for (std::int64_t after = 0;;) {
        const auto page = read_feed(database
                                        .statement(
                                            std::string(kFeedColumns) +
                                            "WHERE changes.sequence > ? ORDER BY changes.sequence LIMIT 1000"
                                        )
                                        .bind(1, after));
        if (page.empty()) return;
        for (const Change& change : page) {
            after = change.sequence;
            const std::string record = keep_words(database, change, change.sequence);
            link = audit_link(link, change.sequence, record);
            run(database.statement("UPDATE changes SET body = ?, link = ? WHERE sequence = ?")
                    .bind(1, record)
                    .bind(2, link)
                    .bind(3, change.sequence));
        }
    }
}

}  // namespace calgate::sqlite
