#include <algorithm>

#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

const RemoteCalendar* listed(const std::vector<RemoteCalendar>& calendars, const Href& href) {
    const auto at = std::find_if(calendars.begin(), calendars.end(), [&](const auto& c) { return c.href == href; });
    return at == calendars.end() ? nullptr : &*at;
}

void list_finds(Stage& stage) {
    const auto calendars = stage.connector.list_calendars(stage.context());
    CALGATE_EXPECT_SUCCESS(calendars);
    CALGATE_EXPECT(listed(*calendars, stage.calendar) != nullptr);
}

void list_names_use(Stage& stage) {
    const auto calendars = stage.connector.list_calendars(stage.context());
    CALGATE_EXPECT_SUCCESS(calendars);
    const RemoteCalendar* own = listed(*calendars, stage.calendar);
    CALGATE_EXPECT(own && own->writable && own->holds_events && own->counts_as_busy && !own->name.empty());
}

void list_names_each_once(Stage& stage) {
    const Href other = stage.another_calendar();
    const auto calendars = stage.connector.list_calendars(stage.context());
    CALGATE_EXPECT_SUCCESS(calendars);
    std::set<std::string> places;
    for (const auto& calendar : *calendars) CALGATE_EXPECT(places.insert(calendar.href.value).second);
    CALGATE_EXPECT(places.contains(stage.calendar.value) && places.contains(other.value));
}

void calendars_are_apart(Stage& stage) {
    const Href other = stage.another_calendar();
    const Event event = haircut(stage.uid("a"));
    stage.create(event);
    const auto there = stage.connector.fetch_changes(stage.context(), other, {}, {});
    CALGATE_EXPECT_SUCCESS(there);
    CALGATE_EXPECT(there->changed.empty() && there->snapshot && !there->more);
    CALGATE_EXPECT_ERROR(stage.connector.find_event(stage.context(), other, event.uid), ErrorCode::NotFound);
}

void unknown_calendar_is_not_empty(Stage& stage) {
    const auto pulled = stage.connector.fetch_changes(stage.context(), stage.subject.unknown_calendar(), {}, {});
    CALGATE_EXPECT_ERROR(pulled, ErrorCode::NotFound);
}

void unknown_calendar_takes_nothing(Stage& stage) {
    const Href nowhere = stage.subject.unknown_calendar();
    const auto created = stage.connector.create_event(stage.context(), nowhere, haircut(stage.uid("a")));
    CALGATE_EXPECT(!created);
    CALGATE_EXPECT(created.error().code == ErrorCode::NotFound || created.error().code == ErrorCode::Forbidden);
}

void wrong_password(Stage& stage) {
    const auto stranger = stage.subject.with_wrong_password();
    const auto listing = stranger->list_calendars(stage.context());
    const auto changes = stranger->fetch_changes(stage.context(), stage.calendar, {}, {});
    const auto created = stranger->create_event(stage.context(), stage.calendar, haircut(stage.uid("a")));
    CALGATE_EXPECT_ERROR(listing, ErrorCode::Unauthorized);
    CALGATE_EXPECT_ERROR(changes, ErrorCode::Unauthorized);
    CALGATE_EXPECT_ERROR(created, ErrorCode::Unauthorized);
    for (const Error& error : {listing.error(), changes.error(), created.error()})
        CALGATE_EXPECT(error.detail.find("wrong-secret") == std::string::npos);
    CALGATE_EXPECT(stage.count() == 0);
}

}  // namespace

std::vector<Row> calendar_rows() {
    return {
        {"list_calendars_finds_the_calendar", nullptr, list_finds},
        {"list_calendars_says_what_it_can_be_used_for", nullptr, list_names_use},
        {"list_calendars_names_each_once", nullptr, list_names_each_once},
        {"two_calendars_are_apart", nullptr, calendars_are_apart},
        {"unknown_calendar_is_an_error_and_never_empty", nullptr, unknown_calendar_is_not_empty},
        {"unknown_calendar_takes_no_event", nullptr, unknown_calendar_takes_nothing},
        {"wrong_password_is_unauthorized_and_tells_nothing", &Features::passwords, wrong_password},
    };
}

}  // namespace calgate::testing
