#include <boost/test/unit_test.hpp>

#include "connectors/ews/ews_connector.hpp"
#include "connectors/http/url.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/support/batch_writes.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

namespace {

/// Looks at the first item of an UpdateItem only, and says so of the others.
class Stopping final : public http::HttpTransport {
public:
    explicit Stopping(EwsSim& inner) : inner_(inner) {}

    Result<http::Response> send(const http::Request& request, const Context& context) override {
        static const std::string kEnd = "</t:ItemChange>", kMessages = "</m:ResponseMessages>";
        if (!stops || request.body.find("<m:UpdateItem") == std::string::npos) return inner_.send(request, context);
        http::Request cut = request;
        const auto first = cut.body.find(kEnd) + kEnd.size(), last = cut.body.rfind(kEnd) + kEnd.size();
        std::size_t others = 0;
        for (auto at = cut.body.find(kEnd, first); at != std::string::npos; at = cut.body.find(kEnd, at + 1)) ++others;
        cut.body.erase(first, last - first);
        auto response = inner_.send(cut, context);
        for (; response && others > 0; --others)
            response->body.insert(
                response->body.find(kMessages),
                "<m:UpdateItemResponseMessage ResponseClass=\"Warning\"><m:MessageText>Stopped.</m:MessageText>"
                "<m:ResponseCode>ErrorBatchProcessingStopped</m:ResponseCode></m:UpdateItemResponseMessage>"
            );
        return response;
    }

    bool stops = false;

private:
    EwsSim& inner_;
};

struct Mailbox {
    Mailbox() : sim(clock, zones(), ews_quirks_of("plain")) {
        calendar = Href{"folders/" + http::percent_encode(sim.make_calendar("Bookings"))};
    }
    static const ZoneResolver& zones() {
        static const ZoneResolver kZones;
        return kZones;
    }
    static ews::EwsSettings settings() {
        ews::EwsSettings out;
        out.url = EwsSim::url();
        out.user = EwsSim::credentials().user;
        out.password = EwsSim::credentials().password;
        out.default_zone = "Europe/Berlin";
        return out;
    }
    Context context() const { return {clock.steady() + std::chrono::minutes(5), {}}; }
    static std::vector<Event> events(int count) {
        std::vector<Event> out;
        for (int i = 0; i < count; ++i) {
            Event event;
            event.uid = Uid{"copy-" + std::to_string(i)};
            event.master.start = {When::Kind::Zoned, *parse_local("2026-06-10T09:00:00"), "Europe/Berlin"};
            event.master.end = {When::Kind::Zoned, *parse_local("2026-06-10T10:00:00"), "Europe/Berlin"};
            event.master.title = "Haircut";
            out.push_back(std::move(event));
        }
        return out;
    }
    std::vector<RemoteEvent> stored(int count) {
        std::vector<RemoteEvent> out;
        for (const auto& made : connector.batch()->write_events(context(), calendar, creations(events(count)))) {
            BOOST_REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().detail));
            out.push_back(*connector.fetch_event(context(), made->href));
        }
        return out;
    }
    std::size_t calls() const { return sim.exchanges().size(); }

    ManualClock clock{};
    EwsSim sim;
    Stopping transport{sim};
    Href calendar{};
    ews::EwsConnector connector{transport, clock, zones(), settings()};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ews_together, Mailbox)

BOOST_AUTO_TEST_CASE(ten_copies_are_two_or_three_requests_however_they_are_written) {
    const auto made = connector.batch()->write_events(context(), calendar, creations(events(10)));
    BOOST_TEST(calls() == 3u, "a search, a creation, and whose is whose");
    std::vector<EventWrite> updates, deletions;
    std::vector<Uid> names;
    for (const auto& one : made) {
        const RemoteEvent read = *connector.fetch_event(context(), one->href);
        updates.push_back(update_of(read, "Moved"));
        names.push_back(read.event.uid);
    }
    auto before = calls();
    for (const auto& one : connector.batch()->write_events(context(), calendar, updates)) {
        BOOST_REQUIRE(one.has_value());
        BOOST_TEST(!one->version, "the next reading tells it");
    }
    BOOST_TEST(calls() - before == 2u);
    for (const auto& write : updates) {
        const RemoteEvent read = *connector.fetch_event(context(), write.href);
        deletions.push_back({EventWrite::Kind::Delete, {}, read.href, *read.version});
    }
    before = calls();
    for (const auto& one : connector.batch()->write_events(context(), calendar, deletions)) BOOST_TEST(one.has_value());
    BOOST_TEST(calls() - before == 2u);
    before = calls();
    for (const auto& one : connector.batch()->find_absent(context(), calendar, names)) BOOST_TEST((one && *one));
    BOOST_TEST(calls() - before == 2u);
    BOOST_TEST(sim.mails_sent() == 0);
}

BOOST_AUTO_TEST_CASE(what_the_server_did_not_get_to_is_sent_again_and_nothing_twice) {
    const auto events = stored(4);
    std::vector<EventWrite> writes;
    for (const auto& event : events) writes.push_back(update_of(event, "Moved"));
    transport.stops = true;
    const auto before = calls();
    for (const auto& one : connector.batch()->write_events(context(), calendar, writes)) BOOST_TEST(one.has_value());
    BOOST_TEST(calls() - before == 5u);  // A reading, and one for each.
    transport.stops = false;
    for (const auto& event : events)
        BOOST_TEST(connector.fetch_event(context(), event.href)->event.master.title == "Moved");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
