#include "connectors/google/google_free_busy.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_lists.hpp"
#include "connectors/google/google_session.hpp"
#include "connectors/http/text_bounds.hpp"

namespace calgate::google {

namespace {

using Json = nlohmann::json;

/// Google refuses more than about three months (timeRangeTooLong).
constexpr std::chrono::days kLongest{84};

Error unclear() {
    return {
        ErrorCode::InvalidResponse,
        "Google's answer does not say when this calendar is taken; what was known of it stays.",
        {}};
}

Error refused_for(const Json& errors) {
    std::string reason;
    if (errors.is_array() && !errors.empty() && errors[0].is_object() && errors[0].contains("reason") &&
        errors[0]["reason"].is_string())
        reason = errors[0]["reason"].get<std::string>();
    if (reason == "notFound")
        return {ErrorCode::NotFound, "Google knows no such calendar, or this account may not ask for its times.", {}};
    if (reason == "internalError" || reason == "backendError")
        return {ErrorCode::Unavailable, "Google could not read this calendar just now; it is asked again.", {}};
    return unclear();
}

/// A fraction of a second counts as the whole one: `start` may begin early, `end` come late, by less than a second.
std::optional<Instant> instant_at(const Json& time, const char* name, bool is_end) {
    if (!time.is_object() || !time.contains(name) || !time[name].is_string()) return std::nullopt;
    std::string text = time[name].get<std::string>();
    const auto dot = text.find('.');
    bool fraction = false;
    if (dot != std::string::npos) {
        const auto behind = std::min(text.find_first_not_of("0123456789", dot + 1), text.size());
        if (behind == dot + 1) return std::nullopt;
        fraction = text.find_first_not_of('0', dot + 1) < behind;
        text.erase(dot, behind - dot);
    }
    const auto whole = parse_instant(text);
    if (!whole || !fraction || !is_end) return whole;
    return *whole + std::chrono::seconds(1);
}

class Source final : public freebusy::FreeBusySource {
public:
    Source(http::HttpTransport& transport, const Clock& clock, oauth::TokenSource& tokens, GoogleSettings settings)
        : settings_(std::move(settings)), session_(transport, clock, tokens, settings_) {}

    Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
        return google::list_calendars(session_, context);
    }
    std::chrono::days longest_window() const override { return kLongest; }
    Result<std::vector<freebusy::TakenTime>> taken(const Context& context, const Href& calendar, Interval window)
        override {
        const auto id = calendar_id(calendar);
        if (!id) return Error{ErrorCode::Rejected, "This is no calendar of Google; choose the calendar again.", {}};
        Json asked;
        asked["timeMin"] = format_instant(window.start);
        asked["timeMax"] = format_instant(window.end);
        asked["items"][0]["id"] = *id;
        CALGATE_TRY(const std::string body, session_.ask(context, Call::List, "POST", "freeBusy", asked.dump()));
        return read_free_busy(body, *id);
    }

private:
    GoogleSettings settings_;
    Session session_;
};

}  // namespace

std::unique_ptr<freebusy::FreeBusySource> free_busy_source(
    http::HttpTransport& transport, const Clock& clock, oauth::TokenSource& tokens, GoogleSettings settings
) {
    return std::make_unique<Source>(transport, clock, tokens, std::move(settings));
}

Result<std::vector<freebusy::TakenTime>> read_free_busy(std::string_view body, const std::string& calendar_id) {
    const Json answer = http::json_within_bounds(body) ? Json::parse(body, nullptr, false) : Json();
    if (!answer.is_object() || !answer.contains("calendars") || !answer["calendars"].is_object()) return unclear();
    const Json& calendars = answer["calendars"];
    const auto entry = calendars.find(calendar_id);
    if (entry == calendars.end() || !entry->is_object()) return unclear();
    if (entry->contains("errors")) return refused_for((*entry)["errors"]);
    if (!entry->contains("busy") || !(*entry)["busy"].is_array()) return unclear();
    std::vector<freebusy::TakenTime> out;
    for (const Json& time : (*entry)["busy"]) {
        const auto start = instant_at(time, "start", false), end = instant_at(time, "end", true);
        if (!start || !end || *end < *start) return unclear();
        if (*start < *end) out.push_back({{*start, *end}, ShownAs::Busy});
    }
    return out;
}

}  // namespace calgate::google
