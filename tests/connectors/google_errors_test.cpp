#include "connectors/google/google_errors.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace calgate::google {

BOOST_AUTO_TEST_SUITE(google_errors)

struct RefusalRow {
    const char* name;
    Call call;
    int status;
    const char* reason;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const RefusalRow& row) { return out << row.name; }
const RefusalRow kRefusals[] = {
    {"403 too fast G32", Call::Create, 403, "userRateLimitExceeded", ErrorCode::RateLimited},
    {"403 project too fast", Call::List, 403, "rateLimitExceeded", ErrorCode::RateLimited},
    {"403 used up G33", Call::Create, 403, "quotaExceeded", ErrorCode::RateLimited},
    {"403 day used up", Call::List, 403, "dailyLimitExceeded", ErrorCode::RateLimited},
    {"403 consent too small", Call::List, 403, "insufficientPermissions", ErrorCode::Unauthorized},
    {"403 API off", Call::List, 403, "accessNotConfigured", ErrorCode::Unauthorized},
    {"403 read-only calendar", Call::Create, 403, "requiredAccessLevel", ErrorCode::Forbidden},
    {"403 read-only event", Call::Update, 403, "forbiddenForNonOrganizer", ErrorCode::Rejected},
    {"403 bare on an event", Call::Update, 403, "forbidden", ErrorCode::Rejected},
    {"403 bare on a list", Call::List, 403, "", ErrorCode::Forbidden},
    {"403 page of a proxy to a create", Call::Create, 403, "", ErrorCode::InvalidResponse},
    {"403 page of a proxy to an update", Call::Update, 403, "", ErrorCode::InvalidResponse},
    {"403 page of a proxy to a delete", Call::Delete, 403, "", ErrorCode::InvalidResponse},
    {"429", Call::List, 429, "rateLimitExceeded", ErrorCode::RateLimited},
    {"410 of a list G1", Call::ListSince, 410, "fullSyncRequired", ErrorCode::SyncTokenExpired},
    {"410 without reason", Call::ListSince, 410, "", ErrorCode::SyncTokenExpired},
    {"410 in the middle", Call::ContinueList, 410, "fullSyncRequired", ErrorCode::SyncTokenExpired},
    {"400 for a bad token G3", Call::ListSince, 400, "invalid", ErrorCode::SyncTokenExpired},
    {"410 of a delete", Call::Delete, 410, "deleted", ErrorCode::NotFound},
    {"404 of a calendar G34", Call::ListSince, 404, "notFound", ErrorCode::NotFound},
    {"409 duplicate G19", Call::Create, 409, "duplicate", ErrorCode::AlreadyExists},
    {"400 duplicate", Call::Create, 400, "duplicate", ErrorCode::AlreadyExists},
    {"409 conflict", Call::Create, 409, "conflict", ErrorCode::Unavailable},
    {"412", Call::Update, 412, "conditionNotMet", ErrorCode::VersionMismatch},
    {"400", Call::Create, 400, "required", ErrorCode::Rejected},
    {"500 to a write may have happened I7", Call::Create, 500, "backendError", ErrorCode::Timeout},
    {"502 to a write may have happened", Call::Update, 502, "", ErrorCode::Timeout},
    {"503 to a write did not", Call::Delete, 503, "backendError", ErrorCode::Unavailable},
    {"500 to a list", Call::List, 500, "backendError", ErrorCode::Unavailable},
    {"404 by a proxy", Call::Read, 404, "", ErrorCode::InvalidResponse},
    {"410 by a proxy", Call::Delete, 410, "", ErrorCode::InvalidResponse},
    {"503 without body", Call::List, 503, "", ErrorCode::Unavailable},
    {"401", Call::List, 401, "authError", ErrorCode::Unauthorized},
    {"channel id taken", Call::Watch, 400, "channelIdNotUnique", ErrorCode::AlreadyExists},
    {"not watchable", Call::Watch, 400, "pushNotSupportedForRequestedResource", ErrorCode::Unsupported},
    {"redirect", Call::List, 302, "", ErrorCode::InvalidResponse},
};

BOOST_DATA_TEST_CASE(the_reason_decides_what_a_refusal_means, kRefusals, row) {
    const Error error = meaning(row.call, Refusal{row.status, row.reason, {}}, "www.googleapis.com");
    BOOST_TEST((error.code == row.code), to_string(error.code));
    BOOST_TEST(!error.detail.empty());
}

BOOST_AUTO_TEST_CASE(newer_error_bodies_name_the_reason_in_the_details) {
    const Refusal refusal = parse_refusal(
        403,
        R"({"error":{"code":403,"message":"x","errors":[{"reason":"forbidden"}],)"
        R"("details":[{"reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}})"
    );
    BOOST_TEST((meaning(Call::List, refusal, "x").code == ErrorCode::Unauthorized));
    BOOST_TEST(parse_refusal(503, "<html>").reason.empty());
}

BOOST_AUTO_TEST_CASE(an_exhausted_quota_pauses_for_hours_G33) {
    const Error error = meaning(Call::Create, Refusal{403, "quotaExceeded", {}}, "x");
    BOOST_TEST((error.retry_after && *error.retry_after >= std::chrono::hours(1)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::google
