#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>

#include "connectors/ews/ews_connector.hpp"
#include "connectors/http/url.hpp"
#include "core/hints.hpp"
#include "gateway/system_clock.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/sim/ews_site.hpp"
#include "tests/sim/sim_world.hpp"

/// Answers that stay open, over real HTTPS.
namespace calgate::testing {

namespace {

using namespace std::chrono_literals;

struct Ear final : HintListener {
    void changed(const Href& calendar) override {
        const std::lock_guard lock(mutex);
        heard.push_back(calendar.value);
        news.notify_all();
    }
    void ended(const Status& how) override {
        const std::lock_guard lock(mutex);
        end = how;
        news.notify_all();
    }
    bool wait(const std::function<bool(const Ear&)>& until) {
        std::unique_lock lock(mutex);
        return news.wait_for(lock, 20s, [&] { return until(*this); });
    }
    std::mutex mutex{};
    std::condition_variable news{};
    std::vector<std::string> heard{};
    std::optional<Status> end{};
};

struct TemporaryFolder {
    TemporaryFolder() { BOOST_REQUIRE(mkdtemp(path.data()) != nullptr); }
    ~TemporaryFolder() { std::filesystem::remove_all(path); }
    std::string path = "/tmp/calgate-streams-XXXXXX";
};

struct Office {
    TemporaryFolder folder{};
    SystemClock clock{};
    ZoneResolver zones{};
    SimWorld world{clock, {ews_site("plain", clock, zones)}, folder.path};
    http::CurlTransport transport{world.client_settings(), clock};
    ews::EwsConnector connector{transport, clock, zones, settings()};
    std::string bookings = make("Bookings");
    Href calendar{"folders/" + http::percent_encode(bookings)};

    static ews::EwsSettings settings() {
        ews::EwsSettings out;
        out.url = EwsSim::url();
        out.user = EwsSim::credentials().user;
        out.password = EwsSim::credentials().password;
        return out;
    }
    Context context() const { return {clock.steady() + 30s, {}}; }
    std::string make(const std::string& name) {
        std::string id;
        world.run([&](SimSites& sites) { id = sites.named("ews")->person->make_calendar(name); });
        return id;
    }
    void put(const std::string& title) {
        world.run([&](SimSites& sites) {
            sites.named("ews")->person->put(
                bookings,
                "",
                "<CalendarItem><Subject>" + title +
                    "</Subject><Start>2026-06-10T07:00:00Z</Start><End>2026-06-10T08:00:00Z</End></CalendarItem>"
            );
        });
    }
    std::unique_ptr<HintStream> listen(const std::shared_ptr<Ear>& ear) {
        auto stream = connector.hints()->listen(context(), {calendar}, ear);
        BOOST_REQUIRE_MESSAGE(stream, (stream ? "" : stream.error().detail));
        return std::move(*stream);
    }
    std::size_t open() {
        std::size_t count = 0;
        world.run([&](SimSites& sites) {
            count = std::dynamic_pointer_cast<EwsSim>(sites.named("ews")->service)->open_streams();
        });
        return count;
    }
    bool until_open(std::size_t count) {
        const auto end = clock.steady() + 20s;
        while (open() != count && clock.steady() < end) continue;
        return open() == count;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(streaming, Office)

BOOST_AUTO_TEST_CASE(what_happens_is_heard_while_it_happens) {
    const auto ear = std::make_shared<Ear>();
    const auto stream = listen(ear);
    BOOST_REQUIRE(until_open(1));
    for (std::size_t i = 1; i <= 3; ++i) {
        put("Cut " + std::to_string(i));
        BOOST_TEST(ear->wait([&](const Ear& all) { return all.heard.size() >= i; }));
    }
    BOOST_TEST(ear->heard.front() == calendar.value);
    BOOST_TEST(!ear->end.has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_away_ends_it) {
    const auto ear = std::make_shared<Ear>();
    const auto stream = listen(ear);
    BOOST_REQUIRE(until_open(1));
    world.set_faults("ews", {.down = true});
    BOOST_TEST(ear->wait([](const Ear& all) { return all.end.has_value(); }));
    BOOST_TEST(ear->end->has_value(), "what was open may be opened again");
}

BOOST_AUTO_TEST_CASE(one_that_nobody_holds_any_more_leaves_the_server) {
    const auto ear = std::make_shared<Ear>();
    auto stream = listen(ear);
    BOOST_REQUIRE(until_open(1));
    stream.reset();
    BOOST_TEST(until_open(0));
    put("Unheard");
    BOOST_TEST(ear->heard.empty());
}

/// Other calls to the same host have as many connections as without them.
BOOST_AUTO_TEST_CASE(streams_take_no_connection_from_anybody) {
    std::vector<std::unique_ptr<HintStream>> streams;
    std::vector<std::unique_ptr<ews::EwsConnector>> connectors;
    for (int i = 0; i < 8; ++i) {
        connectors.push_back(std::make_unique<ews::EwsConnector>(transport, clock, zones, settings()));
        auto stream = connectors.back()->hints()->listen(context(), {calendar}, std::make_shared<Ear>());
        BOOST_REQUIRE(stream);
        streams.push_back(std::move(*stream));
    }
    BOOST_REQUIRE(until_open(8));
    BOOST_TEST(connector.list_calendars(context()).has_value());
}

BOOST_AUTO_TEST_CASE(a_refusal_is_no_stream) {
    world.run([](SimSites& sites) {
        std::dynamic_pointer_cast<EwsSim>(sites.named("ews")->service)->quirks().most_streams = 0;
    });
    const auto ear = std::make_shared<Ear>();
    const auto stream = listen(ear);
    BOOST_TEST(ear->wait([](const Ear& all) { return all.end.has_value(); }));
    BOOST_REQUIRE(!*ear->end);
    BOOST_TEST((ear->end->error().code == ErrorCode::RateLimited));
}

BOOST_AUTO_TEST_CASE(the_transport_ends_with_streams_open) {
    const auto ear = std::make_shared<Ear>();
    std::unique_ptr<HintStream> stream;
    {
        http::CurlTransport own(world.client_settings(), clock);
        ews::EwsConnector other(own, clock, zones, settings());
        auto opened = other.hints()->listen(context(), {calendar}, ear);
        BOOST_REQUIRE(opened);
        stream = std::move(*opened);
        BOOST_REQUIRE(until_open(1));
    }
    BOOST_TEST(ear->wait([](const Ear& all) { return all.end.has_value(); }));
    stream.reset();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
