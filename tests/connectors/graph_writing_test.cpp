#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "tests/connectors/graph_stage.hpp"
#include "tests/support/batch_writes.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace calgate::testing::graph_stage;
namespace data = boost::unit_test::data;

namespace {

constexpr RepeatedTransaction kDialects[] = {
    RepeatedTransaction::Error400,
    RepeatedTransaction::Error409,
    RepeatedTransaction::Error409WithId,
    RepeatedTransaction::Existing201,
    RepeatedTransaction::Existing200,
    RepeatedTransaction::Forgotten};

}  // namespace

namespace calgate::testing {
std::ostream& operator<<(std::ostream& out, RepeatedTransaction dialect) { return out << static_cast<int>(dialect); }
}  // namespace calgate::testing

BOOST_DATA_TEST_CASE(a_repeated_transaction_leaves_one_event_R6_M19, data::make(kDialects), dialect) {
    GraphQuirks quirks = graph_quirks_of("plain");
    quirks.repeated = dialect;
    Office office(quirks);
    office.sim.fail_next(fault(SimFault::Kind::LostAnswer, "POST"));
    const auto lost = office.connector.create_event(office.context(), office.calendar, haircut("copy-1"));
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == ErrorCode::Timeout));
    const auto again = office.connector.create_event(office.context(), office.calendar, haircut("copy-1"));
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().code == ErrorCode::AlreadyExists));
    BOOST_TEST(office.sim.count(office.calendar_id) == 1u);
    const auto found = office.connector.find_event(office.context(), office.calendar, Uid{"copy-1"});
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(office.digest(found->event) == office.digest(haircut("copy-1")));
}

BOOST_DATA_TEST_CASE(a_used_up_transaction_of_a_deleted_event_gets_another_M20_R8, data::make(kDialects), dialect) {
    GraphQuirks quirks = graph_quirks_of("plain");
    quirks.repeated = dialect;
    Office office(quirks);
    for (int round = 0; round < 3; ++round) {
        const WriteReceipt made = office.create(haircut("copy-1"));
        BOOST_TEST(office.sim.count(office.calendar_id) == 1u);
        BOOST_TEST(office.connector.delete_event(office.context(), made.href, *made.version).has_value());
    }
    BOOST_TEST(office.sim.count(office.calendar_id) == 0u);
}

BOOST_AUTO_TEST_CASE(a_write_over_a_change_is_refused_even_when_if_match_is_ignored_I10) {
    for (const char* profile : {"plain", "dup_409", "sloppy"}) {
        Office office(graph_quirks_of(profile));
        const WriteReceipt made = office.create(haircut("copy-1"));
        office.sim.patch_event(office.id(made.href), R"({"subject":"By phone"})");
        Event late = haircut("copy-1");
        late.master.title = "By us";
        const auto update = office.connector.update_event(office.context(), made.href, *made.version, late);
        BOOST_TEST((!update && update.error().code == ErrorCode::VersionMismatch), profile);
        const auto removal = office.connector.delete_event(office.context(), made.href, *made.version);
        BOOST_TEST((!removal && removal.error().code == ErrorCode::VersionMismatch), profile);
        BOOST_TEST(office.fetch(made.href).event.master.title == "By phone");
    }
}

BOOST_AUTO_TEST_CASE(a_patch_holds_only_what_changed_and_keeps_the_rest) {
    Office office;
    const std::string id = office.sim.put_event(
        office.calendar_id,
        person_event(
            "2026-06-10T07:00:00",
            "2026-06-10T08:00:00",
            R"(,"categories":["Red"],"sensitivity":"personal","body":{"contentType":"html","content":"<p>Hello</p>"})"
        )
    );
    const RemoteEvent read = office.fetch(office.href(id));
    Event edited = read.event;
    edited.master.place = "Upstairs";
    BOOST_TEST(office.connector.update_event(office.context(), read.href, *read.version, edited).has_value());
    const auto& request = office.sim.exchanges().back();
    BOOST_TEST(request.method == "PATCH");
    BOOST_TEST(request.body == R"({"location":{"displayName":"Upstairs"}})");
    const std::string now = office.sim.event_json(id);
    for (const char* kept : {"\"Red\"", "personal", "Hello"}) BOOST_TEST(now.find(kept) != std::string::npos, kept);
}

BOOST_AUTO_TEST_CASE(bodies_that_come_back_changed_are_not_rewritten_for_ever_F10_M21) {
    Office office(graph_quirks_of("rewriting"));
    Event event = haircut("copy-1");
    event.master.notes = "Two  blanks\n\n\nthree lines, <b>no</b> HTML  \n end";
    event.master.title = "Haircut ";
    const WriteReceipt made = office.create(event);
    const RemoteEvent read = office.fetch(made.href);
    BOOST_TEST(office.digest(read.event) == office.digest(event));
    const std::size_t before = office.sim.requests().size();
    Event wanted = read.event;
    BOOST_TEST(office.connector.update_event(office.context(), made.href, *read.version, wanted).has_value());
    for (std::size_t i = before; i < office.sim.requests().size(); ++i)
        BOOST_TEST(office.sim.requests()[i].method == "GET");
    office.sim.patch_event(office.id(made.href), R"({"body":{"contentType":"text","content":"By phone"}})");
    BOOST_TEST(office.fetch(made.href).event.master.notes == "By phone");
}

BOOST_AUTO_TEST_CASE(series_round_trip_with_zone_and_rule_as_written_R10_R11) {
    Office office;
    for (const char* rule :
         {"FREQ=WEEKLY;BYDAY=WE;COUNT=10",
          "FREQ=DAILY;COUNT=30",
          "FREQ=MONTHLY;BYDAY=2WE;UNTIL=20270101T000000Z",
          "FREQ=YEARLY",
          "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR"}) {
        Event event = haircut(std::string("copy ") + rule);
        event.master.start.zone = event.master.end.zone = "Europe/Vienna";
        event.master.rules = {rule};
        const Href href = office.create(event).href;
        const RemoteEvent read = office.fetch(href);
        BOOST_TEST(office.digest(read.event) == office.digest(event), rule);
        BOOST_TEST(!read.event.partial);
        const auto again = office.connector.read_source(read.event.source);
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST((*again == read.event));
    }
}

BOOST_AUTO_TEST_CASE(an_occurrence_that_a_person_deleted_cannot_be_brought_back) {
    Office office;
    const Href series = office.create(weekly("copy-1")).href;
    office.sim.erase_event(office.id(series) + "OCC2026-06-24");
    const RemoteEvent read = office.fetch(series);
    Event wanted = read.event;
    wanted.master.excluded_dates.clear();
    const auto update = office.connector.update_event(office.context(), series, *read.version, wanted);
    BOOST_TEST((!update && update.error().code == ErrorCode::Rejected));
}

namespace {

/// Lets a person act just before the write of an occurrence arrives.
struct Between final : http::HttpTransport {
    explicit Between(GraphSim& behind) : sim(behind) {}
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        const bool writes = request.method == "PATCH" || request.method == "DELETE";
        if (writes && request.url.find("OCC") != std::string::npos) {
            bool named = false;
            for (const auto& [name, value] : request.headers) named = named || (name == "If-Match" && !value.empty());
            unconditional += !named;
            ++occurrences;
            if (act) std::exchange(act, nullptr)();
        }
        return sim.send(request, context);
    }
    GraphSim& sim;
    std::function<void()> act{};
    int occurrences = 0, unconditional = 0;
};

struct Edit {
    const char* name;
    void (*ours)(Event&);
    void (*theirs)(GraphSim&, const std::string& id);
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const Edit& row) { return out << row.name; }

void rename_one(Event& event) {
    EventInstance one = event.master;
    one.rules.clear();
    one.recurrence_id = one.start = berlin("2026-06-17T09:00:00");
    one.end = berlin("2026-06-17T10:00:00");
    one.title = "Ours";
    event.overrides.push_back(one);
}
void cancel_one(Event& event) { event.master.excluded_dates.push_back(berlin("2026-06-17T09:00:00")); }
void rename_theirs(GraphSim& sim, const std::string& id) {
    sim.patch_event(id + "OCC2026-06-17", R"({"subject":"Theirs"})");
}
void delete_theirs(GraphSim& sim, const std::string& id) { sim.erase_event(id + "OCC2026-06-17"); }

const Edit kEdits[] = {
    {"changed_over_a_change", rename_one, rename_theirs, ErrorCode::VersionMismatch},
    {"deleted_over_a_change", cancel_one, rename_theirs, ErrorCode::VersionMismatch},
    {"changed_over_a_deletion", rename_one, delete_theirs, ErrorCode::VersionMismatch},
};

}  // namespace

BOOST_DATA_TEST_CASE(an_occurrence_is_written_only_as_it_was_read_I10, data::make(kEdits), row) {
    Office office;
    Between between(office.sim);
    graph::GraphConnector connector(between, office.clock, zones(), office.tokens, berlin_settings());
    const WriteReceipt made = office.create(weekly("series"));
    Event wanted = office.fetch(made.href).event;
    row.ours(wanted);
    between.act = [&] { row.theirs(office.sim, office.id(made.href)); };
    const auto refused = connector.update_event(office.context(), made.href, *made.version, wanted);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == row.code), refused.error().detail);
    BOOST_TEST(between.unconditional == 0);
    const std::string left = office.sim.event_json(office.id(made.href) + "OCC2026-06-17");
    BOOST_TEST(left.find("Ours") == std::string::npos, left);
    BOOST_TEST((left.empty() || left.find("Theirs") != std::string::npos), left);
}

BOOST_AUTO_TEST_CASE(several_occurrences_of_one_series_are_written_each_with_its_version) {
    Office office;
    Between between(office.sim);
    graph::GraphConnector connector(between, office.clock, zones(), office.tokens, berlin_settings());
    const WriteReceipt made = office.create(weekly("series"));
    Event wanted = office.fetch(made.href).event;
    rename_one(wanted);
    wanted.master.excluded_dates.push_back(berlin("2026-06-24T09:00:00"));
    wanted.master.excluded_dates.push_back(berlin("2026-07-01T09:00:00"));
    const auto written = connector.update_event(office.context(), made.href, *made.version, wanted);
    BOOST_REQUIRE_MESSAGE(written.has_value(), why(written));
    BOOST_TEST(between.occurrences == 3);
    BOOST_TEST(between.unconditional == 0);
    const Event after = office.fetch(made.href).event;
    BOOST_TEST(after.overrides.size() == 1u);
    BOOST_TEST(after.master.excluded_dates.size() == 2u);
}

BOOST_AUTO_TEST_CASE(nobody_is_mailed_R21_M32_M33) {
    Office office;
    const std::string guests = R"(,"attendees":[{"emailAddress":{"address":"a@example.com"},"type":"required"}])";
    office.sim.put_event(office.calendar_id, person_event("2026-06-10T07:00:00", "2026-06-10T08:00:00", guests));
    BOOST_TEST(office.sim.mails_sent() == 1);  // The counter moves for what does invite.
    const WriteReceipt made = office.create(haircut("copy-1"));
    office.sim.patch_event(
        office.id(made.href), R"({"attendees":[{"emailAddress":{"address":"b@example.com"},"type":"required"}]})"
    );
    const int before = office.sim.mails_sent();
    const RemoteEvent read = office.fetch(made.href);
    Event wanted = read.event;
    wanted.master.title = "Other";
    const auto update = office.connector.update_event(office.context(), made.href, *read.version, wanted);
    BOOST_TEST((!update && update.error().code == ErrorCode::Rejected));
    const auto removal = office.connector.delete_event(office.context(), made.href, *read.version);
    BOOST_TEST((!removal && removal.error().code == ErrorCode::Rejected));
    const WriteReceipt plain = office.create(haircut("copy-2"));
    BOOST_TEST(office.connector.delete_event(office.context(), plain.href, *plain.version).has_value());
    BOOST_TEST(office.sim.mails_sent() == before);
}

BOOST_AUTO_TEST_CASE(what_somebody_else_organizes_is_left_as_it_is) {
    Office office;
    const std::string id = office.sim.put_event(
        office.calendar_id, person_event("2026-06-10T07:00:00", "2026-06-10T08:00:00", R"(,"isOrganizer":false)")
    );
    const RemoteEvent read = office.fetch(office.href(id));
    const std::string before = office.sim.event_json(id);
    const auto refused = [](const auto& outcome) {
        return !outcome && outcome.error().code == ErrorCode::Rejected &&
               outcome.error().detail.find("organizes") != std::string::npos;
    };
    Event wanted = read.event;
    wanted.master.title = "Other";
    BOOST_TEST(refused(office.connector.update_event(office.context(), read.href, *read.version, wanted)));
    BOOST_TEST(refused(office.connector.delete_event(office.context(), read.href, *read.version)));
    const auto together = office.connector.batch()->write_events(
        office.context(), office.calendar, {update_of(read, "x"), deletion_of(read)}
    );
    for (const auto& outcome : together) BOOST_TEST(refused(outcome));
    BOOST_TEST(office.sim.event_json(id) == before);
}

BOOST_AUTO_TEST_CASE(a_busy_copy_sends_nothing_of_the_customer_R22_I27) {
    Office office;
    Event event = haircut("copy-1");
    event.master.title = "Busy";
    event.master.notes = "";
    office.create(event);
    for (const auto& request : office.sim.exchanges())
        for (const char* secret : {"Anna", "Haircut"})
            BOOST_TEST((request.url + request.body).find(secret) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_precondition_is_the_whole_weak_tag_M40) {
    Office office;
    const WriteReceipt made = office.create(haircut("copy-1"));
    RemoteEvent read = office.fetch(made.href);
    read.event.master.title = "Changed";
    const auto written = office.connector.update_event(office.context(), made.href, *read.version, read.event);
    BOOST_REQUIRE(written.has_value());
    BOOST_TEST(office.connector.delete_event(office.context(), made.href, *written->version).has_value());
    std::vector<std::string> conditions;
    for (const auto& request : office.sim.exchanges())
        for (const auto& [name, value] : request.headers)
            if (name == "If-Match") conditions.push_back(value);
    BOOST_TEST((conditions == std::vector<std::string>{read.version->value, written->version->value}));
    for (const std::string& condition : conditions) BOOST_TEST(condition.starts_with("W/\""));
}

BOOST_AUTO_TEST_CASE(a_service_that_cannot_seek_an_icaluid_has_no_such_event) {
    Office office;
    const std::string id = office.sim.put_event(
        office.calendar_id, person_event("2026-06-10T07:00:00", "2026-06-10T08:00:00", R"(,"iCalUId":"theirs")")
    );
    const auto code = [&](const char* uid) {
        const auto found = office.connector.find_event(office.context(), office.calendar, Uid{uid});
        return found ? std::string("found") : to_string(found.error().code);
    };
    const auto absent = [&] {
        const auto all =
            office.connector.batch()->find_absent(office.context(), office.calendar, {Uid{"theirs"}, Uid{"x"}});
        BOOST_REQUIRE((all.size() == 2u && all[0] && all[1]));
        return std::pair(*all[0], *all[1]);
    };
    BOOST_TEST(code("theirs") == "found");
    BOOST_TEST((absent() == std::pair(false, true)));
    office.sim.quirks().refuses_icaluid_filter = true;
    BOOST_TEST(code("theirs") == to_string(ErrorCode::NotFound));
    BOOST_TEST((absent() == std::pair(true, true)));
    office.create(haircut("copy-1"));
    BOOST_TEST(code("copy-1") == "found");
}

BOOST_AUTO_TEST_CASE(a_filter_is_encoded_once_and_without_plus_M42) {
    Office office;
    BOOST_TEST(!office.connector.find_event(office.context(), office.calendar, Uid{"it's 100% ours + more"}));
    for (const auto& request : office.sim.requests()) {
        if (request.url.find("$filter") == std::string::npos) continue;
        BOOST_TEST(request.url.find('+') == std::string::npos, request.url);
        BOOST_TEST(request.url.find("%2520") == std::string::npos, request.url);
        BOOST_TEST(request.url.find("it%27%27s%20100%25%20ours%20%2B%20more") != std::string::npos, request.url);
    }
    BOOST_TEST(office.sim.requests().size() == 2u);
}
