#include "connectors/graph/graph_free_busy.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "connectors/graph/graph_session.hpp"
#include "connectors/graph/graph_text.hpp"
#include "connectors/http/url.hpp"

namespace calgate::graph {

namespace {

using Json = nlohmann::ordered_json;

/// Graph names no limit; Exchange refuses more than 42 days, or more than 1,000 entries.
constexpr std::chrono::days kLongest{28};
constexpr std::string_view kSchedules = "schedules/";
constexpr int kViewMinutes = 60;

Error unclear() {
    return {
        ErrorCode::InvalidResponse,
        "Microsoft Graph's answer does not say when this mailbox is taken; what was known of it stays.",
        {}};
}

const Json& member(const Json& json, const char* name) {
    static const Json kNone;
    return json.is_object() && json.contains(name) ? json[name] : kNone;
}

std::string text(const Json& json, const char* name) {
    const Json& value = member(json, name);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

bool same_address(const std::string& a, const std::string& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

Error refused_for(const Json& refusal) {
    const std::string code = text(refusal, "responseCode");
    if (code == "ErrorMailRecipientNotFound")
        return {ErrorCode::NotFound, "Microsoft Graph knows no mailbox of this address.", {}};
    if (code == "ErrorNoFreeBusyAccess")
        return {ErrorCode::Forbidden, "This account may not ask when this mailbox is taken.", {}};
    return unclear();
}

std::optional<Instant> instant_at(const Json& item, const char* name, const ZoneResolver& zones) {
    const Json& time = member(item, name);
    const auto local = parse_local(std::string_view(text(time, "dateTime")).substr(0, 19));
    const std::string said = text(time, "timeZone");
    const auto zone = zones.canonical_name(said.empty() ? "UTC" : said);
    if (!local || !zone || !zones.knows(*zone)) return std::nullopt;
    return zones.to_instant({When::Kind::Zoned, *local, *zone}, *zone);
}

/// freeBusyStatus; what nobody knows blocks time.
ShownAs shown_as(const std::string& status) {
    if (status == "free") return ShownAs::Free;
    if (status == "tentative") return ShownAs::Tentative;
    if (status == "oof") return ShownAs::OutOfOffice;
    if (status == "workingElsewhere") return ShownAs::WorkingElsewhere;
    return ShownAs::Busy;
}

Json time_json(Instant instant) {
    return {{"dateTime", format_local(LocalSeconds{instant.time_since_epoch()})}, {"timeZone", "UTC"}};
}

class Source final : public freebusy::FreeBusySource {
public:
    Source(
        http::HttpTransport& transport,
        const Clock& clock,
        const ZoneResolver& zones,
        oauth::TokenSource& tokens,
        GraphSettings settings
    )
        : zones_(zones), settings_(std::move(settings)), session_(transport, clock, tokens, settings_) {}

    Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
        Ask ask;
        ask.url = session_.mailbox_url("calendar");
        CALGATE_TRY(const http::Response response, session_.done(context, ask));
        const Json calendar = Json::parse(cleaned_json(response.body), nullptr, false);
        const std::string address = text(member(calendar, "owner"), "address");
        if (address.empty())
            return Error{
                ErrorCode::InvalidResponse, "Microsoft Graph does not say whose calendar this account has.", {}};
        RemoteCalendar out;
        out.href = Href{std::string(kSchedules) + http::percent_encode(address) + "/"};
        out.name = text(calendar, "name") + " (free/busy only)";
        out.writable = false;
        out.zone = settings_.default_zone;
        return std::vector<RemoteCalendar>{std::move(out)};
    }
    std::chrono::days longest_window() const override { return kLongest; }
    Result<std::vector<freebusy::TakenTime>> taken(const Context& context, const Href& calendar, Interval window)
        override {
        if (!calendar.value.starts_with(kSchedules) || !calendar.value.ends_with('/'))
            return Error{
                ErrorCode::Rejected,
                "This calendar was chosen when the account was read in full; choose it again with "
                "`calgate connect microsoft --read-only`.",
                {}};
        std::string encoded = calendar.value.substr(kSchedules.size());
        encoded.pop_back();
        const std::string address = http::percent_decode(encoded);
        Ask ask;
        ask.method = "POST";
        ask.url = session_.mailbox_url("calendar/getSchedule");
        ask.body =
            Json{
                {"schedules", Json::array({address})},
                {"startTime", time_json(window.start)},
                {"endTime", time_json(window.end)},
                {"availabilityViewInterval", kViewMinutes}}
                .dump();
        CALGATE_TRY(const http::Response response, session_.done(context, ask));
        return read_schedule(response.body, address, zones_);
    }

private:
    const ZoneResolver& zones_;
    GraphSettings settings_;
    Session session_;
};

}  // namespace

std::unique_ptr<freebusy::FreeBusySource> free_busy_source(
    http::HttpTransport& transport,
    const Clock& clock,
    const ZoneResolver& zones,
    oauth::TokenSource& tokens,
    GraphSettings settings
) {
    return std::make_unique<Source>(transport, clock, zones, tokens, std::move(settings));
}

Result<std::vector<freebusy::TakenTime>> read_schedule(
    std::string_view body, const std::string& address, const ZoneResolver& zones
) {
    const Json answer = Json::parse(cleaned_json(body), nullptr, false);
    const Json& schedules = member(answer, "value");
    if (!schedules.is_array()) return unclear();
    const auto ours = std::find_if(schedules.begin(), schedules.end(), [&](const Json& schedule) {
        return same_address(text(schedule, "scheduleId"), address);
    });
    if (ours == schedules.end()) return unclear();
    if (const Json& refusal = member(*ours, "error"); !refusal.is_null()) return refused_for(refusal);
    const Json& items = member(*ours, "scheduleItems");
    if (!items.is_array()) return unclear();
    std::vector<freebusy::TakenTime> out;
    for (const Json& item : items) {
        const auto start = instant_at(item, "start", zones), end = instant_at(item, "end", zones);
        if (!start || !end || *end < *start) return unclear();
        if (*start < *end) out.push_back({{*start, *end}, shown_as(text(item, "status"))});
    }
    const std::string view = text(*ours, "availabilityView");
    const bool taken_by_view = view.find_first_of("123") != std::string::npos;
    if (taken_by_view && items.empty()) return unclear();
    return out;
}

}  // namespace calgate::graph
