#include <boost/test/data/test_case.hpp>

#include "tests/services/salon.hpp"

namespace calgate::testing {

namespace data = boost::unit_test::data;

namespace {

const char* const kTelling[] = {"google", "graph"};

/// Anna's own calendar, of which the gateway may know when it is taken and nothing else.
struct TimesOnly : Salon {
    explicit TimesOnly(const std::string& name) : Salon(name) {
        const auto watched = service->connect_for_times(wire)->list_calendars(context());
        BOOST_REQUIRE_MESSAGE(watched.has_value(), (watched ? "" : watched.error().detail));
        const auto owned = phone->list_calendars(context());
        for (const RemoteCalendar& ours : *watched)
            for (const RemoteCalendar& theirs : *owned)
                if (ours.href == theirs.href || ours.name == theirs.name + " (free/busy only)") {
                    home = theirs.href;
                    watched_as = ours.href;
                }
        store.write([&](Writer& writer) {
            auto account = *writer.account({"acc"});
            account.may_write = false;
            writer.put(account);
            auto row = *writer.calendar(calendar);
            row.href = watched_as;
            row.mirror = false;
            writer.put(row);
        });
        wire.after = [this](const http::Request& request) {
            read_events = read_events || request.url.find("/events") != std::string::npos;
        };
    }
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return reading_notes(service->connect_for_times(wire));
    }
    void put(const std::string& uid, LocalSeconds start) {
        Event event;
        event.uid = {uid};
        event.master.start = {When::Kind::Zoned, start, "Europe/Berlin"};
        event.master.end = {When::Kind::Zoned, start + 1h, "Europe/Berlin"};
        event.master.title = "private";
        const auto made = phone->create_event(context(), home, event);
        BOOST_REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().detail));
        made_.insert_or_assign(uid, *made);
    }
    void take_out(const std::string& uid) {
        const WriteReceipt& held = made_.at(uid);
        BOOST_REQUIRE(phone->delete_event(context(), held.href, *held.version).has_value());
    }
    SourceState source() const { return index.person({"anna"})->sources.at(calendar.value); }

    Href home{}, watched_as{};
    bool read_events = false;

private:
    std::map<std::string, WriteReceipt> made_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(free_busy)

BOOST_DATA_TEST_CASE(a_busy_only_source_is_read_by_free_and_busy_times_alone, data::make(kTelling), name) {
    TimesOnly salon(name);
    salon.put("a", Salon::at(10, 9));
    salon.run(20s);
    BOOST_TEST(salon.is_busy(Salon::at(10, 9)));
    BOOST_TEST(!salon.is_busy(Salon::at(10, 10)));
    BOOST_TEST((salon.source().freshness == SourceState::Freshness::Live));
    salon.put("b", Salon::at(10, 10));
    salon.take_out("a");
    salon.run(370s, 5s);
    BOOST_TEST(!salon.is_busy(Salon::at(10, 9)));
    BOOST_TEST(salon.is_busy(Salon::at(10, 10)));
    BOOST_TEST(!salon.read_events);
}

BOOST_DATA_TEST_CASE(I18_an_error_inside_an_answer_is_never_free_time, data::make(kTelling), name) {
    TimesOnly salon(name);
    salon.put("a", Salon::at(10, 9));
    salon.run(20s);
    const auto known_at = salon.source().as_of;
    BOOST_REQUIRE(known_at.has_value());
    salon.service->break_times(true);
    salon.take_out("a");
    salon.run(1800s, 5s);
    BOOST_TEST(salon.is_busy(Salon::at(10, 9)));
    BOOST_TEST((salon.source().freshness != SourceState::Freshness::Live));
    BOOST_TEST((*salon.source().as_of - *known_at <= 300s));  // It ages, and says so (I17).
    BOOST_TEST(!salon.engine->health().front().trouble.empty());
    salon.service->break_times(false);
    salon.run(600s, 5s);
    BOOST_TEST(!salon.is_busy(Salon::at(10, 9)));
    BOOST_TEST((salon.source().freshness == SourceState::Freshness::Live));
}

BOOST_DATA_TEST_CASE(R18_busy_times_reach_as_far_as_everything_else, data::make(kTelling), name) {
    TimesOnly salon(name);
    const LocalSeconds far = LocalSeconds{std::chrono::local_days{std::chrono::year{2028} / 2 / 21}} + 9h;
    const LocalSeconds farther = LocalSeconds{std::chrono::local_days{std::chrono::year{2028} / 9 / 21}} + 9h;
    salon.put("far", far);          // 722 days ahead; busy time is expanded over 730.
    salon.put("farther", farther);  // 935.
    salon.run(20s);
    BOOST_TEST(salon.is_busy(far));
    BOOST_TEST(!salon.is_busy(farther));
    salon.run(std::chrono::hours(24 * 220), 120h);
    BOOST_TEST(salon.is_busy(farther));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
