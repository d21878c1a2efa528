#include "connectors/google/google_lists.hpp"

#include <algorithm>

#include "connectors/google/google_wire.hpp"
#include "connectors/http/url.hpp"

namespace calgate::google {

namespace {

constexpr int kMaxCalendarPages = 50;

}  // namespace

Result<std::vector<RemoteCalendar>> list_calendars(const Session& session, const Context& context) {
    std::vector<RemoteCalendar> calendars;
    std::string token;
    for (int pages = 0; pages < kMaxCalendarPages; ++pages) {
        std::string path = "users/me/calendarList?maxResults=250&showHidden=true";
        if (!token.empty()) path += "&pageToken=" + http::percent_encode(token);
        CALGATE_TRY(const std::string body, session.ask(context, Call::ListCalendars, "GET", path));
        CALGATE_TRY(CalendarsPage page, read_calendars_page(body));
        for (RemoteCalendar& calendar : page.calendars) {
            const bool listed = std::any_of(calendars.begin(), calendars.end(), [&](const RemoteCalendar& other) {
                return other.href == calendar.href;
            });
            if (!listed) calendars.push_back(std::move(calendar));
        }
        token = page.next_page;
        if (token.empty()) return calendars;
    }
    return Error{ErrorCode::InvalidResponse, "Google's list of calendars does not end; we try again later.", {}};
}

}  // namespace calgate::google
