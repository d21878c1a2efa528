#include <atomic>
#include <boost/test/unit_test.hpp>

#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {
namespace {

using namespace std::chrono_literals;

/// Counts what is written into the store below it.
class CountingStore final : public Store {
public:
    explicit CountingStore(Store& rows) : rows_(rows) {}
    void write(const std::function<void(Writer&)>& work) override {
        ++writes;
        rows_.write(work);
    }
    void read(const std::function<void(const Reader&)>& work) const override { rows_.read(work); }
    bool writable() const override { return rows_.writable(); }
    std::unique_ptr<Store> scratch_copy() const override { return rows_.scratch_copy(); }
    void compact() override { rows_.compact(); }

    std::atomic<int> writes{0};

private:
    Store& rows_;
};

/// A calendar with an event of its own and one copy, read and written to the end.
struct Resting : SmallBusiness {
    CountingStore counted{store};
    AvailabilityIndex answers{};
    Engine watched{{counted, answers, factory, zones, clock, random, keys, [](const std::string&) {}}, {}};

    Resting() {
        watched.load();
        service.put(href, foreign("dentist", 10, 14));
        book("a", 10, 9);
        for (int i = 0; i < 4; ++i) poll();
    }
    PassReport poll() {
        clock.advance(1min);
        return watched.run_pass(calendar);
    }
    std::optional<Instant> answered() const { return answers.person({"anna"})->sources.at(calendar.value).as_of; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resting, Resting)

BOOST_AUTO_TEST_CASE(P6_a_poll_without_news_is_one_call_and_no_write) {
    for (int i = 0; i < 5; ++i) {
        const auto calls = service.counters().total();
        const int writes = counted.writes;
        BOOST_TEST(poll().completed);
        BOOST_TEST(service.counters().total() - calls == 1u);
        BOOST_TEST(counted.writes == writes);
        BOOST_TEST((answered() == clock.now()));
        BOOST_TEST((watched.health().front().as_of == clock.now()));
        BOOST_TEST((row().as_of < clock.now()));
    }
}

BOOST_AUTO_TEST_CASE(I17_the_row_is_never_newer_than_the_reading_and_seldom_much_older) {
    Instant read_at = clock.now();
    for (int i = 0; i < 90; ++i) {
        const bool away = i % 7 == 3;
        service.set_outage(away ? std::optional(Error{ErrorCode::Timeout, "No answer came.", {}}) : std::nullopt);
        if (poll().completed) read_at = clock.now();
        BOOST_TEST((row().as_of <= read_at));
        BOOST_TEST((read_at - *row().as_of < 15min));
        BOOST_TEST((answered() == read_at));
    }
}

BOOST_AUTO_TEST_CASE(I17_where_data_is_stale_soon_the_row_follows_sooner) {
    store.write([&](Writer& writer) {
        Business business = *writer.business();
        business.stale_after = 4min;
        writer.put(business);
    });
    for (int i = 0; i < 10; ++i) {
        poll();
        BOOST_TEST((row().as_of == clock.now()));
    }
}

BOOST_AUTO_TEST_CASE(I17_a_restart_tells_the_time_of_the_row) {
    for (int i = 0; i < 3; ++i) poll();
    AvailabilityIndex after{};
    Engine next{{store, after, factory, zones, clock, random, keys, [](const std::string&) {}}, {}};
    next.load();
    const SourceState& source = after.person({"anna"})->sources.at(calendar.value);
    BOOST_TEST((source.as_of == row().as_of));
    BOOST_TEST((source.as_of < answered()));
    BOOST_TEST((source.freshness == SourceState::Freshness::Cached));
}

BOOST_AUTO_TEST_CASE(stopping_writes_how_new_the_calendars_are) {
    poll();
    BOOST_REQUIRE((row().as_of < clock.now()));
    watched.start();
    watched.stop();
    BOOST_TEST((row().as_of == clock.now()));
}

BOOST_AUTO_TEST_CASE(a_row_that_is_to_be_read_anew_is_not_taken_for_known) {
    store.write([&](Writer& writer) {
        Calendar changed = *writer.calendar(calendar);
        changed.as_of.reset();
        writer.put(changed);
    });
    BOOST_TEST(!watched.health().front().as_of.has_value());
    BOOST_TEST(poll().completed);
    BOOST_TEST((row().as_of == clock.now()));
}

BOOST_AUTO_TEST_CASE(I23_a_clock_that_was_set_back_makes_nothing_newer_than_now) {
    poll();
    clock.jump(-2h);
    BOOST_TEST(poll().completed);
    BOOST_TEST((answered() == clock.now()));
    BOOST_TEST((row().as_of == clock.now()));
}

BOOST_AUTO_TEST_CASE(what_a_poll_finds_is_written_with_its_time) {
    service.put(href, foreign("new", 12, 14));
    BOOST_TEST(poll().changed == 1);
    BOOST_TEST((row().as_of == clock.now()));
    BOOST_TEST(cached() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
