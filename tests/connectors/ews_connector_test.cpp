#include "connectors/ews/ews_connector.hpp"

#include <boost/test/unit_test.hpp>

#include "connectors/ews/ews_autodiscover.hpp"
#include "connectors/http/url.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/support/manual_clock.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver kZones;
    return kZones;
}

template <class Outcome>
std::string why(const Outcome& outcome) {
    return outcome ? std::string() : outcome.error().detail;
}

struct Stage {
    explicit Stage(const std::string& profile = "plain") : sim(clock, zones(), ews_quirks_of(profile)) {
        folder = sim.make_calendar("Bookings");
        calendar = Href{"folders/" + http::percent_encode(folder)};
    }
    static ews::EwsSettings settings() {
        ews::EwsSettings out;
        out.url = EwsSim::url();
        out.user = EwsSim::credentials().user;
        out.password = EwsSim::credentials().password;
        out.default_zone = "Europe/Berlin";
        out.page_size = 5;
        return out;
    }
    Context context() const { return {clock.steady() + std::chrono::minutes(5), {}}; }
    static Event event(const std::string& uid) {
        Event out;
        out.uid = Uid{uid};
        out.master.start = {When::Kind::Zoned, *parse_local("2026-06-10T09:00:00"), "Europe/Berlin"};
        out.master.end = {When::Kind::Zoned, *parse_local("2026-06-10T10:00:00"), "Europe/Berlin"};
        out.master.title = "Haircut " + uid;
        return out;
    }
    WriteReceipt create(const std::string& uid) {
        const auto receipt = connector.create_event(context(), calendar, event(uid));
        BOOST_REQUIRE_MESSAGE(receipt, why(receipt));
        return *receipt;
    }
    std::string id_of(const Href& href) const {
        return http::percent_decode(href.value.substr(href.value.rfind('/') + 1));
    }
    /// All pages; what fails ends it.
    Result<ChangeSet> pull(std::optional<SyncToken> since = {}) {
        ChangeSet all;
        do {
            auto page = connector.fetch_changes(context(), calendar, since, {});
            if (!page) return page.error();
            for (auto& one : page->changed) all.changed.push_back(std::move(one));
            all.removed.insert(all.removed.end(), page->removed.begin(), page->removed.end());
            all.snapshot = page->snapshot;
            since = all.next = page->next;
            all.more = page->more;
        } while (all.more);
        return all;
    }

    ManualClock clock{};
    EwsSim sim;
    std::string folder{};
    Href calendar{};
    ews::EwsConnector connector{sim, clock, zones(), settings()};
};

template <class Outcome>
void refused_as(const Outcome& outcome, ErrorCode code) {
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(to_string(outcome.error().code) == to_string(code), outcome.error().detail);
    BOOST_TEST(outcome.error().detail.find(EwsSim::credentials().password) == std::string::npos);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ews_connector)

BOOST_AUTO_TEST_CASE(a_password_revoked_in_mid_run_is_unauthorized_and_writes_nothing) {
    Stage stage;
    const WriteReceipt receipt = stage.create("a");
    const auto first = stage.pull();
    BOOST_REQUIRE(first);
    stage.sim.change_password();
    refused_as(
        stage.connector.fetch_changes(stage.context(), stage.calendar, first->next, {}), ErrorCode::Unauthorized
    );
    refused_as(
        stage.connector.create_event(stage.context(), stage.calendar, Stage::event("b")), ErrorCode::Unauthorized
    );
    refused_as(stage.connector.delete_event(stage.context(), receipt.href, *receipt.version), ErrorCode::Unauthorized);
    BOOST_TEST(stage.sim.count(stage.folder) == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_mailbox_is_told_and_takes_nothing) {
    Stage stage;
    stage.sim.set_full(true);
    refused_as(
        stage.connector.create_event(stage.context(), stage.calendar, Stage::event("a")), ErrorCode::QuotaExceeded
    );
    BOOST_TEST(stage.sim.count(stage.folder) == 0u);
}

BOOST_AUTO_TEST_CASE(a_busy_server_is_left_alone_as_long_as_it_says) {
    Stage stage;
    stage.sim.busy_for(1, 297749);
    const auto pulled = stage.connector.fetch_changes(stage.context(), stage.calendar, {}, {});
    refused_as(pulled, ErrorCode::RateLimited);
    BOOST_TEST((pulled.error().retry_after == std::chrono::seconds(298)));
    BOOST_TEST(stage.sim.exchanges().size() == 1u, "a connector does not repeat");
}

BOOST_AUTO_TEST_CASE(a_calendar_that_was_removed_is_not_found_and_never_empty) {
    Stage stage;
    stage.create("a");
    const auto first = stage.pull();
    BOOST_REQUIRE(first);
    stage.sim.remove_calendar(stage.folder);
    refused_as(stage.connector.fetch_changes(stage.context(), stage.calendar, first->next, {}), ErrorCode::NotFound);
    refused_as(stage.connector.fetch_changes(stage.context(), stage.calendar, {}, {}), ErrorCode::NotFound);
}

BOOST_AUTO_TEST_CASE(a_forgotten_sync_state_is_told) {
    Stage stage;
    stage.create("a");
    const auto first = stage.pull();
    stage.sim.forget_states();
    refused_as(
        stage.connector.fetch_changes(stage.context(), stage.calendar, first->next, {}), ErrorCode::SyncTokenExpired
    );
}

/// Taken as news, the answer would hide every deletion for ever.
BOOST_AUTO_TEST_CASE(a_bad_sync_state_that_is_answered_with_everything_is_found_out) {
    Stage stage("amnesiac");
    for (int i = 0; i < 40; ++i) stage.create("n" + std::to_string(i));
    const auto first = stage.pull();
    BOOST_REQUIRE(first);
    BOOST_TEST(first->changed.size() == 40u);
    // A round in which the state was good does not make the next one suspicious.
    stage.create("late");
    const auto second = stage.pull(first->next);
    BOOST_REQUIRE_MESSAGE(second, why(second));
    BOOST_TEST(second->changed.size() == 1u);
    stage.sim.forget_states();
    stage.sim.erase_item(stage.id_of(first->changed.front().href));
    refused_as(stage.pull(second->next), ErrorCode::SyncTokenExpired);
    const auto again = stage.pull();
    BOOST_REQUIRE(again);
    BOOST_TEST((again->snapshot && again->changed.size() == 40u));
}

BOOST_AUTO_TEST_CASE(a_stale_change_key_that_the_server_ignores_is_refused_before_the_write) {
    Stage stage("lax");
    const WriteReceipt receipt = stage.create("a");
    stage.sim.patch_item(
        stage.id_of(receipt.href), "<CalendarItem><Subject>Edited on the phone</Subject></CalendarItem>"
    );
    Event ours = Stage::event("a");
    ours.master.title = "Ours";
    refused_as(
        stage.connector.update_event(stage.context(), receipt.href, *receipt.version, ours), ErrorCode::VersionMismatch
    );
    refused_as(
        stage.connector.delete_event(stage.context(), receipt.href, *receipt.version), ErrorCode::VersionMismatch
    );
    const auto now = stage.connector.fetch_event(stage.context(), receipt.href);
    BOOST_REQUIRE(now);
    BOOST_TEST(now->event.master.title == "Edited on the phone");
}

/// Two readings agree, then somebody writes: only the service itself can refuse that.
BOOST_AUTO_TEST_CASE(what_was_changed_between_reading_and_writing_is_a_version_mismatch) {
    class Meddler final : public http::HttpTransport {
    public:
        explicit Meddler(EwsSim& sim) : sim_(sim) {}
        Result<http::Response> send(const http::Request& request, const Context& context) override {
            if (request.body.find("<m:UpdateItem") != std::string::npos) sim_.bump_change_key(id);
            return sim_.send(request, context);
        }
        std::string id{};

    private:
        EwsSim& sim_;
    };
    Stage stage;
    const WriteReceipt receipt = stage.create("a");
    Meddler meddler(stage.sim);
    meddler.id = stage.id_of(receipt.href);
    ews::EwsConnector connector(meddler, stage.clock, zones(), Stage::settings());
    Event ours = Stage::event("a");
    ours.master.title = "Ours";
    refused_as(
        connector.update_event(stage.context(), receipt.href, *receipt.version, ours), ErrorCode::VersionMismatch
    );
}

/// I14: also for an item that a person gave guests.
BOOST_AUTO_TEST_CASE(nothing_is_mailed_E5) {
    Stage stage;
    const WriteReceipt receipt = stage.create("a");
    stage.sim.patch_item(
        stage.id_of(receipt.href),
        "<CalendarItem><RequiredAttendees><Attendee><Mailbox><EmailAddress>guest@example.com</EmailAddress></Mailbox>"
        "</Attendee></RequiredAttendees></CalendarItem>"
    );
    auto now = stage.connector.fetch_event(stage.context(), receipt.href);
    BOOST_REQUIRE(now);
    now->event.master.title = "Ours";
    const auto updated = stage.connector.update_event(stage.context(), receipt.href, *now->version, now->event);
    BOOST_REQUIRE_MESSAGE(updated, why(updated));
    now = stage.connector.fetch_event(stage.context(), receipt.href);
    BOOST_REQUIRE(now);
    BOOST_REQUIRE(stage.connector.delete_event(stage.context(), receipt.href, *now->version));
    BOOST_TEST(stage.sim.mails_sent() == 0);
}

BOOST_AUTO_TEST_CASE(an_update_of_the_time_keeps_an_html_body) {
    Stage stage;
    const std::string id = stage.sim.put_item(
        stage.folder,
        "<CalendarItem><Subject>Theirs</Subject><Body BodyType=\"HTML\">&lt;b&gt;bold&lt;/b&gt;</Body>"
        "<Start>2026-06-10T07:00:00Z</Start><End>2026-06-10T08:00:00Z</End></CalendarItem>"
    );
    const Href href{stage.calendar.value + "/items/" + http::percent_encode(id)};
    auto read = stage.connector.fetch_event(stage.context(), href);
    BOOST_REQUIRE(read);
    BOOST_TEST(read->event.master.notes == "bold");
    read->event.master.end.local += std::chrono::hours(1);
    BOOST_REQUIRE(stage.connector.update_event(stage.context(), href, *read->version, read->event));
    BOOST_TEST(stage.sim.item_xml(id).find("&lt;b&gt;bold&lt;/b&gt;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_of_2013_is_spoken_to_in_its_own_version) {
    Stage stage;
    stage.sim.quirks().speaks_2013_only = true;
    stage.create("a");
    const std::size_t before = stage.sim.exchanges().size();
    stage.create("b");
    BOOST_TEST(stage.sim.exchanges().size() == before + 2, "the older version is remembered");
}

BOOST_AUTO_TEST_CASE(whoever_acts_for_a_mailbox_says_so_in_every_request) {
    Stage stage;
    auto settings = Stage::settings();
    settings.mailbox = "room1@corp.example";
    ews::EwsConnector connector(stage.sim, stage.clock, zones(), settings);
    BOOST_REQUIRE(connector.list_calendars(stage.context()));
    for (const auto& request : stage.sim.exchanges())
        BOOST_TEST(
            request.body.find("<t:PrimarySmtpAddress>room1@corp.example</t:PrimarySmtpAddress>") != std::string::npos
        );
}

BOOST_AUTO_TEST_CASE(autodiscover_finds_the_server_by_an_address) {
    Stage stage;
    const auto found = ews::discover_ews(
        [&](const std::string&) -> http::HttpTransport& { return stage.sim; },
        stage.context(),
        EwsSim::address(),
        EwsSim::credentials()
    );
    BOOST_REQUIRE_MESSAGE(found, why(found));
    BOOST_TEST(*found == EwsSim::url());
    BOOST_TEST(!stage.sim.exchanges().front().credentials.has_value(), "the first question needs no password");
}

BOOST_AUTO_TEST_SUITE_END()
