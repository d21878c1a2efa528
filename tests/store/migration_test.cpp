#include <boost/test/unit_test.hpp>
#include <fstream>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

BOOST_AUTO_TEST_SUITE(migration)

BOOST_AUTO_TEST_CASE(a_file_of_version_1_is_upgraded_and_keeps_its_rows) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 1);
        old.execute("INSERT INTO staff VALUES ('ann', 1, '{\"id\":\"ann\",\"capacity\":1}')");
        old.execute("INSERT INTO appointments VALUES ('a', 'ann', 1, 0, 10, '{\"id\":\"a\",\"staff\":\"ann\"}')");
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->read([](const Reader& reader) { BOOST_TEST(reader.appointment({"a"})->staff.value == "ann"); });
    Appointment second;
    second.id = {"b"};
    second.staff = {"ann"};
    const Interval same{Instant{std::chrono::seconds{5}}, Instant{std::chrono::seconds{15}}};
    BOOST_CHECK_THROW(store->write([&](Writer& writer) { writer.put(second, same); }), StoreFailure);
    BOOST_TEST(store->check_integrity() == "");
}

BOOST_AUTO_TEST_CASE(a_file_of_version_2_is_upgraded_and_its_sealed_passwords_move_unchanged) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 2);
        old.execute(
            "INSERT INTO accounts VALUES ('a', '{\"id\":\"a\",\"kind\":\"caldav\",\"user\":\"ann\","
            "\"sealed_secret\":{\"bytes\":\"\\u0001\\u0000\\u00ff seal\"},\"state\":1}')"
        );
        old.execute("INSERT INTO accounts VALUES ('b', '{\"id\":\"b\",\"sealed_secret\":\"plain ascii\"}')");
        old.execute("INSERT INTO accounts VALUES ('c', '{\"id\":\"c\",\"sealed_secret\":\"\"}')");
        old.execute("INSERT INTO calendars VALUES ('k', 'a', '{\"id\":\"k\",\"account\":\"a\"}')");
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->read([](const Reader& reader) {
        const auto first = reader.account({"a"});
        BOOST_REQUIRE(first.has_value());
        BOOST_TEST(first->user == "ann");
        BOOST_TEST((first->state == AccountState::NeedsAttention));
        BOOST_TEST((first->method == SignInMethod::Password));
        BOOST_TEST(first->may_write);
        const SealedSecret moved{{"a"}, "password", 1, std::string("\x01\x00\xff seal", 8)};
        BOOST_TEST((reader.secret({"a"}, "password") == moved));
        BOOST_TEST(reader.secret({"b"}, "password")->sealed == "plain ascii");
        BOOST_TEST(!reader.secret({"c"}, "password").has_value());
        BOOST_TEST(reader.calendar({"k"})->account.value == "a");
    });
    store->write([](Writer& writer) { writer.erase(AccountId{"b"}); });
    store->read([](const Reader& reader) { BOOST_TEST(!reader.secret({"b"}, "password").has_value()); });
    BOOST_TEST(store->check_integrity() == "");
}

BOOST_AUTO_TEST_CASE(a_file_without_channels_is_upgraded_and_keeps_its_calendars) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 2);
        old.execute("INSERT INTO accounts VALUES ('a', '{\"id\":\"a\"}')");
        old.execute("INSERT INTO calendars VALUES ('c', 'a', '{\"id\":\"c\",\"account\":\"a\"}')");
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    ChannelRecord record{"k", {"c"}, {"id", "resource", Instant{std::chrono::hours{5}}}, "hash"};
    record.state = ChannelState::Live;
    record.prolongable = false;
    store->write([&](Writer& writer) { writer.put(record); });
    store->read([&](const Reader& reader) {
        BOOST_TEST(reader.calendar({"c"})->account.value == "a");
        BOOST_TEST((reader.push_channels() == std::vector{record}));
    });
    record.state = ChannelState::Removed;
    store->write([&](Writer& writer) { writer.put(record); });
    store->read([&](const Reader& reader) { BOOST_TEST((reader.push_channels() == std::vector{record})); });
    store->write([](Writer& writer) { writer.erase(CalendarId{"c"}); });
    store->read([](const Reader& reader) { BOOST_TEST(reader.push_channels().empty()); });
}

BOOST_AUTO_TEST_CASE(a_file_of_version_7_is_upgraded_and_its_keys_still_open_everything) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 7);
        old.execute("INSERT INTO api_keys VALUES ('hash', 'first key')");
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->read([](const Reader& reader) {
        const ApiKey expected{"hash", "first key", KeyScope::Admin, Instant{}, std::nullopt};
        BOOST_TEST((reader.api_keys() == std::vector{expected}));
    });
}

BOOST_AUTO_TEST_CASE(a_file_of_version_8_is_upgraded_and_its_secrets_stay_with_their_accounts) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 8);
        old.execute("INSERT INTO accounts VALUES ('a', '{\"id\":\"a\"}')");
        old.execute("INSERT INTO secrets VALUES ('a', 'password', 3, 'sealed')");
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    const SealedSecret own{kOwnSecrets, "link_key", 3, "of the gateway"};
    store->write([&](Writer& writer) { writer.put(own); });
    BOOST_CHECK_THROW(
        store->write([](Writer& writer) {
            writer.put(SealedSecret{{"b"}, "password", 3, "x"});
        }),
        StoreFailure
    );
    store->read([&](const Reader& reader) {
        BOOST_TEST((reader.secret({"a"}, "password") == SealedSecret{{"a"}, "password", 3, "sealed"}));
        BOOST_TEST((reader.secret(kOwnSecrets, "link_key") == own));
        BOOST_TEST(reader.secrets_under_other_keys(4, {}, 10).size() == 2u);
    });
    store->write([](Writer& writer) { writer.erase(AccountId{"a"}); });
    store->read([&](const Reader& reader) {
        BOOST_TEST(!reader.secret({"a"}, "password").has_value());
        BOOST_TEST(reader.secret(kOwnSecrets, "link_key").has_value());
    });
    BOOST_TEST(store->check_integrity() == "");
}

BOOST_AUTO_TEST_CASE(a_file_of_version_12_is_upgraded_and_its_copies_are_still_no_busy_time) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 12);
        old.execute("INSERT INTO accounts VALUES ('a', '{\"id\":\"a\"}')");
        old.execute("INSERT INTO calendars (id, account, body) VALUES ('c', 'a', '{\"id\":\"c\",\"account\":\"a\"}')");
        // 17 bytes: start, end and kind of an interval.
        const std::string head = "INSERT INTO cached_events VALUES ('c', '", busy = "', NULL, 0, 0, zeroblob(17), '";
        old.execute(head + "foreign" + busy + "{\"href\":\"foreign\",\"appointment\":null}')");
        old.execute(head + "copy" + busy + "{\"href\":\"copy\",\"appointment\":\"n1\"}')");
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->read([](const Reader& reader) {
        BOOST_TEST(reader.busy_time({"c"}).size() == 1u);
        BOOST_TEST(reader.cached_events({"c"}).size() == 2u);
    });
}

BOOST_AUTO_TEST_CASE(a_newer_file_is_refused_with_a_sentence) {
    const ScratchFolder folder;
    {
        sqlite::Database newer(folder.file("store.db"), {});
        newer.execute("PRAGMA user_version = " + std::to_string(sqlite::kSchemaVersion + 1));
    }
    BOOST_CHECK_EXCEPTION(SqliteStore::open(folder.file("store.db")), StoreFailure, [](const StoreFailure& failure) {
        return std::string(failure.what()).find("newer calgate") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(what_is_no_store_is_refused_with_a_sentence) {
    const ScratchFolder folder;
    std::ofstream(folder.file("store.db")) << std::string(4096, 'x');
    BOOST_CHECK_EXCEPTION(SqliteStore::open(folder.file("store.db")), StoreFailure, [](const StoreFailure& failure) {
        return std::string(failure.what()).find("backup") != std::string::npos;
    });
    BOOST_CHECK_THROW(SqliteStore::open(folder.file("no/such/folder.db")), StoreFailure);
}

BOOST_AUTO_TEST_CASE(a_file_of_version_5_is_upgraded_and_keeps_what_each_appointment_is_as_its_first_version) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 5);
        old.execute("INSERT INTO staff VALUES ('ann', 1, '{\"id\":\"ann\",\"capacity\":1}')");
        old.execute(
            "INSERT INTO appointments VALUES ('a', 'ann', 1, 0, 10, '{\"id\":\"a\",\"staff\":\"ann\",\"revision\":7}')"
        );
        old.execute("INSERT INTO changes (body) VALUES ('{\"subject\":\"a\",\"kind\":\"k\"}')");
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->read([](const Reader& reader) {
        BOOST_REQUIRE(reader.versions({"a"}, 10).size() == 1u);
        BOOST_TEST(reader.versions({"a"}, 10)[0].revision == 7);
        BOOST_TEST(reader.changes_about("a", 10).size() == 1u);
    });
    BOOST_TEST(store->check_integrity() == "");
}

BOOST_AUTO_TEST_SUITE_END()
