#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "connectors/freebusy/free_busy_text.hpp"
#include "connectors/google/google_free_busy.hpp"
#include "connectors/graph/graph_free_busy.hpp"

namespace calgate::testing {

namespace {

struct AnswerRow {
    const char* name;
    const char* body;
    std::optional<ErrorCode> refused;
    std::size_t times = 0;
};
std::ostream& operator<<(std::ostream& out, const AnswerRow& row) { return out << row.name; }

// clang-format off
const AnswerRow kGoogle[] = {
    {"taken",             R"({"calendars":{"a@x":{"busy":[{"start":"2026-03-10T09:00:00Z","end":"2026-03-10T10:00:00Z"}]}}})", {}, 1},
    {"an_offset",         R"({"calendars":{"a@x":{"busy":[{"start":"2026-03-10T09:00:00+01:00","end":"2026-03-10T10:00:00+01:00"}]}}})", {}, 1},
    {"free",              R"({"calendars":{"a@x":{"busy":[]}}})", {}, 0},
    {"not_found",         R"({"calendars":{"a@x":{"busy":[],"errors":[{"domain":"global","reason":"notFound"}]}}})", ErrorCode::NotFound},
    {"internal_error",    R"({"calendars":{"a@x":{"busy":[],"errors":[{"domain":"global","reason":"internalError"}]}}})", ErrorCode::Unavailable},
    {"an_unknown_error",  R"({"calendars":{"a@x":{"busy":[],"errors":[{"reason":"tooManyCalendarsRequested"}]}}})", ErrorCode::InvalidResponse},
    {"an_empty_error",    R"({"calendars":{"a@x":{"busy":[],"errors":[]}}})", ErrorCode::InvalidResponse},
    {"another_calendar",  R"({"calendars":{"b@x":{"busy":[]}}})", ErrorCode::InvalidResponse},
    {"no_calendars",      R"({"kind":"calendar#freeBusy"})", ErrorCode::InvalidResponse},
    {"no_busy",           R"({"calendars":{"a@x":{}}})", ErrorCode::InvalidResponse},
    {"no_end",            R"({"calendars":{"a@x":{"busy":[{"start":"2026-03-10T09:00:00Z"}]}}})", ErrorCode::InvalidResponse},
    {"backwards",         R"({"calendars":{"a@x":{"busy":[{"start":"2026-03-10T09:00:00Z","end":"2026-03-10T08:00:00Z"}]}}})", ErrorCode::InvalidResponse},
    {"no_json",           "<html>", ErrorCode::InvalidResponse},
    {"cut_off",           R"({"calendars":{"a@x":{"busy":[)", ErrorCode::InvalidResponse},
};
#define CALGATE_ITEM(status) R"({"status":")" status R"(","start":{"dateTime":"2026-03-10T09:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-03-10T10:00:00.0000000","timeZone":"UTC"}})"
const AnswerRow kGraph[] = {
    {"taken",            R"({"value":[{"scheduleId":"a@x","availabilityView":"2","scheduleItems":[)" CALGATE_ITEM("busy") "]}]}", {}, 1},
    {"another_case",     R"({"value":[{"scheduleId":"A@X","availabilityView":"2","scheduleItems":[)" CALGATE_ITEM("oof") "]}]}", {}, 1},
    {"free",             R"({"value":[{"scheduleId":"a@x","availabilityView":"00","scheduleItems":[]}]})", {}, 0},
    {"no_mailbox",       R"({"value":[{"scheduleId":"a@x","availabilityView":"","error":{"message":"m","responseCode":"ErrorMailRecipientNotFound"}}]})", ErrorCode::NotFound},
    {"no_access",        R"({"value":[{"scheduleId":"a@x","scheduleItems":[],"error":{"message":"m","responseCode":"ErrorNoFreeBusyAccess"}}]})", ErrorCode::Forbidden},
    {"too_many",         R"({"value":[{"scheduleId":"a@x","scheduleItems":[],"error":{"message":"m","responseCode":"5006"}}]})", ErrorCode::InvalidResponse},
    {"no_items",         R"({"value":[{"scheduleId":"a@x","availabilityView":"0"}]})", ErrorCode::InvalidResponse},
    {"contradicts",      R"({"value":[{"scheduleId":"a@x","availabilityView":"020","scheduleItems":[]}]})", ErrorCode::InvalidResponse},
    {"another_address",  R"({"value":[{"scheduleId":"b@x","availabilityView":"0","scheduleItems":[]}]})", ErrorCode::InvalidResponse},
    {"unknown_zone",     R"({"value":[{"scheduleId":"a@x","scheduleItems":[{"status":"busy","start":{"dateTime":"2026-03-10T09:00:00","timeZone":"Nowhere"},"end":{"dateTime":"2026-03-10T10:00:00","timeZone":"Nowhere"}}]}]})", ErrorCode::InvalidResponse},
    {"no_json",          "<html>", ErrorCode::InvalidResponse},
    {"no_value",         R"({"error":{"code":"x"}})", ErrorCode::InvalidResponse},
};
#undef CALGATE_ITEM
// clang-format on

void expect(const AnswerRow& row, const Result<std::vector<freebusy::TakenTime>>& taken) {
    BOOST_TEST(taken.has_value() == !row.refused);
    if (taken) {
        BOOST_TEST(taken->size() == row.times);
    } else if (row.refused) {
        BOOST_TEST(to_string(taken.error().code) == to_string(*row.refused));
        BOOST_TEST(!taken.error().detail.empty());
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(free_busy)

BOOST_DATA_TEST_CASE(I18_what_google_leaves_unsaid_is_not_free, boost::unit_test::data::make(kGoogle), row) {
    expect(row, google::read_free_busy(row.body, "a@x"));
}

BOOST_DATA_TEST_CASE(I18_what_graph_leaves_unsaid_is_not_free, boost::unit_test::data::make(kGraph), row) {
    expect(row, graph::read_schedule(row.body, "a@x", ZoneResolver{}));
}

BOOST_AUTO_TEST_CASE(a_block_is_read_as_it_was_written_and_equal_times_are_equal_text) {
    const Instant day{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10}};
    using std::chrono::hours;
    const freebusy::Block block{
        {day, day + hours(24)},
        {{{day + hours(9), day + hours(10)}, ShownAs::Busy},
         {{day + hours(12), day + hours(13)}, ShownAs::Tentative},
         {{day + hours(14), day + hours(15)}, ShownAs::OutOfOffice}}};
    freebusy::Block shuffled = block;
    std::reverse(shuffled.taken.begin(), shuffled.taken.end());
    shuffled.taken.push_back(block.taken.front());
    const std::string text = freebusy::write_block(block);
    BOOST_TEST(text == freebusy::write_block(shuffled));
    const auto event = freebusy::read_block(text);
    BOOST_REQUIRE(event.has_value());
    BOOST_TEST(!event->has_master);
    BOOST_REQUIRE_EQUAL(event->overrides.size(), 3u);
    BOOST_TEST((event->overrides[1].shown_as == ShownAs::Tentative));
    BOOST_TEST((event->overrides[2].end.local.time_since_epoch() == (day + hours(15)).time_since_epoch()));
}

BOOST_AUTO_TEST_CASE(what_is_no_block_is_refused) {
    const std::string window = "2026-03-10T00:00:00Z 2026-03-11T00:00:00Z window\n";
    const std::string time = "2026-03-10T09:00:00Z 2026-03-10T10:00:00Z busy\n";
    BOOST_TEST(freebusy::read_block(window + time).has_value());
    std::string many = window;
    for (int i = 0; i < 5001; ++i) many += time;
    for (const std::string& text :
         {std::string(),
          time,
          window + window,
          window + "2026-03-10T09:00:00Z busy\n",
          window + "2026-03-10T10:00:00Z 2026-03-10T09:00:00Z busy\n",
          window + "2026-03-10T09:00:00Z 2026-03-10T10:00:00Z asleep\n",
          window + time.substr(0, time.size() - 1),
          std::string(R"({"id":"an event of Google"})"),
          many})
        BOOST_TEST(!freebusy::read_block(text).has_value(), text.substr(0, 120));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
