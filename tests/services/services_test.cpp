#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "tests/services/salon.hpp"

namespace calgate::testing {

namespace data = boost::unit_test::data;
namespace {

/// Longer than the poll interval of a calendar that changed lately.
constexpr auto kOnePoll = 75s;

bool changes_anything(const http::Request& request) { return request.method != "GET" && request.method != "REPORT"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(services)

BOOST_DATA_TEST_CASE(R4_what_a_phone_does_reaches_the_booking_within_one_poll, data::make(kServices), name) {
    Salon salon(name);
    for (int i = 0; i < 4; ++i) salon.book("a" + std::to_string(i), Salon::at(10 + i, 9));
    salon.run(10s);
    salon.edit("a0", [](EventInstance& event) {
        event.start.local = Salon::at(20, 14);
        event.end.local = Salon::at(20, 15);
    });
    salon.edit("a1", [](EventInstance& event) { event.end.local += 30min; });
    salon.edit("a2", [](EventInstance& event) { event.title = "Cut and beard"; });
    salon.erase("a3");
    salon.run(kOnePoll);
    BOOST_TEST((salon.appointment("a0").start == Salon::at(20, 14)));
    BOOST_TEST((salon.appointment("a1").end == Salon::at(11, 10) + 30min));
    BOOST_TEST(salon.appointment("a2").title == "Cut and beard");
    BOOST_TEST((salon.appointment("a3").state == AppointmentState::Cancelled));
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 3u);
}

struct Deletion {
    const char* name;
    DeletionPolicy policy;
    AppointmentState becomes;
    std::size_t copies;
    std::size_t conflicts;
};
std::ostream& operator<<(std::ostream& out, const Deletion& row) { return out << row.name; }

// clang-format off
const Deletion kDeletions[] = {
    {"cancel",  DeletionPolicy::Cancel,  AppointmentState::Cancelled, 1, 0},
    {"restore", DeletionPolicy::Restore, AppointmentState::Confirmed, 2, 0},
    {"ask",     DeletionPolicy::Ask,     AppointmentState::Confirmed, 1, 1},
    {"hide",    DeletionPolicy::Hide,    AppointmentState::Confirmed, 1, 0},
    {"ask_when_many", DeletionPolicy::AskWhenMany, AppointmentState::Cancelled, 1, 0},
};
// clang-format on

BOOST_DATA_TEST_CASE(
    R5_a_deleted_copy_follows_the_policy_and_stays_so, data::make(kServices) * data::make(kDeletions), name, row
) {
    Salon salon(name);
    salon.store.write([&](Writer& writer) {
        auto business = writer.business();
        business->deletions = row.policy;
        writer.put(*business);
    });
    salon.book("a", Salon::at(10, 9));
    salon.book("kept", Salon::at(11, 9));
    salon.run(10s);
    salon.erase("a");
    salon.run(kOnePoll);
    std::vector<std::string> first;
    for (int cycle = 0; cycle < 10; ++cycle) {
        BOOST_TEST((salon.appointment("a").state == row.becomes));
        BOOST_TEST(calgate::read(salon.store, [](const Reader& r) {
                       return r.conflicts(true);
                   }).size() == row.conflicts);
        std::vector<std::string> now;
        for (const auto& event : salon.events())
            now.push_back(event.href.value + event.version.value_or(Version{}).value);
        if (cycle == 0) first = now;
        BOOST_TEST(now.size() == row.copies);
        BOOST_TEST((now == first));
        salon.run(600s, 20s);
    }
}

BOOST_DATA_TEST_CASE(R5_two_deletions_at_once_wait_for_a_person_where_nobody_chose, data::make(kServices), name) {
    Salon salon(name);
    for (const char* id : {"a", "b", "kept"}) salon.book(id, Salon::at(id[0] == 'k' ? 12 : 10 + (id[0] - 'a'), 9));
    salon.run(10s);
    salon.erase("a");
    salon.erase("b");
    salon.run(kOnePoll);
    for (int cycle = 0; cycle < 3; ++cycle) {
        for (const char* id : {"a", "b", "kept"})
            BOOST_TEST((salon.appointment(id).state == AppointmentState::Confirmed));
        BOOST_TEST(calgate::read(salon.store, [](const Reader& r) { return r.conflicts(true); }).size() == 2u);
        BOOST_TEST(salon.events().size() == 1u);
        salon.run(600s, 20s);
    }
}

BOOST_DATA_TEST_CASE(R6_creates_whose_answer_is_cut_leave_one_event_each, data::make(kServices), name) {
    const int runs = std::getenv("CALGATE_LONG") ? 3'400 : 12;
    for (int seed = 0; seed < runs; ++seed) {
        Salon salon(name, static_cast<std::uint64_t>(seed));
        SeededRandom chance(static_cast<std::uint64_t>(seed));
        int left = 1 + static_cast<int>(chance.next() % 5);
        salon.wire.loses = [&](const http::Request& request) {
            const bool cut = left > 0 && chance.next() % (changes_anything(request) ? 2 : 6) == 0;
            left -= cut ? 1 : 0;
            return cut;
        };
        for (int i = 0; i < 3; ++i) salon.book("a" + std::to_string(i), Salon::at(10 + i, 9));
        salon.run(3600s, 30s);
        BOOST_REQUIRE_EQUAL(salon.waiting(), 0);
        BOOST_REQUIRE_EQUAL(salon.events().size(), 3u);
    }
}

/// iCloud's refusals are believed after three tries only, Exchange's after two (R16).
const char* const kBelievedAtOnce[] = {"google", "graph", "caldav"};

BOOST_DATA_TEST_CASE(
    R15_lost_access_parks_with_one_alarm_and_lands_in_order_after_it, data::make(kBelievedAtOnce), name
) {
    Salon salon(name);
    salon.book("a", Salon::at(10, 9));
    salon.run(10s);
    salon.service->revoke();
    salon.run(kOnePoll);
    for (int i = 0; i < 3; ++i) salon.book("b" + std::to_string(i), Salon::at(14 - i, 9));
    const int before = salon.wire.calls;
    salon.run(600s, 5s);
    BOOST_TEST(salon.noted("account.attention") == 1);
    BOOST_TEST(salon.wire.calls == before);
    BOOST_TEST(salon.waiting() == 3);
    BOOST_TEST(calgate::read(salon.store, [](const Reader& r) { return r.account({"acc"})->detail; }) != "");
    salon.service->admit();
    salon.open_phone();
    salon.store.write([](Writer& writer) {
        auto account = *writer.account({"acc"});
        account.state = AccountState::Active;
        account.detail.clear();
        ++account.sign_ins;
        writer.put(account);
    });
    std::vector<std::string> order;
    salon.wire.after = [&](const http::Request& request) {
        if (!changes_anything(request)) return;
        const std::string title = "Cut b";
        for (auto at = request.body.find(title); at != std::string::npos; at = request.body.find(title, at + 1))
            order.push_back("b" + request.body.substr(at + title.size(), 1));
    };
    salon.run(60s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST((order == std::vector<std::string>{"b2", "b1", "b0"}));
    BOOST_TEST(salon.events().size() == 4u);
}

BOOST_DATA_TEST_CASE(R17_without_any_notification_polling_converges, data::make(kServices), name) {
    Salon salon(name);
    salon.book("a", Salon::at(10, 9));
    salon.run(1800s, 10s);  // Long enough that it is polled slowly.
    salon.edit("a", [](EventInstance& event) { event.title = "Changed"; });
    salon.block("private", Salon::at(12, 9));
    salon.run(370s, 5s);
    BOOST_TEST(salon.appointment("a").title == "Changed");
    BOOST_TEST(salon.busy_of_calendar() == 1u);
}

BOOST_DATA_TEST_CASE(R17_a_hint_in_the_middle_of_a_read_causes_another_read, data::make(kServices), name) {
    Salon salon(name);
    salon.book("a", Salon::at(10, 9));
    salon.run(10s);
    bool once = true;
    salon.wire.after = [&](const http::Request&) {
        if (!std::exchange(once, false)) return;
        salon.block("private", Salon::at(12, 9));
        salon.engine->poll_now(salon.calendar);
    };
    salon.engine->poll_now(salon.calendar);
    salon.run(5s);
    BOOST_TEST(salon.busy_of_calendar() == 1u);
}

BOOST_DATA_TEST_CASE(R18_an_event_far_ahead_appears_when_the_horizon_reaches_it, data::make(kServices), name) {
    Salon salon(name);
    const LocalSeconds far = LocalSeconds{std::chrono::local_days{std::chrono::year{2028} / 3 / 21}} + 9h;
    salon.block("weekly", Salon::at(10, 9), {"FREQ=WEEKLY"});  // On `far` too, 742 days away: the horizon is 730.
    salon.block("once", far + 3h);
    salon.book("a", Salon::at(11, 9));
    salon.run(10s);
    BOOST_TEST(!salon.is_busy(far));
    salon.run(std::chrono::hours(24 * 35), 6h);
    BOOST_TEST(salon.is_busy(far));
    BOOST_TEST(salon.is_busy(far + 3h));
    BOOST_TEST(salon.events().size() == 3u);
    BOOST_TEST((salon.appointment("a").state == AppointmentState::Confirmed));
}

BOOST_DATA_TEST_CASE(R18_small_and_large_pages_are_equal, data::make(kServices), name) {
    std::vector<BusyInterval> seen[2];
    for (const std::size_t page : {std::size_t{1}, std::size_t{1000}}) {
        Salon salon(name);
        salon.service->set_page(page);
        for (int i = 0; i < 9; ++i) salon.block("p" + std::to_string(i), Salon::at(10 + i, 9));
        salon.book("a", Salon::at(20, 9));
        salon.run(20s);
        seen[page == 1 ? 0 : 1] = salon.index.person({"anna"})->external->all();
    }
    BOOST_TEST(seen[0].size() == 9u);
    BOOST_TEST((seen[0] == seen[1]));
}

BOOST_DATA_TEST_CASE(
    R19_at_a_tenth_of_the_quota_what_starts_soon_is_mirrored_within_60_s, data::make(kServices), name
) {
    Engine::Settings scarce;
    scarce.calls_per_second = 1;  // Google admits 600 calls a minute.
    Salon salon(name, 11, scarce);
    salon.run(10s);
    for (int i = 0; i < 150; ++i) salon.book("later" + std::to_string(i), Salon::at(5 + i / 10, 8 + i % 10));
    salon.run(30s);
    salon.book("soon", Salon::at(2, 6));
    salon.run(60s);
    BOOST_TEST(!salon.mirror("soon").open());
    BOOST_TEST(salon.waiting() > 20);
    salon.run(300s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 151u);
}

BOOST_DATA_TEST_CASE(R19_a_limit_without_a_hint_loses_nothing_and_is_not_hammered, data::make(kServices), name) {
    Salon salon(name);
    salon.run(10s);
    salon.wire.calls_per_minute = 60;
    for (int i = 0; i < 100; ++i) salon.book("later" + std::to_string(i), Salon::at(5 + i / 10, 8 + i % 10));
    salon.run(1800s, 5s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.wire.refused <= 60);  // One in 30 s (L5).
    salon.wire.calls_per_minute = 0;
    BOOST_TEST(salon.events().size() == 100u);
}

struct Mirroring {
    const char* service;
    int calls;  ///< For 100 copies at most, the marker's and reading included.
};
std::ostream& operator<<(std::ostream& out, const Mirroring& row) { return out << row.service; }
const Mirroring kMirrorings[] = {{"google", 12}, {"graph", 65}, {"caldav", 115}};

BOOST_AUTO_TEST_CASE(R19_what_google_stops_for_writing_too_much_is_still_read_G33) {
    Salon salon("google");
    salon.book("a", Salon::at(20, 9));
    salon.run(60s);
    BOOST_REQUIRE(salon.waiting() == 0);
    bool stopped = true;
    salon.wire.instead = [&](const http::Request& request) -> std::optional<http::Response> {
        if (!stopped || request.method == "GET") return std::nullopt;
        http::Response out;
        out.status = 403;
        out.headers = {{"Content-Type", "application/json"}};
        out.body = R"({"error":{"code":403,"message":"Calendar usage limits exceeded.",)"
                   R"("errors":[{"domain":"usageLimits","reason":"quotaExceeded","message":"x"}]}})";
        return out;
    };
    salon.book("b", Salon::at(21, 9));
    salon.run(120s);
    BOOST_TEST(salon.waiting() == 1);
    for (const auto& one : salon.engine->health()) {
        BOOST_TEST(one.live);
        BOOST_TEST(one.trouble.find("stopped this account") != std::string::npos, one.trouble);
    }
    const int before = salon.wire.calls;
    salon.edit("a", [](EventInstance& event) { event.title = "Cut and beard"; });
    salon.run(600s);
    BOOST_TEST(salon.appointment("a").title == "Cut and beard");
    BOOST_TEST(salon.wire.calls - before <= 25, salon.wire.calls - before);
    stopped = false;
    salon.run(7200s, 2s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 2u);
    for (const auto& one : salon.engine->health()) BOOST_TEST(one.trouble == "");
}

BOOST_AUTO_TEST_CASE(R19_a_hint_for_the_whole_account_stops_reading_too_F3) {
    Salon salon("caldav");
    salon.run(60s);
    salon.wire.instead = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.method != "PUT") return std::nullopt;
        http::Response out;
        out.status = 429;
        out.headers = {{"Retry-After", "1200"}};
        return out;
    };
    salon.book("a", Salon::at(21, 9));
    salon.run(30s);
    const int before = salon.wire.calls;
    salon.run(600s, 2s);
    BOOST_TEST(salon.wire.calls == before);
    salon.wire.instead = nullptr;
    salon.run(1200s, 2s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 1u);
}

BOOST_DATA_TEST_CASE(R19_a_hundred_new_copies_take_as_few_calls_as_the_service_allows, data::make(kMirrorings), row) {
    Engine::Settings quick;
    quick.calls_per_second = 200;
    Salon salon(row.service, 11, quick);
    salon.run(10s);
    for (int i = 0; i < 100; ++i) salon.book("a" + std::to_string(i), Salon::at(5 + i / 10, 8 + i % 10));
    const int before = salon.wire.calls;
    salon.run(15s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.wire.calls - before <= row.calls);
    BOOST_TEST(salon.events().size() == 100u);
    BOOST_TEST(salon.noted("copy.parked") == 0);
}

BOOST_DATA_TEST_CASE(R6_a_mirroring_whose_answers_are_lost_ends_with_one_copy_each, data::make(kServices), name) {
    Engine::Settings quick;
    quick.calls_per_second = 200;
    Salon salon(name, 11, quick);
    salon.run(10s);
    int lost = 0;
    salon.wire.loses = [&](const http::Request& request) { return changes_anything(request) && lost++ < 2; };
    for (int i = 0; i < 60; ++i) salon.book("a" + std::to_string(i), Salon::at(5 + i / 10, 8 + i % 10));
    salon.run(3600s, 20s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 60u);
}

BOOST_DATA_TEST_CASE(R21_nobody_gets_a_mail, data::make(kServices), name) {
    Salon salon(name);
    for (int i = 0; i < 3; ++i) salon.book("a" + std::to_string(i), Salon::at(10 + i, 9));
    salon.run(10s);
    salon.edit("a0", [](EventInstance& event) { event.title = "Changed"; });
    salon.run(kOnePoll);
    salon.book("a1", Salon::at(15, 9));
    salon.cancel("a2");
    salon.run(kOnePoll);
    salon.book("a2", Salon::at(12, 9));  // Restored.
    salon.run(kOnePoll);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 3u);
    BOOST_TEST(salon.service->mails() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
