#include "connectors/ews/ews_stream.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "tests/sim/ews_sim.hpp"
#include "tests/support/manual_clock.hpp"

namespace bdata = boost::unit_test::data;
using namespace calgate;
using namespace calgate::ews;

namespace {

std::string fixture(const std::string& name) {
    std::ifstream in(std::string(CALGATE_SOURCE_DIR) + "/fixtures/ews/" + name, std::ios::binary);
    BOOST_REQUIRE(in);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::string> split(const std::string& answer, std::size_t piece) {
    EnvelopeSplitter splitter;
    std::vector<std::string> out;
    for (std::size_t at = 0; at < answer.size(); at += piece)
        BOOST_TEST(splitter.add(std::string_view(answer).substr(at, piece), [&](std::string_view envelope) {
            out.emplace_back(envelope);
        }));
    return out;
}

struct Spoken {
    const char* file;
    std::size_t folders;
    bool closed;
    const char* refused;
};
std::ostream& operator<<(std::ostream& out, const Spoken& row) { return out << row.file; }
const Spoken kSpoken[] = {
    {"getstreamingevents-event.response.xml", 1, false, ""},
    {"getstreamingevents-event.wire.xml", 1, false, ""},
    {"getstreamingevents-open.response.xml", 0, false, ""},
    {"getstreamingevents-closed.response.xml", 0, true, ""},
    {"getstreamingevents-badsubscription.response.xml", 0, true, "ErrorInvalidSubscription"},
    {"fault-serverbusy.response.xml", 0, false, "ErrorServerBusy"},
    {"getitem-single.response.xml", 0, false, ""},
};

struct Ear final : HintListener {
    void changed(const Href& calendar) override { heard.push_back(calendar.value); }
    void ended(const Status& how) override { end = how; }
    std::vector<std::string> heard{};
    std::optional<Status> end{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ews_stream)

BOOST_DATA_TEST_CASE(an_envelope_says_what_it_says, bdata::make(kSpoken), row) {
    const StreamNews news = read_stream_news(fixture(row.file));
    BOOST_TEST(news.folders.size() == row.folders);
    BOOST_TEST(news.closed == row.closed);
    BOOST_TEST((news.refused ? news.refused->code : "") == row.refused);
}

BOOST_AUTO_TEST_CASE(an_answer_is_cut_into_its_envelopes_wherever_its_pieces_are_cut) {
    const std::vector<std::string> parts = {
        fixture("getstreamingevents-open.response.xml"),
        fixture("getstreamingevents-event.wire.xml"),
        "<soap11:Envelope xmlns:soap11=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap11:Body/></soap11:Envelope >",
        fixture("getstreamingevents-closed.response.xml")};
    std::string answer;
    for (const std::string& part : parts) answer += part;
    for (std::size_t piece = 1; piece < 40; ++piece) {
        const auto found = split(answer, piece);
        BOOST_REQUIRE_EQUAL(found.size(), parts.size());
        BOOST_REQUIRE_EQUAL(read_stream_news(found[1]).folders.size(), 1u);
        BOOST_REQUIRE(read_stream_news(found[3]).closed);
    }
    BOOST_TEST(split(answer, answer.size()).size() == parts.size());
}

BOOST_AUTO_TEST_CASE(an_envelope_without_an_end_is_given_up_I26) {
    EnvelopeSplitter splitter;
    const std::string piece(16 * 1024, 'x');
    bool reads_on = true;
    std::size_t given = 0;
    for (; reads_on && given < 8 * EnvelopeSplitter::kMaxEnvelope; given += piece.size())
        reads_on = splitter.add(piece, [](std::string_view) { BOOST_FAIL("there is no envelope"); });
    BOOST_TEST(!reads_on);
    BOOST_TEST(given <= EnvelopeSplitter::kMaxEnvelope + piece.size());
}

BOOST_AUTO_TEST_CASE(an_event_without_a_folder_is_a_reason_to_read_everything) {
    const StreamNews news = read_stream_news(
        "<Envelope><Body><GetStreamingEventsResponse><ResponseMessages><X "
        "ResponseClass=\"Success\"><ResponseCode>NoError"
        "</ResponseCode><Notifications><Notification><CreatedEvent><ItemId Id=\"a\"/></CreatedEvent></Notification>"
        "</Notifications></X></ResponseMessages></GetStreamingEventsResponse></Body></Envelope>"
    );
    BOOST_TEST(news.anywhere);
}

BOOST_AUTO_TEST_CASE(rubbish_says_nothing) {
    for (const char* rubbish : {"", "<", "<Envelope>", "</Envelope>", "<html>Sorry</html>", "\x01\xFF"}) {
        const StreamNews news = read_stream_news(rubbish);
        BOOST_TEST((news.folders.empty() && !news.anywhere && !news.closed && !news.refused));
    }
}

namespace {

struct Stage {
    testing::ManualClock clock{};
    ZoneResolver zones{};
    testing::EwsSim sim{clock, zones, testing::ews_quirks_of("plain")};
    EwsSettings settings = [] {
        EwsSettings out;
        out.url = testing::EwsSim::url();
        out.user = testing::EwsSim::credentials().user;
        out.password = testing::EwsSim::credentials().password;
        return out;
    }();
    EwsConnector connector{sim, clock, zones, settings};
    Href calendar = connector.list_calendars(context())->front().href;
    std::shared_ptr<Ear> ear = std::make_shared<Ear>();
    Context context() const { return {clock.steady() + std::chrono::minutes(1), {}}; }
    int subscriptions() const {
        int out = 0;
        for (const auto& request : sim.exchanges())
            out += request.body.find("<m:Subscribe>") != std::string::npos ? 1 : 0;
        return out;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_subscription_is_used_again_until_the_server_forgot_it, Stage) {
    for (int i = 0; i < 3; ++i) {
        const auto stream = connector.hints()->listen(context(), {calendar}, ear);
        BOOST_REQUIRE(stream);
        BOOST_TEST(sim.open_streams() == 1u);
    }
    BOOST_TEST(sim.open_streams() == 0u);
    BOOST_TEST(subscriptions() == 1);
    auto stream = connector.hints()->listen(context(), {calendar}, ear);
    sim.forget_subscriptions();
    BOOST_REQUIRE(ear->end.has_value());
    BOOST_TEST(ear->end->has_value(), "another subscription is made at once");
    stream = connector.hints()->listen(context(), {calendar}, std::make_shared<Ear>());
    BOOST_TEST(subscriptions() == 2);
}

BOOST_FIXTURE_TEST_CASE(a_refused_stream_says_why, Stage) {
    sim.quirks().most_streams = 0;
    const auto stream = connector.hints()->listen(context(), {calendar}, ear);
    BOOST_REQUIRE((ear->end && !*ear->end));
    BOOST_TEST((ear->end->error().code == ErrorCode::RateLimited));
    sim.change_password();
    const auto other = std::make_shared<Ear>();
    const auto again = connector.hints()->listen(context(), {calendar}, other);
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().code == ErrorCode::Unauthorized));
}

BOOST_FIXTURE_TEST_CASE(the_server_that_knows_a_subscription_is_asked_again, Stage) {
    const auto stream = connector.hints()->listen(context(), {calendar}, ear);
    const auto& opened = sim.exchanges().back();
    const auto header = [&](const std::string& name) {
        for (const auto& [key, value] : opened.headers)
            if (key == name) return value;
        return std::string();
    };
    BOOST_TEST(header("X-PreferServerAffinity") == "true");
    BOOST_TEST(header("Cookie").find("X-BackEndOverrideCookie=") != std::string::npos);
    BOOST_TEST(header("Cookie").find("tracking") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
