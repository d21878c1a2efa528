#include "core/advice.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <set>
#include <vector>

using namespace calgate;

namespace {

struct AdviceRow {
    ErrorCode code{};
    Action action{};
    bool counts_as_outage = false;
    bool outcome_unknown = false;
};
std::ostream& operator<<(std::ostream& out, const AdviceRow& row) { return out << to_string(row.code); }

const std::vector<AdviceRow> kAdvice{
    {ErrorCode::Unauthorized, Action::PauseAccount, false, false},
    {ErrorCode::Forbidden, Action::ParkCalendar, false, false},
    {ErrorCode::NotFound, Action::Rediscover, false, false},
    {ErrorCode::VersionMismatch, Action::FetchAndReconcile, false, false},
    {ErrorCode::AlreadyExists, Action::FetchAndReconcile, false, false},
    {ErrorCode::SyncTokenExpired, Action::ListEverything, false, false},
    {ErrorCode::RateLimited, Action::RetryLater, false, false},
    {ErrorCode::Unavailable, Action::RetryLater, true, false},
    {ErrorCode::Timeout, Action::RetryLater, true, true},
    {ErrorCode::InvalidResponse, Action::RetryLater, true, true},
    {ErrorCode::Rejected, Action::ParkItem, false, false},
    {ErrorCode::QuotaExceeded, Action::ParkItem, false, false},
    {ErrorCode::Unsupported, Action::ParkItem, false, false},
    {ErrorCode::Cancelled, Action::Drop, false, false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(advice_on_errors)

BOOST_DATA_TEST_CASE(each_code_has_its_next_step, boost::unit_test::data::make(kAdvice), row) {
    const Advice given = advice({row.code, "", {}});
    BOOST_TEST((given.action == row.action));
    BOOST_TEST(given.counts_as_outage == row.counts_as_outage);
    BOOST_TEST(given.outcome_unknown == row.outcome_unknown);
}

BOOST_AUTO_TEST_CASE(every_code_has_a_row_and_a_name_of_its_own) {
    std::set<std::string> names;
    for (const AdviceRow& row : kAdvice) names.insert(to_string(row.code));
    BOOST_TEST(names.size() == static_cast<std::size_t>(ErrorCode::Cancelled) + 1);
    BOOST_TEST(!names.contains("unknown"));
}

BOOST_AUTO_TEST_SUITE_END()
