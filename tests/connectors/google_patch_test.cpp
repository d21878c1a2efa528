#include <boost/test/data/test_case.hpp>

#include "tests/connectors/google_samples.hpp"

namespace calgate::google {

BOOST_AUTO_TEST_SUITE(google_patch)

BOOST_AUTO_TEST_CASE(a_patch_says_only_what_differs_and_never_attendees_G21_G22) {
    const std::string source =
        resource(R"("summary":"Old","attendees":[{"email":"guest@x"}],"organizer":{"self":true})");
    const auto plan = planned(source, changed(read(source), "New"));
    BOOST_REQUIRE(plan.size() == 1u);
    BOOST_TEST(plan[0].body == R"({"summary":"New"})");
    BOOST_TEST((plan[0].version == Version{"\"1\""}));
    BOOST_TEST(planned(source, read(source)).empty());
}

BOOST_AUTO_TEST_CASE(an_hour_that_becomes_a_day_loses_its_time) {
    Event event = read(resource(""));
    event.master.start = {When::Kind::Date, *parse_local("2026-06-10"), {}};
    event.master.end = {When::Kind::Date, *parse_local("2026-06-11"), {}};
    const auto plan = planned(resource(""), event);
    BOOST_REQUIRE(plan.size() == 1u);
    BOOST_TEST(
        plan[0].body == R"({"start":{"date":"2026-06-10","dateTime":null},"end":{"date":"2026-06-11","dateTime":null}})"
    );
}

BOOST_AUTO_TEST_CASE(a_capsule_is_split_and_put_together_again) {
    Event event = read(resource(""));
    event.mark = "mark";
    event.capsule = std::string(1024, 'a') + std::string(1024, 'b') + "c";
    const auto body = insert_body(event, "abcde", context());
    BOOST_REQUIRE(body);
    BOOST_TEST((body->find("\"calgateCapsule3\":\"c\"") != std::string::npos));
    BOOST_TEST((body->find("attendees") == std::string::npos && body->find("conferenceData") == std::string::npos));
    const Event again = read(*body);
    BOOST_TEST((again.capsule == event.capsule && again.mark == "mark"));
    Event shorter = again;
    shorter.capsule = "d";
    const auto plan = planned(*body, shorter);
    BOOST_REQUIRE(plan.size() == 1u);
    BOOST_TEST((plan[0].body.find("\"calgateCapsule2\":null") != std::string::npos));
    event.capsule = std::string(40'000, 'x');
    BOOST_TEST((insert_body(event, "abcde", context()).error().code == ErrorCode::Rejected));
}

const char* const kNotOurs[] = {
    R"("organizer":{"email":"boss@x"})",
    R"("locked":true,"organizer":{"self":true})",
    R"("recurrence":["NONSENSE:1"])",
};

BOOST_DATA_TEST_CASE(what_is_not_ours_to_change_is_refused, kNotOurs, members) {
    const std::string source = resource(members);
    const auto plan = patches(*read_whole(source), changed(read(source), "New"), context());
    BOOST_REQUIRE(!plan);
    BOOST_TEST((plan.error().code == ErrorCode::Rejected));
}

BOOST_AUTO_TEST_CASE(a_series_with_exceptions_is_not_moved_G26) {
    Event event = read(fixture("series.json"));
    BOOST_TEST(planned(fixture("series.json"), event).empty());
    event.master.start.local += std::chrono::hours(1);
    event.master.end.local += std::chrono::hours(1);
    const auto plan = patches(*read_whole(fixture("series.json")), event, context());
    BOOST_REQUIRE(!plan);
    BOOST_TEST((plan.error().code == ErrorCode::Rejected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::google
