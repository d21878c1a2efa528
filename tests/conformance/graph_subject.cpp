#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "connectors/graph/graph_connector.hpp"
#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/renewed_tokens.hpp"

namespace calgate::testing {

namespace {

using Json = nlohmann::ordered_json;

bool is_write(const std::string& method) { return method == "POST" || method == "PATCH" || method == "DELETE"; }

class ForgetfulTransport final : public http::HttpTransport {
public:
    explicit ForgetfulTransport(http::HttpTransport& inner) : inner_(inner) {}

    void lose_next_answer() { armed_ = true; }
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        auto response = inner_.send(request, context);
        if (!armed_ || !is_write(request.method)) return response;
        armed_ = false;
        return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    }

private:
    http::HttpTransport& inner_;
    bool armed_ = false;
};

Json time_json(const When& when) {
    const bool zoned = when.kind == When::Kind::Zoned || when.kind == When::Kind::Floating;
    const std::string zone = when.kind == When::Kind::Zoned ? when.zone : "W. Europe Standard Time";
    return {{"dateTime", format_local(when.local)}, {"timeZone", zoned ? zone : "UTC"}};
}

class GraphSubject final : public Subject {
public:
    GraphSubject(const ZoneResolver& zones, const std::string& profile)
        : zones_(zones),
          sim_(clock_, zones, graph_quirks_of(profile)),
          tokens_([this] { return sim_.issue_token(); }),
          connector_(transport_, clock_, zones_, tokens_, settings()) {}

    Features features() const override {
        Features offered;
        offered.passwords = offered.deadlines = offered.outages = true;
        return offered;
    }
    /// A sign-in that was long ago would have run out.
    void begin() override { tokens_.refused(*tokens_.access_token({})); }
    Connector& connector() override { return connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        return std::make_unique<graph::GraphConnector>(transport_, clock_, zones_, stranger_, settings());
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override { return calendar_href(sim_.make_calendar(name)); }
    Href put_text(const Href& calendar, const std::string&, const std::string& icalendar) override {
        const std::string id = calendar_id(calendar);
        const auto event = read_icalendar(icalendar, {zones_, "Europe/Berlin", {}}, no_limits());
        if (!event) throw std::runtime_error(event.error().detail);
        const std::string held = sim_.id_of_uid(id, event->uid.value);
        if (!held.empty()) {
            sim_.patch_event(held, written(*event, icalendar, false).dump());
            return event_href(calendar, held);
        }
        return event_href(calendar, sim_.put_event(id, written(*event, icalendar, true).dump()));
    }
    void erase(const Href& event) override {
        sim_.erase_event(http::percent_decode(event.value.substr(event.value.rfind('/') + 1)));
    }
    Href unknown_calendar() override {
        const std::string id = sim_.make_calendar("left");
        sim_.remove_calendar(id);
        return calendar_href(id);
    }
    void lose_next_answer() override { transport_.lose_next_answer(); }
    void set_down(bool down) override { sim_.set_down(down); }
    /// In Outlook's words; what Graph has no member for, a person's client cannot bring there.
    std::vector<std::string> decoration() const override {
        return {"\"categories\":[\"WORK\"]", "\"isReminderOn\":true", "\"reminderMinutesBeforeStart\":15"};
    }

private:
    static graph::GraphSettings settings() {
        graph::GraphSettings out;
        out.default_zone = "Europe/Berlin";
        return out;
    }
    static IcalendarLimits no_limits() {
        IcalendarLimits out;
        out.line_bytes = out.object_bytes = 64 * 1024 * 1024;
        return out;
    }
    static std::string calendar_id(const Href& calendar) {
        return http::percent_decode(calendar.value.substr(calendar.value.find('/') + 1));
    }
    static Href calendar_href(const std::string& id) { return Href{"calendars/" + http::percent_encode(id)}; }
    static Href event_href(const Href& calendar, const std::string& id) {
        return Href{calendar.value + "/events/" + http::percent_encode(id)};
    }

    /// As a client writes it who opened the text in Outlook: an invitation keeps the UID as iCalUId.
    static Json written(const Event& event, const std::string& text, bool is_new) {
        const EventInstance& master = event.master;
        Json out;
        if (is_new) out["iCalUId"] = event.uid.value;
        out["subject"] = master.title;
        out["body"] = {{"contentType", "text"}, {"content", master.notes}};
        out["location"] = {{"displayName", master.place}};
        out["start"] = time_json(master.start);
        out["end"] = time_json(master.end);
        out["isAllDay"] = master.start.kind == When::Kind::Date;
        out["showAs"] = master.transparency == Transparency::Transparent ? "free" : "busy";
        if (text.find("CATEGORIES:WORK") != std::string::npos) out["categories"] = Json::array({"WORK"});
        out["isReminderOn"] = text.find("BEGIN:VALARM") != std::string::npos;
        out["reminderMinutesBeforeStart"] = 15;
        return out;
    }

    const ZoneResolver& zones_;
    ManualClock clock_{};
    GraphSim sim_;
    RenewedTokens tokens_;
    RenewedTokens stranger_{[] { return std::string("wrong-secret"); }};
    ForgetfulTransport transport_{sim_};
    graph::GraphConnector connector_;
};

}  // namespace

std::unique_ptr<Subject> graph_subject(const ZoneResolver& zones, const std::string& profile) {
    return std::make_unique<GraphSubject>(zones, profile);
}

}  // namespace calgate::testing
