#include "connectors/ews/ews_availability.hpp"

#include <algorithm>

#include "connectors/ews/ews_items.hpp"
#include "connectors/ews/ews_requests.hpp"
#include "connectors/http/url.hpp"

namespace calgate::ews {

namespace {

constexpr std::string_view kPrefix = "availability/";
/// GetUserAvailability answers for 42 days at most on some servers.
constexpr std::chrono::days kLongest{28};
constexpr std::size_t kMostTimes = 20'000;

Error odd(std::string sentence) { return {ErrorCode::InvalidResponse, std::move(sentence), {}}; }

/// What nobody knows blocks time, and so does whoever works elsewhere.
ShownAs shown_as(const std::string& type) {
    if (type == "Tentative") return ShownAs::Tentative;
    return type == "OOF" ? ShownAs::OutOfOffice : ShownAs::Busy;
}

ShownAs shown_as(char digit) {
    if (digit == '1') return ShownAs::Tentative;
    return digit == '3' ? ShownAs::OutOfOffice : ShownAs::Busy;
}

void add_digits(const std::string& digits, Instant from, std::vector<freebusy::TakenTime>& out) {
    const auto at = [&](std::size_t place) { return from + static_cast<int>(place) * kMergedInterval; };
    for (std::size_t begin = 0; begin < digits.size();) {
        const std::size_t end = std::min(digits.find_first_not_of(digits[begin], begin), digits.size());
        if (digits[begin] != '0') out.push_back({{at(begin), at(end)}, shown_as(digits[begin])});
        begin = end;
    }
}

/// Of a refusal that concerns this mailbox alone, and says nothing about the service.
Error of_mailbox(Error error) {
    if (error.code == ErrorCode::InvalidResponse || error.code == ErrorCode::NotFound)
        error.code = ErrorCode::Forbidden;
    return error;
}

class Source final : public freebusy::FreeBusySource {
public:
    Source(Session& session, const ZoneResolver& zones) : session_(session), zones_(zones) {}

    /// Whoever wants to know of a mailbox names it.
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override {
        return std::vector<RemoteCalendar>{};
    }
    std::chrono::days longest_window() const override { return kLongest; }
    Result<std::vector<freebusy::TakenTime>> taken(const Context& context, const Href& calendar, Interval window)
        override {
        const Element body = get_user_availability(mailbox_in(calendar), window.start, window.end);
        const Ask ask{Call::Read, "GetUserAvailability", body, {}};
        CALGATE_TRY(const Element answer, session_.ask(context, ask));
        const Element* const one = answer.find("FreeBusyResponse");
        if (!one) return odd("The Exchange server did not answer about the mailbox; we ask again later.");
        return read_availability(*one, window.start, zones_, session_.refusals(ask).where);
    }

private:
    Session& session_;
    const ZoneResolver& zones_;
};

}  // namespace

Href availability_href(const std::string& address) {
    return Href{std::string(kPrefix) + http::percent_encode(address) + "/"};
}

std::string mailbox_in(const Href& href) {
    if (!href.value.starts_with(kPrefix)) return {};
    const std::string rest = href.value.substr(kPrefix.size());
    return http::percent_decode(rest.substr(0, rest.find('/')));
}

Result<std::vector<freebusy::TakenTime>> read_availability(
    const Element& response, Instant from, const ZoneResolver& zones, const std::string& where
) {
    const Verdict verdict = verdict_of(response.child("ResponseMessage"));
    if (!verdict.success()) return of_mailbox(refusal(Call::Read, verdict, where));
    const Element& view = response.child("FreeBusyView");
    const std::string digits = view.word("MergedFreeBusy");
    const auto& entries = view.child("CalendarEventArray").children;
    if (view.word("FreeBusyViewType") == "None" || (digits.empty() && entries.empty()))
        return Error{
            ErrorCode::Forbidden,
            where + " says nothing about the free and busy time of the mailbox; let this account see it.",
            {}};
    std::vector<freebusy::TakenTime> out;
    for (const Element& entry : entries) {
        const auto start = parse_time(entry.word("StartTime"), "UTC", zones);
        const auto end = parse_time(entry.word("EndTime"), "UTC", zones);
        if (!start || !end) return odd(where + " named a busy time that cannot be read; we ask again later.");
        if (entry.word("BusyType") != "Free" && *end > *start)
            out.push_back({{*start, *end}, shown_as(entry.word("BusyType"))});
        if (out.size() > kMostTimes) return odd(where + " named more busy times than can be true.");
    }
    // Whoever may see less gets digits only.
    if (entries.empty()) add_digits(digits, from, out);
    return out;
}

std::unique_ptr<freebusy::FreeBusySource> availability_source(Session& session, const ZoneResolver& zones) {
    return std::make_unique<Source>(session, zones);
}

}  // namespace calgate::ews
