#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

const std::string kCanary = "Quendolina Vexberger";

std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

bool anywhere(const ScratchFolder& folder, const std::string& words) {
    for (const auto& entry : std::filesystem::directory_iterator(folder.file(""))) {
        if (bytes_of(entry.path().string()).find(words) != std::string::npos) return true;
    }
    return false;
}

Appointment of_canary(const std::string& id, int hour) {
    Appointment a = hour_of(id, hour);
    a.customer = kCanary;
    return a;
}

AuditCheck checked(const Store& store) {
    return read(store, [](const Reader& reader) { return reader.check_audit(); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit)

BOOST_AUTO_TEST_CASE(I30_an_entry_says_from_what_to_what_by_field) {
    const auto store = SqliteStore::open(":memory:");
    store->write([](Writer& writer) {
        set_up(writer);
        book(writer, of_canary("a", 9));
        Appointment moved = of_canary("a", 10);
        moved.notes = "by the window";
        book(writer, moved);
    });
    store->read([](const Reader& reader) {
        const auto entries = reader.changes_about("a", 10);
        BOOST_REQUIRE(entries.size() == 2u);
        const std::vector<FieldChange> expected = {
            {"start", "2026-04-01T09:00:00", "2026-04-01T10:00:00"},
            {"end", "2026-04-01T10:00:00", "2026-04-01T11:00:00"},
            {"notes", "", "by the window"}};
        BOOST_TEST((entries[1].fields == expected));
        BOOST_TEST(entries[1].why == "test");
    });
    BOOST_TEST(checked(*store).findings.empty());
}

BOOST_AUTO_TEST_CASE(I28_erased_words_are_in_no_file_and_the_chain_holds) {
    const ScratchFolder folder;
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->write([](Writer& writer) {
        set_up(writer);
        book(writer, of_canary("a", 9));
        book(writer, hour_of("b", 12));
    });
    const AuditHead before = checked(*store).head;
    BOOST_REQUIRE(anywhere(folder, kCanary));
    store->write([](Writer& writer) {
        writer.erase_words("a");
        Appointment nameless = *writer.appointment({"a"});
        make_nameless(nameless);
        writer.put(nameless, occupied_by(nameless, zones()));
    });
    store->compact();
    BOOST_TEST(!anywhere(folder, kCanary));
    const AuditCheck after = checked(*store);
    BOOST_TEST(after.findings.empty());
    BOOST_TEST(after.erased == 1);
    BOOST_TEST((after.head == before));
    store->read([](const Reader& reader) {
        const auto entry = reader.changes_about("a", 1).at(0);
        BOOST_TEST(entry.erased);
        BOOST_TEST(entry.why == "");
        BOOST_TEST(entry.fields.size() == 5u);  // Person, start, end, zone, state.
        BOOST_TEST(!reader.changes_about("b", 1).at(0).erased);
    });
}

BOOST_AUTO_TEST_CASE(I30_what_is_changed_behind_the_stores_back_is_found) {
    struct Row {
        const char* name;
        const char* sql;
        const char* finding;
    };
    constexpr Row kRows[] = {
        {"record", "UPDATE changes SET body = json_set(body, '$.actor', 'x') WHERE sequence = 2", "Entry 2 is not as"},
        {"taken out", "DELETE FROM changes WHERE sequence = 2", "Entry 2 is missing."},
        {"words", "UPDATE change_words SET body = '{\"why\":\"x\"}' WHERE sequence = 2", "Entry 2 says something else"},
    };
    for (const Row& row : kRows) {
        const ScratchFolder folder;
        SqliteStore::open(folder.file("store.db"))->write([](Writer& writer) {
            set_up(writer);
            for (int i = 0; i < 3; ++i) book(writer, hour_of("a" + std::to_string(i), i));
        });
        {
            sqlite::Database behind(folder.file("store.db"), {});
            BOOST_CHECK_THROW(behind.execute(row.sql), StoreFailure);
            behind.execute("DROP TRIGGER changes_are_append_only");
            behind.execute("DROP TRIGGER changes_stay");
            behind.execute("DROP TRIGGER change_words_stay_as_they_are");
            behind.execute(row.sql);
        }
        const auto store = SqliteStore::open(folder.file("store.db"));
        const auto findings = checked(*store).findings;
        BOOST_REQUIRE_MESSAGE(!findings.empty(), row.name);
        BOOST_TEST(findings[0].starts_with(row.finding), row.name << ": " << findings[0]);
    }
}

BOOST_AUTO_TEST_CASE(a_file_of_version_8_gets_its_chain_and_keeps_what_entries_say) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 8);
        for (const char* subject : {"a", "b"})
            old.execute(
                std::string("INSERT INTO changes (body) VALUES ('{\"at\":5,\"kind\":\"k\",\"subject\":\"") + subject +
                "\",\"actor\":\"api\",\"why\":\"because\",\"revision\":3}')"
            );
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->read([](const Reader& reader) {
        const Change expected{2, Instant{std::chrono::seconds{5}}, "k", "b", "api", "because", 3, {}, false};
        BOOST_TEST((reader.changes(1, 10) == std::vector{expected}));
    });
    BOOST_TEST(checked(*store).findings.empty());
    BOOST_TEST(checked(*store).head.sequence == 2);
    store->write([](Writer& writer) { writer.append({0, kNow, "k", "c", "api", "", 0}); });
    BOOST_TEST(checked(*store).head.sequence == 3);
    BOOST_TEST(checked(*store).findings.empty());
}

BOOST_AUTO_TEST_CASE(retention_removes_what_was_replaced_long_ago_and_old_words) {
    const auto store = SqliteStore::open(":memory:");
    store->write([](Writer& writer) {
        set_up(writer);
        Appointment a = hour_of("a", 9);
        for (int i = 0; i < 3; ++i) {
            a.title = "Take " + std::to_string(i);
            place_appointment(writer, a, {}, zones(), kNow + std::chrono::days{10 * i}, "api", "test");
        }
    });
    store->write([](Writer& writer) {
        BOOST_TEST(writer.forget_versions(kNow + std::chrono::days{11}) == 1);
        BOOST_TEST(writer.versions({"a"}, 10).size() == 2u);
        BOOST_TEST(writer.forget_versions(kNow + std::chrono::days{99}) == 1);
        BOOST_TEST(writer.versions({"a"}, 10).size() == 1u);
        BOOST_TEST(writer.forget_words(kNow + std::chrono::days{1}) == 1);
        BOOST_TEST(writer.forget_words(kNow + std::chrono::days{1}) == 0);
    });
    BOOST_TEST(checked(*store).findings.empty());
    BOOST_TEST(checked(*store).erased == 1);
}

BOOST_AUTO_TEST_SUITE_END()
