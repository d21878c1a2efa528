#include "gateway/holidays.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

std::string holiday(const std::string& uid, const std::string& lines) {
    return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Holiday\r\n" + lines +
           "END:VEVENT\r\n";
}

std::string calendar(const std::string& events) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//State//EN\r\n" + events + "END:VCALENDAR\r\n";
}

/// As they are published: all-day, free, every year.
const std::string kMayDay = holiday(
    "may", "DTSTART;VALUE=DATE:20200501\r\nDTEND;VALUE=DATE:20200502\r\nTRANSP:TRANSPARENT\r\nRRULE:FREQ=YEARLY\r\n"
);

/// Anna in Berlin and ben at Lord Howe, and a source that says what the test says.
struct HolidayStage : ApiStage {
    HolidayStage() {
        add_staff("anna");
        BOOST_REQUIRE(
            call("PUT", "/v1/staff/ben", Json{{"name", "Ben"}, {"zone", "Australia/Lord_Howe"}}).status == 201
        );
        restart();
    }
    void restart() {
        holidays = std::make_unique<Holidays>(
            *gateway().store,
            gateway().index,
            gateway().zones,
            gateway().clock,
            [this]() -> Result<std::string> {
                if (text.empty()) return Error{ErrorCode::Unavailable, "The source is away.", {}};
                return text;
            }
        );
        holidays->load();
    }
    /// Busy time of the days around 1 May 2027, and the offer.
    std::string shown(const char* staff) {
        const Json got =
            call(
                "GET",
                std::string("/v1/availability?staff=") + staff + "&from=2027-04-28T00:00:00Z&to=2027-05-04T00:00:00Z"
            )
                .json()["staff"][0];
        std::string out = got["offer"];
        for (const Json& i : got["busy"])
            out += " " + i["start"].get<std::string>() + "/" + i["end"].get<std::string>();
        return out;
    }
    std::string text = calendar(kMayDay);
    std::unique_ptr<Holidays> holidays{};
};

constexpr const char* kAnna = "firm 2027-04-30T22:00:00Z/2027-05-01T22:00:00Z";
constexpr const char* kBen = "firm 2027-04-30T13:30:00Z/2027-05-01T13:30:00Z";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(holidays, HolidayStage)

BOOST_AUTO_TEST_CASE(nobody_works_on_a_holiday_of_their_own_zone) {
    BOOST_TEST(shown("anna") == "provisional");  // Never read: nothing is promised.
    BOOST_REQUIRE(holidays->refresh());
    BOOST_TEST(shown("anna") == kAnna);
    BOOST_TEST(shown("ben") == kBen);
    const auto refused =
        call("PUT", "/v1/appointments/a", booking("anna", "2027-05-01T09:00:00", "2027-05-01T10:00:00"));
    BOOST_TEST(refused.status == 409);
}

BOOST_AUTO_TEST_CASE(I18_a_source_that_cannot_be_read_keeps_the_last_good_one) {
    BOOST_REQUIRE(holidays->refresh());
    for (const std::string& broken :
         {std::string(),
          std::string("<html>Sign in</html>"),
          calendar(""),
          calendar(kMayDay).substr(0, 150),
          calendar(holiday("x", "DTSTART:never\r\n")),
          calendar(kMayDay + holiday("x", "DTSTART;VALUE=DATE:20271399\r\n"))}) {
        text = broken;
        const Status status = holidays->refresh();
        BOOST_TEST(!status, broken);
        BOOST_TEST(shown("anna") == kAnna, broken);
        restart();
        BOOST_TEST(shown("anna") == kAnna, broken);
    }
    text = calendar(holiday("other", "DTSTART;VALUE=DATE:20270503\r\n"));
    BOOST_REQUIRE(holidays->refresh());
    BOOST_TEST(shown("anna") == "firm 2027-05-02T22:00:00Z/2027-05-03T22:00:00Z");
}

BOOST_AUTO_TEST_CASE(somebody_new_has_the_holidays_too) {
    BOOST_REQUIRE(holidays->refresh());
    holidays->show(Staff{.id = {"eve"}, .name = "Eve", .zone = "UTC"});
    BOOST_TEST(gateway().index.person(StaffId{"eve"})->by_source.at(kHolidaySource)->size() >= 2u);
}

BOOST_AUTO_TEST_SUITE_END()
