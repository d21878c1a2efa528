#include "connectors/caldav/caldav_connector.hpp"
#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

using Kind = SimFault::Kind;

SimFault fault(Kind kind, int status = 503) {
    SimFault made;
    made.kind = kind;
    made.status = status;
    return made;
}

void deadline_has_passed(Stage& stage) {
    const Context late{stage.subject.clock().steady() - std::chrono::seconds(1), {}};
    const SteadyInstant before = stage.subject.clock().steady();
    const auto pulled = stage.connector.fetch_changes(late, stage.calendar, {}, {});
    const auto created = stage.connector.create_event(late, stage.calendar, haircut(stage.uid("a")));
    CALGATE_EXPECT(stage.subject.clock().steady() - before < std::chrono::seconds(1));
    for (const auto* code : {pulled ? nullptr : &pulled.error().code, created ? nullptr : &created.error().code}) {
        CALGATE_EXPECT(code != nullptr);
        CALGATE_EXPECT(*code == ErrorCode::Timeout || *code == ErrorCode::Unavailable || *code == ErrorCode::Cancelled);
    }
    CALGATE_EXPECT(stage.count() == 0);
}

void stopped(Stage& stage) {
    std::stop_source source;
    source.request_stop();
    Context context = stage.context();
    context.stop = source.get_token();
    CALGATE_EXPECT_ERROR(stage.connector.list_calendars(context), ErrorCode::Cancelled);
    CALGATE_EXPECT_ERROR(stage.connector.fetch_changes(context, stage.calendar, {}, {}), ErrorCode::Cancelled);
    CALGATE_EXPECT_ERROR(
        stage.connector.create_event(context, stage.calendar, haircut(stage.uid("a"))), ErrorCode::Cancelled
    );
    CALGATE_EXPECT(stage.count() == 0);
}

void outage(Stage& stage) {
    const Href kept = stage.create(haircut(stage.uid("a"))).href;
    const Pulled first = stage.pull();
    stage.subject.set_down(true);
    const auto pulled = stage.connector.fetch_changes(stage.context(), stage.calendar, first.token, {});
    const auto created = stage.connector.create_event(stage.context(), stage.calendar, haircut(stage.uid("b")));
    const auto fetched = stage.connector.fetch_event(stage.context(), kept);
    stage.subject.set_down(false);
    CALGATE_EXPECT_ERROR(pulled, ErrorCode::Unavailable);
    CALGATE_EXPECT_ERROR(created, ErrorCode::Unavailable);
    CALGATE_EXPECT_ERROR(fetched, ErrorCode::Unavailable);
    const Href late = stage.create(haircut(stage.uid("b"))).href;
    const Pulled next = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(next.changed.size() == 1 && next.changed.contains(late.value) && next.removed.empty());
}

/// Nobody answers: the call is back by its deadline and does not claim that nothing was written.
void frozen(Stage& stage) {
    stage.pull();  // A connection stands.
    stage.subject.set_frozen(true);
    const SteadyInstant before = stage.subject.clock().steady();
    const Context context{before + std::chrono::milliseconds(500), {}};
    const auto created = stage.connector.create_event(context, stage.calendar, haircut(stage.uid("a")));
    const auto took = stage.subject.clock().steady() - before;
    stage.subject.set_frozen(false);
    CALGATE_EXPECT_ERROR(created, ErrorCode::Timeout);
    CALGATE_EXPECT(took >= std::chrono::milliseconds(400) && took < std::chrono::seconds(3));
}

/// Whatever comes instead of an answer, the calendar is never read as empty and nothing as removed.
void expect_no_false_emptiness(Stage& stage, const SimFault& broken) {
    const Href href = stage.create(haircut(stage.uid("a"))).href;
    const Pulled first = stage.pull();
    stage.create(haircut(stage.uid("b")));
    for (const std::string& method : stage.subject.reading_methods()) {
        for (const bool from_the_start : {true, false}) {
            SimFault next = broken;
            next.method = method;
            next.times = -1;
            stage.subject.fail_next(next);
            const auto since = from_the_start ? std::nullopt : first.token;
            const auto page =
                stage.connector.fetch_changes(stage.context(), stage.calendar, since, stage.everything_in(first));
            stage.subject.clear_faults();
            if (!page) continue;
            CALGATE_EXPECT(page->removed.empty());
            const std::size_t seen = page->changed.size() + page->unchanged.size() + page->unread.size();
            CALGATE_EXPECT(seen >= (page->snapshot ? 2u : 1u));
        }
    }
    CALGATE_EXPECT_SUCCESS(stage.connector.fetch_event(stage.context(), href));
    CALGATE_EXPECT(stage.count() == 2);
}

void truncated(Stage& stage) { expect_no_false_emptiness(stage, fault(Kind::TruncatedXml)); }
void web_page_200(Stage& stage) { expect_no_false_emptiness(stage, fault(Kind::HtmlPage, 200)); }
void web_page_503(Stage& stage) { expect_no_false_emptiness(stage, fault(Kind::HtmlPage, 503)); }
void reset(Stage& stage) { expect_no_false_emptiness(stage, fault(Kind::ResetMidBody)); }
void forbidden(Stage& stage) { expect_no_false_emptiness(stage, fault(Kind::Refusal, 403)); }

void control_characters(Stage& stage) {
    stage.create(haircut(stage.uid("a")));
    SimFault dirty = fault(Kind::ControlCharacters);
    dirty.times = -1;
    stage.subject.fail_next(dirty);
    const auto page = stage.connector.fetch_changes(stage.context(), stage.calendar, {}, {});
    stage.subject.clear_faults();
    CALGATE_EXPECT_SUCCESS(page);
    CALGATE_EXPECT(page->changed.size() + page->unread.size() == 1);
}

void slow_down_seconds(Stage& stage) {
    SimFault busy = fault(Kind::Refusal, 429);
    busy.retry_after = "120";
    stage.subject.fail_next(busy);
    const auto page = stage.connector.fetch_changes(stage.context(), stage.calendar, {}, {});
    CALGATE_EXPECT_ERROR(page, ErrorCode::RateLimited);
    CALGATE_EXPECT(page.error().retry_after == std::chrono::seconds(120));
}

void slow_down_date(Stage& stage) {
    SimFault busy = fault(Kind::Refusal, 503);
    busy.retry_after = "Sun, 01 Mar 2026 08:05:00 GMT";  // Five minutes after the clock of the test.
    stage.subject.fail_next(busy);
    const auto page = stage.connector.fetch_changes(stage.context(), stage.calendar, {}, {});
    CALGATE_EXPECT_ERROR(page, ErrorCode::Unavailable);
    CALGATE_EXPECT(page.error().retry_after == std::chrono::minutes(5));
}

void no_room(Stage& stage) {
    SimFault full = fault(Kind::Refusal, 507);
    full.method = "PUT";
    stage.subject.fail_next(full);
    const auto created = stage.connector.create_event(stage.context(), stage.calendar, haircut(stage.uid("a")));
    CALGATE_EXPECT_ERROR(created, ErrorCode::QuotaExceeded);
    CALGATE_EXPECT(stage.count() == 0);
}

void unauthorized_midway(Stage& stage) {
    stage.create(haircut(stage.uid("a")));
    stage.subject.sim().unauthorized_after(1);
    const auto page = stage.connector.fetch_changes(stage.context(), stage.calendar, {}, {});
    stage.subject.sim().unauthorized_after(-1);
    CALGATE_EXPECT_ERROR(page, ErrorCode::Unauthorized);
    CALGATE_EXPECT(stage.count() == 1);
}

void forgotten_tokens(Stage& stage) {
    stage.create(haircut(stage.uid("a")));
    const Pulled first = stage.pull();
    stage.subject.forget_tokens();
    stage.create(haircut(stage.uid("b")));
    const auto page = stage.connector.fetch_changes(stage.context(), stage.calendar, first.token, {});
    if (page) {
        CALGATE_EXPECT(page->changed.size() == 2);
    } else {
        CALGATE_EXPECT_ERROR(page, ErrorCode::SyncTokenExpired);
    }
    CALGATE_EXPECT(stage.count() == 2);
}

void replaced_calendar(Stage& stage) {
    const Href own = stage.another_calendar();
    CALGATE_EXPECT_SUCCESS(stage.connector.create_event(stage.context(), own, haircut(stage.uid("a"))));
    const auto first = stage.connector.fetch_changes(stage.context(), own, {}, {});
    CALGATE_EXPECT_SUCCESS(first);
    stage.subject.sim().replace_calendar(own);
    CALGATE_EXPECT_ERROR(stage.connector.fetch_changes(stage.context(), own, first->next, {}), ErrorCode::NotFound);
    CALGATE_EXPECT_ERROR(stage.connector.fetch_changes(stage.context(), own, {}, {}), ErrorCode::NotFound);
}

Result<std::vector<RemoteCalendar>> list_from(Stage& stage, const std::string& path) {
    caldav::CaldavSettings settings;
    settings.url = stage.subject.sim().account_url() + path;
    settings.user = CaldavSim::credentials().user;
    settings.password = CaldavSim::credentials().password;
    caldav::CaldavConnector connector(stage.subject.sim(), stage.subject.clock(), stage.zones, settings);
    return connector.list_calendars(stage.context());
}

void redirect_on_this_host(Stage& stage) {
    for (const char* path :
         {"r301/17112341/principal/",
          "r302/17112341/principal/",
          "r307/17112341/principal/",
          "r308/17112341/principal/"}) {
        const auto calendars = list_from(stage, path);
        CALGATE_EXPECT_SUCCESS(calendars);
        bool listed = false;
        for (const auto& calendar : *calendars) listed |= calendar.href == stage.calendar;
        CALGATE_EXPECT(listed);
    }
}

void redirect_elsewhere(Stage& stage) {
    const std::size_t before = stage.subject.sim().requests().size();
    for (const char* path : {"r301-foreign/", "r308-foreign/", "r302-http/", "r307-http/"})
        (void)list_from(stage, path);
    const auto& requests = stage.subject.sim().requests();
    CALGATE_EXPECT(requests.size() > before);
    for (std::size_t i = before; i < requests.size(); ++i)
        CALGATE_EXPECT(
            requests[i].url.starts_with("https://") && requests[i].url.find("elsewhere") == std::string::npos
        );
}

}  // namespace

std::vector<Row> failure_rows() {
    return {
        {"a_passed_deadline_fails_at_once", &Features::deadlines, deadline_has_passed},
        {"a_stopped_call_is_cancelled", nullptr, stopped},
        {"outage_is_unavailable_and_the_token_survives_it", &Features::outages, outage},
        {"a_frozen_service_is_a_timeout_by_the_deadline", &Features::freezing, frozen},
        {"a_truncated_body_is_never_emptiness", &Features::faults, truncated},
        {"a_web_page_with_200_is_never_emptiness", &Features::faults, web_page_200},
        {"a_web_page_with_503_is_never_emptiness", &Features::faults, web_page_503},
        {"a_reset_connection_is_never_emptiness", &Features::faults, reset},
        {"a_bare_403_is_never_emptiness", &Features::faults, forbidden},
        {"control_characters_do_not_hide_events", &Features::webdav, control_characters},
        {"retry_after_in_seconds_is_told", &Features::faults, slow_down_seconds},
        {"retry_after_as_a_date_is_told", &Features::faults, slow_down_date},
        {"no_room_is_told_and_nothing_written", &Features::webdav, no_room},
        {"losing_the_password_midway_is_unauthorized", &Features::webdav, unauthorized_midway},
        {"forgotten_tokens_are_never_silent", &Features::faults, forgotten_tokens},
        {"a_redirect_on_the_same_host_is_followed", &Features::webdav, redirect_on_this_host},
        {"a_redirect_to_http_or_elsewhere_gets_no_request", &Features::webdav, redirect_elsewhere},
        {"a_replaced_calendar_is_not_found_and_never_empty", &Features::webdav, replaced_calendar},
    };
}

}  // namespace calgate::testing
