#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_free_busy.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_wire.hpp"
#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "core/identity.hpp"
#include "tests/conformance/backstage.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/sim/google_site.hpp"
#include "tests/support/fixed_tokens.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kZone = "Europe/Berlin";

/// Lines of an iCalendar object that Google has no member for; a client that syncs iCalendar keeps them in a property.
std::string lines_without_a_member(const std::string& icalendar) {
    std::istringstream stream(icalendar);
    std::string kept;
    bool alarm = false;
    for (std::string line; std::getline(stream, line);) {
        if (line.ends_with('\r')) line.pop_back();
        alarm |= line == "BEGIN:VALARM";
        if (alarm || line.starts_with("X-") || line.starts_with("CATEGORIES") || line.starts_with("URL"))
            kept += line + "\n";
        alarm &= line != "END:VALARM";
    }
    return kept;
}

class GoogleSubject final : public Subject {
public:
    GoogleSubject(const ZoneResolver& zones, bool over_https) : zones_(zones), stage_(open(over_https)) {}

    /// No garbage: Google holds nothing but event resources.
    Features features() const override {
        Features offered;
        offered.passwords = offered.deadlines = offered.outages = offered.faults = offered.mails = offered.json =
            offered.batches = offered.mailing_batches = offered.times = true;
        offered.freezing = stage_->over_https();
        return offered;
    }
    Connector& connector() override { return connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        return std::make_unique<google::GoogleConnector>(stage_->front(), clock_, zones_, wrong_, settings());
    }
    std::unique_ptr<Connector> for_times_only() override {
        return std::make_unique<freebusy::FreeBusyConnector>(
            google::free_busy_source(stage_->front(), clock_, times_only_, settings()), clock_
        );
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override {
        return google::calendar_href(stage_->with<std::string>([&](GoogleSim& sim) { return sim.make_calendar(name); })
        );
    }
    Href put_text(const Href& calendar, const std::string& name, const std::string& icalendar) override {
        const std::string owner = *google::calendar_id(calendar);
        IcalendarLimits generous;
        generous.object_bytes = generous.line_bytes = 8u * 1024 * 1024;
        const auto event = read_icalendar(icalendar, {zones_, kZone, {}}, generous);
        if (!event) throw std::runtime_error("Not an iCalendar object: " + event.error().detail);
        // The client edits the event that it sees; what it makes gets an id of its own.
        std::string id = google::event_id_of(event->uid).value_or("");
        const bool is_there = name == event->uid.value + ".ics" && !text(owner, id).empty();
        if (!is_there) id = "g0" + sha256_hex(name).substr(0, 24);
        const auto body = google::insert_body(*event, id, {zones_, kZone});
        if (!body) throw std::runtime_error("Not for Google: " + body.error().detail);
        auto resource = nlohmann::ordered_json::parse(*body);
        if (!is_there) resource["iCalUID"] = event->uid.value;
        if (const std::string kept = lines_without_a_member(icalendar); !kept.empty())
            resource["extendedProperties"]["shared"]["icalendar"] = kept;
        stage_->with([&](GoogleSim& sim) { sim.put(owner, id, resource.dump()); });
        return google::event_href(calendar, id);
    }
    void erase(const Href& event) override {
        const auto place = google::event_place(event);
        stage_->with([&](GoogleSim& sim) { sim.erase(*google::calendar_id(place->calendar), place->id); });
    }
    Href unknown_calendar() override { return google::calendar_href("nobody@group.calendar.google.com"); }
    void lose_next_answer() override { stage_->front().lose_next_answer(); }
    void set_down(bool down) override { stage_->set_down(down); }
    void set_frozen(bool frozen) override { stage_->set_frozen(frozen); }
    void fail_next(const SimFault& fault) override { stage_->fail_next(fault); }
    void clear_faults() override { stage_->clear_faults(); }
    void forget_tokens() override {
        stage_->with([](GoogleSim& sim) { sim.forget_tokens(); });
    }
    int mails_sent() override {
        return stage_->with<int>([](GoogleSim& sim) { return sim.mails_sent(); });
    }
    void invite_a_customer(const Href& calendar, const Uid&) override {
        const std::string url = "https://www.googleapis.com/calendar/v3/calendars/" +
                                http::percent_encode(*google::calendar_id(calendar)) + "/events?sendUpdates=all";
        const std::string body = R"({"summary":"Invitation","start":{"dateTime":"2026-06-10T07:00:00Z"},)"
                                 R"("end":{"dateTime":"2026-06-10T08:00:00Z"},)"
                                 R"("attendees":[{"email":"customer@example.com"}]})";
        const http::Headers headers = {
            {"Authorization", "Bearer " + *tokens_.access_token({})}, {"Content-Type", "application/json"}};
        const auto answer = stage_->front().send({"POST", url, headers, body, {}}, {clock_.steady() + kPerCall, {}});
        if (!answer || answer->status != 200) throw std::runtime_error("The invitation was not taken.");
    }

private:
    static constexpr std::chrono::seconds kPerCall{20};

    std::unique_ptr<Backstage<GoogleSim>> open(bool over_https) {
        std::shared_ptr<GoogleSim> sim;
        SimSite site = google_site(clock_, zones_, &sim);
        sim->quirks().batch_reversed = true;
        return std::make_unique<Backstage<GoogleSim>>(std::move(site), std::move(sim), clock_, over_https);
    }
    std::string text(const std::string& calendar, const std::string& id) {
        return stage_->with<std::string>([&](GoogleSim& sim) { return sim.text(calendar, id); });
    }
    static google::GoogleSettings settings() {
        google::GoogleSettings made;
        made.default_zone = kZone;
        return made;
    }

    const ZoneResolver& zones_;
    LongDayClock clock_{};
    std::unique_ptr<Backstage<GoogleSim>> stage_;
    FixedTokens tokens_{stage_->with<std::string>([](GoogleSim& sim) { return sim.issue_access_token(); })};
    FixedTokens times_only_{stage_->with<std::string>([](GoogleSim& sim) {
        const std::string auth = "https://www.googleapis.com/auth/";
        return sim.issue_access_token(auth + "calendar.freebusy " + auth + "calendar.calendarlist.readonly");
    })};
    FixedTokens wrong_{"wrong-secret"};
    google::GoogleConnector connector_{stage_->front(), clock_, zones_, tokens_, settings()};
};

}  // namespace

std::unique_ptr<Subject> google_subject(const ZoneResolver& zones, bool over_https) {
    return std::make_unique<GoogleSubject>(zones, over_https);
}

}  // namespace calgate::testing
