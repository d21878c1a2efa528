#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "connectors/graph/graph_connector.hpp"
#include "connectors/graph/graph_free_busy.hpp"
#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "tests/conformance/backstage.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/sim/graph_site.hpp"
#include "tests/support/renewed_tokens.hpp"

namespace calgate::testing {

namespace {

using Json = nlohmann::ordered_json;

Json time_json(const When& when) {
    const bool zoned = when.kind == When::Kind::Zoned || when.kind == When::Kind::Floating;
    const std::string zone = when.kind == When::Kind::Zoned ? when.zone : "W. Europe Standard Time";
    return {{"dateTime", format_local(when.local)}, {"timeZone", zoned ? zone : "UTC"}};
}

class GraphSubject final : public Subject {
public:
    GraphSubject(const ZoneResolver& zones, const std::string& profile, bool over_https)
        : zones_(zones), stage_(open(profile, over_https)) {}

    /// No garbage: Exchange holds nothing but items.
    Features features() const override {
        Features offered;
        offered.passwords = offered.deadlines = offered.outages = offered.faults = offered.mails = offered.json =
            offered.batches = offered.mailing_batches = offered.times = true;
        offered.freezing = stage_->over_https();
        return offered;
    }
    /// A sign-in that was long ago would have run out.
    void begin() override {
        for (RenewedTokens* tokens : {&tokens_, &times_only_}) tokens->refused(*tokens->access_token({}));
    }
    Connector& connector() override { return connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        return std::make_unique<graph::GraphConnector>(stage_->front(), clock_, zones_, stranger_, settings());
    }
    std::unique_ptr<Connector> for_times_only() override {
        return std::make_unique<freebusy::FreeBusyConnector>(
            graph::free_busy_source(stage_->front(), clock_, zones_, times_only_, settings()), clock_
        );
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override {
        return calendar_href(stage_->with<std::string>([&](GraphSim& sim) { return sim.make_calendar(name); }));
    }
    Href put_text(const Href& calendar, const std::string&, const std::string& icalendar) override {
        const std::string id = calendar_id(calendar);
        const auto event = read_icalendar(icalendar, {zones_, "Europe/Berlin", {}}, no_limits());
        if (!event) throw std::runtime_error(event.error().detail);
        return event_href(calendar, stage_->with<std::string>([&](GraphSim& sim) {
            const std::string held = sim.id_of_uid(id, event->uid.value);
            if (held.empty()) return sim.put_event(id, written(*event, icalendar, true).dump());
            sim.patch_event(held, written(*event, icalendar, false).dump());
            return held;
        }));
    }
    void erase(const Href& event) override {
        const std::string id = http::percent_decode(event.value.substr(event.value.rfind('/') + 1));
        stage_->with([&](GraphSim& sim) { sim.erase_event(id); });
    }
    Href unknown_calendar() override {
        return calendar_href(stage_->with<std::string>([](GraphSim& sim) {
            const std::string id = sim.make_calendar("left");
            sim.remove_calendar(id);
            return id;
        }));
    }
    void lose_next_answer() override { stage_->front().lose_next_answer(); }
    void set_down(bool down) override { stage_->set_down(down); }
    void set_frozen(bool frozen) override { stage_->set_frozen(frozen); }
    void fail_next(const SimFault& fault) override { stage_->fail_next(fault); }
    void clear_faults() override { stage_->clear_faults(); }
    void forget_tokens() override {
        stage_->with([](GraphSim& sim) { sim.forget_tokens(); });
    }
    int mails_sent() override {
        return stage_->with<int>([](GraphSim& sim) { return sim.mails_sent(); });
    }
    void invite_a_customer(const Href& calendar, const Uid&) override {
        const std::string body =
            R"({"subject":"Invitation","start":{"dateTime":"2026-06-10T07:00:00","timeZone":"UTC"},)"
            R"("end":{"dateTime":"2026-06-10T08:00:00","timeZone":"UTC"},)"
            R"("attendees":[{"type":"required","emailAddress":{"address":"customer@example.com"}}]})";
        stage_->with([&](GraphSim& sim) { sim.put_event(calendar_id(calendar), body); });
    }
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

    std::unique_ptr<Backstage<GraphSim>> open(const std::string& profile, bool over_https) {
        std::shared_ptr<GraphSim> sim;
        SimSite site = graph_site(profile, clock_, zones_, &sim);
        return std::make_unique<Backstage<GraphSim>>(std::move(site), std::move(sim), clock_, over_https);
    }
    std::string issue_token(const std::string& scope = {}) {
        return stage_->with<std::string>([&](GraphSim& sim) { return sim.issue_token(scope); });
    }

    const ZoneResolver& zones_;
    LongDayClock clock_{};
    std::unique_ptr<Backstage<GraphSim>> stage_;
    RenewedTokens tokens_{[this] { return issue_token(); }};
    RenewedTokens times_only_{[this] { return issue_token("https://graph.microsoft.com/Calendars.ReadBasic"); }};
    RenewedTokens stranger_{[] { return std::string("wrong-secret"); }};
    graph::GraphConnector connector_{stage_->front(), clock_, zones_, tokens_, settings()};
};

}  // namespace

std::unique_ptr<Subject> graph_subject(const ZoneResolver& zones, const std::string& profile, bool over_https) {
    return std::make_unique<GraphSubject>(zones, profile, over_https);
}

}  // namespace calgate::testing
