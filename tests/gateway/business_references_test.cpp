#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/gateway/street.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;

using Route = Api::Route;

/// With the ids of nothing in place of the second business's.
std::string nowhere(std::string text) {
    for (const auto& [theirs, nobodys] : std::initializer_list<std::pair<const char*, const char*>>{
             {"\"bea\"", "\"nix\""},
             {"=bea", "=nix"},
             {",bea", ",nix"},
             {"bcut", "nixcut"},
             {"b-hold", "nix-hold"},
             {"acc-b", "acc-nix"}})
        if (const auto at = text.find(theirs); at != std::string::npos)
            text.replace(at, std::string_view(theirs).size(), nobodys);
    return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(business_references, Street)

BOOST_AUTO_TEST_CASE(no_field_and_no_parameter_reaches_an_object_of_another_business) {
    const std::string window = "from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z";
    const std::string booked = held["booking"];
    const Json times = {
        {"start", "2027-05-01T09:00:00"}, {"end", "2027-05-01T10:00:00"}, {"zone", "Europe/Berlin"}, {"title", "x"}};
    const auto with = [](Json body, const Json& more) {
        body.update(more);
        return body;
    };
    const Json hold = {
        {"service", "acut"}, {"staff", "ann"}, {"start", "2027-05-01T12:00:00"}, {"zone", "Europe/Berlin"}};
    struct Row {
        std::string method, pattern, field, target;
        Json body;
        std::set<int> expected;
    };
    const std::vector<Row> rows = {
        {"PUT", "/v1/appointments/{id}", "staff", "/v1/appointments/r1", with(times, {{"staff", "bea"}}), {422}},
        {"PUT",
         "/v1/appointments/{id}",
         "service",
         "/v1/appointments/r2",
         with(times, {{"staff", "ann"}, {"service", "bcut"}}),
         {422}},
        {"PUT",
         "/v1/appointments/{id}",
         "link",
         "/v1/appointments/r3",
         with(times, {{"staff", "ann"}, {"service", "acut"}, {"link", link["link"]}}),
         {403}},
        // A booking is a word of the caller's; the same word at another business is another booking.
        {"PUT",
         "/v1/appointments/{id}",
         "booking",
         "/v1/appointments/r4",
         with(times, {{"staff", "ann"}, {"booking", booked}}),
         {201}},
        {"PUT",
         "/v1/appointments/{id}",
         "customer",
         "/v1/appointments/r5",
         with(times, {{"staff", "ann"}, {"customer", "c"}}),
         {201}},
        {"GET", "/v1/appointments", "after", "/v1/appointments?after=b-one", nullptr, {200}},
        {"GET", "/v1/availability", "staff", "/v1/availability?staff=bea&" + window, nullptr, {404}},
        {"GET", "/v1/slots", "service", "/v1/slots?service=bcut&" + window, nullptr, {404}},
        {"GET", "/v1/slots", "staff", "/v1/slots?service=acut&staff=bea&" + window, nullptr, {404}},
        {"GET", "/v1/slots", "all", "/v1/slots?service=acut&all=ann,bea&" + window, nullptr, {404}},
        {"POST", "/v1/holds", "service", "/v1/holds", with(hold, {{"service", "bcut"}}), {422}},
        {"POST", "/v1/holds", "staff", "/v1/holds", with(hold, {{"staff", "bea"}}), {400}},
        {"POST",
         "/v1/holds",
         "all",
         "/v1/holds",
         {{"service", "acut"}, {"all", {"ann", "bea"}}, {"start", "2027-05-01T12:00:00"}, {"zone", "Europe/Berlin"}},
         {422}},
        {"POST", "/v1/holds", "link", "/v1/holds", with(hold, {{"link", link["link"]}}), {403}},
        {"POST", "/v1/holds", "booking", "/v1/holds", with(hold, {{"booking", booked}}), {201}},
        {"POST", "/v1/holds", "customer", "/v1/holds", with(hold, {{"customer", "c"}}), {201}},
        {"POST", "/v1/links", "service", "/v1/links", {{"customer", "c"}, {"service", "bcut"}}, {422}},
        {"POST", "/v1/links", "customer", "/v1/links", {{"customer", "c"}}, {201}},
        {"GET", "/book/slots", "service", "/book/slots?service=bcut&day=" + tomorrow(), nullptr, {404}},
        {"POST", "/book/link", "link", "/book/link", {{"link", link["link"]}}, {403, 404}},
        {"POST",
         "/book/holds",
         "service",
         "/book/holds",
         {{"service", "bcut"}, {"start", tomorrow() + "T10:00:00Z"}},
         {400}},
        {"POST",
         "/book/holds",
         "link",
         "/book/holds",
         {{"service", "acut"}, {"start", tomorrow() + "T10:00:00Z"}, {"link", link["link"]}},
         {403}},
        {"POST",
         "/book/holds",
         "booking",
         "/book/holds",
         {{"service", "acut"}, {"start", tomorrow() + "T10:00:00Z"}, {"booking", booked}},
         {404}},
        {"POST",
         "/book/confirm",
         "booking",
         "/book/confirm",
         {{"booking", booked}, {"name", "x"}, {"contact", "x@example.org"}},
         {404}},
        {"POST", "/book/look", "booking", "/book/look", {{"booking", booked}}, {404}},
        {"POST", "/book/cancel", "booking", "/book/cancel", {{"booking", booked}}, {404}},
        {"POST", "/v1/callbacks/replay", "after", "/v1/callbacks/replay", {{"after", 0}}, {200}},
        {"POST", "/v1/confirmations", "appointments", "/v1/confirmations", {{"appointments", {"b-hold"}}}, {404}},
        {"POST",
         "/v1/confirmations",
         "customer",
         "/v1/confirmations",
         {{"appointments", {"b-hold"}}, {"customer", "c"}},
         {404}},
        {"POST", "/v1/feeds", "staff", "/v1/feeds", {{"staff", "bea"}}, {422}},
        {"PUT",
         "/v1/services/{id}",
         "staff",
         "/v1/services/r1",
         {{"name", "N"}, {"duration_min", 30}, {"staff", {"bea"}}},
         {400, 422}},
        {"POST",
         "/v1/accounts/sign-in",
         "account",
         "/v1/accounts/sign-in",
         {{"provider", "google"}, {"account", "acc-b"}},
         {404, 422}},
        {"POST",
         "/v1/accounts/sign-in/{id}",
         "state",
         "/v1/accounts/sign-in/" + ids_of_b["sign-in"],
         {{"state", sign_in["state"]}, {"code", "c"}},
         {404}},
        {"GET",
         "/oauth/callback",
         "state",
         "/oauth/callback?code=c&state=" + sign_in["state"].get<std::string>(),
         nullptr,
         {400}},
        {"POST",
         "/v1/calendars",
         "account",
         "/v1/calendars",
         {{"account", "acc-b"}, {"href", "/x"}, {"staff", "ann"}},
         {422}},
        {"POST",
         "/v1/calendars",
         "staff",
         "/v1/calendars",
         {{"account", "acc-a"}, {"href", "/x"}, {"staff", "bea"}},
         {422}},
        {"PUT", "/v1/drills/cut", "provider", "/v1/drills/cut", {{"provider", "acc-b"}}, {422}},
        {"GET", "/v1/changes", "after", "/v1/changes?after=1", nullptr, {200}},
        {"POST", "/v1/erasures", "customer", "/v1/erasures", {{"customer", "Beate"}, {"apply", true}}, {200, 404}},
    };
    const std::string before = state_of_b();
    std::set<std::string> covered;
    for (const Row& row : rows) {
        covered.insert(row.method + " " + row.pattern + " " + row.field);
        const int status = ask(row.method, row.target, row.body, a.authorization(), "a.example").first;
        BOOST_TEST(
            row.expected.contains(status),
            row.method << ' ' << row.target << ' ' << row.body.dump() << ": " << status << ' ' << last_.body
        );
        BOOST_TEST(last_.body.find("Bertram") == std::string::npos, row.target << ": " << last_.body);
        if (status < 400) continue;
        // What is nowhere gets the same answer.
        const std::string body = nowhere(row.body.dump());
        const auto same = ask(row.method, nowhere(row.target), Json::parse(body), a.authorization(), "a.example");
        BOOST_TEST(same.first == status, row.method << ' ' << nowhere(row.target) << ' ' << body << ": " << same.first);
    }
    BOOST_TEST(state_of_b() == before);

    // Whatever a call can be told is in one of these lists: what may name an object has a row above.
    static const std::set<std::string> kObjects = {
        "staff",
        "service",
        "all",
        "account",
        "appointments",
        "link",
        "booking",
        "state",
        "after",
        "provider",
        "customer"};
    static const std::set<std::string> kPlain = {
        "id",
        "start",
        "end",
        "zone",
        "title",
        "place",
        "notes",
        "override_busy",
        "client_address",
        "override_limits",
        "force",
        "limit",
        "from",
        "to",
        "format",
        "hold_s",
        "expires_in_s",
        "single_use",
        "day",
        "name",
        "contact",
        "note",
        "overlap_s",
        "label",
        "detail",
        "capacity",
        "working_hours",
        "exceptions",
        "duration_min",
        "buffer_before_min",
        "buffer_after_min",
        "step_min",
        "notice_min",
        "horizon_days",
        "kind",
        "url",
        "user",
        "password",
        "address",
        "mailbox",
        "access",
        "service_account",
        "subject",
        "tenant",
        "client_id",
        "client_secret",
        "certificate",
        "redirect_uri",
        "login_hint",
        "confirm_other_person",
        "code",
        "error",
        "error_description",
        "*",
        "remove_copies",
        "href",
        "mirror",
        "busy",
        "show",
        "drill",
        "jump_s",
        "for_s",
        "changes",
        "every_s",
        "percent",
        "lease_s",
        "good",
        "resolution",
        "scope",
        "apply",
        "merge",
        "validationToken"};
    // What these take under such a name is a value of their own, no object.
    static const std::set<std::string> kValues = {
        "PUT /v1/appointments/{id} state", "POST /v1/accounts/sign-in provider", "GET /v1/conflicts all"};
    for (const Route& route : Api::routes()) {
        if (route.pattern == "/v1/import") continue;  // Whole records, which become those of whoever imports them.
        for (const auto& names : {route.fields, route.parameters}) {
            for (const std::string& name : names) {
                const std::string one = route.method + " " + route.pattern + " " + name;
                BOOST_TEST((kObjects.contains(name) || kPlain.contains(name)), one << " is in no list here");
                BOOST_TEST(
                    (!kObjects.contains(name) || covered.contains(one) || kValues.contains(one)), one << " has no row"
                );
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
