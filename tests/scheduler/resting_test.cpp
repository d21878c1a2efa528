#include <atomic>
#include <boost/test/unit_test.hpp>

#include "core/forwarding_connector.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {
namespace {

using namespace std::chrono_literals;

/// Counts what is written into the store below it, and takes its time to read.
class CountingStore final : public Store {
public:
    CountingStore(Store& rows, HandClock& clock) : rows_(rows), clock_(clock) {}
    void write(const std::function<void(Writer&)>& work) override {
        ++writes;
        rows_.write(work);
    }
    void read(const std::function<void(const Reader&)>& work) const override {
        clock_.advance(reading_takes);
        rows_.read(work);
    }
    bool writable() const override { return rows_.writable(); }
    std::unique_ptr<Store> scratch_copy() const override { return rows_.scratch_copy(); }
    void compact() override { rows_.compact(); }

    std::atomic<int> writes{0};
    std::chrono::seconds reading_takes{0};

private:
    Store& rows_;
    HandClock& clock_;
};

/// Names another token at every reading, and goes on from its last one only, as some services do.
class EverNewTokens final : public ForwardingConnector {
public:
    struct Given {
        int tokens = 0;
        int listings = 0;  ///< Asked for without a token.
    };
    EverNewTokens(std::unique_ptr<Connector> inner, Given& given)
        : ForwardingConnector(*inner), owned_(std::move(inner)), given_(given) {}
    Result<ChangeSet> fetch_changes(
        const Context& c, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        std::optional<SyncToken> from;
        if (!since) ++given_.listings;
        if (since) {
            const std::size_t at = since->value.find('/');
            if (since->value.substr(0, at) != std::to_string(given_.tokens))
                return Error{ErrorCode::SyncTokenExpired, "A newer token was given out.", {}};
            from = SyncToken{since->value.substr(at + 1)};
        }
        CALGATE_TRY(ChangeSet page, inner_.fetch_changes(c, calendar, from, known));
        if (page.next) page.next->value = std::to_string(++given_.tokens) + "/" + page.next->value;
        return page;
    }

private:
    std::unique_ptr<Connector> owned_;
    Given& given_;
};

struct EverNewFactory final : ConnectorFactory {
    explicit EverNewFactory(memory::MemoryService& at) : service(at) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(
            std::make_unique<EverNewTokens>(std::make_unique<memory::MemoryConnector>(service), handed)
        );
    }
    memory::MemoryService& service;
    EverNewTokens::Given handed{};
};

/// A calendar with an event of its own and one copy, read and written to the end.
struct Resting : SmallBusiness {
    CountingStore counted{store, clock};
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

BOOST_AUTO_TEST_CASE(P6_a_service_that_takes_its_newest_token_only_is_not_listed_anew) {
    EverNewFactory factory_of_new{service};
    const auto read_anew = [&] {
        store.write([&](Writer& writer) {
            Calendar changed = *writer.calendar(calendar);
            changed.sync_token.reset();
            writer.put(changed);
        });
    };
    read_anew();
    Engine reader{{counted, answers, factory_of_new, zones, clock, random, keys, [](const std::string&) {}}, {}};
    const auto poll_new = [&] {
        clock.advance(1min);
        return reader.run_pass(calendar);
    };
    poll_new();
    poll_new();
    const int quiet = factory_of_new.handed.listings;
    for (int i = 0; i < 40; ++i) {
        const auto calls = service.counters().total();
        BOOST_TEST(poll_new().completed);
        BOOST_TEST(service.counters().total() - calls == 1u);
    }
    BOOST_TEST(factory_of_new.handed.listings == quiet);
    service.put(href, foreign("new", 12, 14));
    BOOST_TEST(poll_new().changed == 1);
    poll_new();
    const int listings = factory_of_new.handed.listings;
    read_anew();
    BOOST_TEST(poll_new().completed);
    BOOST_TEST(factory_of_new.handed.listings == listings + 1);
    poll_new();
    Engine restarted{{counted, answers, factory_of_new, zones, clock, random, keys, [](const std::string&) {}}, {}};
    BOOST_TEST(restarted.run_pass(calendar).completed);
    BOOST_TEST(cached() == 2u);
}

BOOST_AUTO_TEST_CASE(lanes_whose_reading_takes_long_are_read_seldom_and_at_least_once_a_minute) {
    const auto found_after = [&](const std::string& name) {
        Calendar added = row();
        added.id = {name};
        added.href = service.add_calendar(name);
        added.mirror = false;
        added.as_of.reset();
        added.sync_token.reset();
        store.write([&](Writer& writer) { writer.put(added); });
        const Instant put = clock.now();
        const auto as_of = [&] {
            return calgate::read(store, [&](const Reader& r) { return r.calendar(added.id)->as_of; });
        };
        for (; !as_of() && clock.now() - put < 5min; clock.advance(1s))
            while (watched.run_due().count() == 0) {
            }
        return clock.now() - put;
    };
    while (watched.run_due().count() == 0) {
    }
    BOOST_TEST(found_after("soon").count() <= 10);
    clock.advance(6s);
    counted.reading_takes = 1s;
    watched.run_due();
    counted.reading_takes = 0s;
    const auto later = found_after("later");
    BOOST_TEST(later.count() > 30);
    BOOST_TEST(later.count() <= 61);
}

BOOST_AUTO_TEST_CASE(what_a_poll_finds_is_written_with_its_time) {
    service.put(href, foreign("new", 12, 14));
    BOOST_TEST(poll().changed == 1);
    BOOST_TEST((row().as_of == clock.now()));
    BOOST_TEST(cached() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
