#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_wire.hpp"
#include "core/icalendar.hpp"
#include "core/identity.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/sim/google_sim.hpp"
#include "tests/support/fixed_tokens.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kZone = "Europe/Berlin";

/// Passes everything on, and forgets the answer to one write on demand.
class ForgetfulGoogle final : public http::HttpTransport {
public:
    explicit ForgetfulGoogle(http::HttpTransport& inner) : inner_(inner) {}

    void lose_next_answer() { armed_ = true; }
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        auto response = inner_.send(request, context);
        if (!armed_ || request.method == "GET") return response;
        armed_ = false;
        return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    }

private:
    http::HttpTransport& inner_;
    bool armed_ = false;
};

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
    explicit GoogleSubject(const ZoneResolver& zones)
        : zones_(zones), sim_(clock_, zones), connector_(transport_, clock_, zones_, tokens_, settings()) {}

    Features features() const override {
        Features offered;
        offered.passwords = offered.deadlines = offered.outages = true;
        return offered;
    }
    Connector& connector() override { return connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        return std::make_unique<google::GoogleConnector>(transport_, clock_, zones_, wrong_, settings());
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override { return google::calendar_href(sim_.make_calendar(name)); }
    Href put_text(const Href& calendar, const std::string& name, const std::string& icalendar) override {
        const std::string owner = *google::calendar_id(calendar);
        IcalendarLimits generous;
        generous.object_bytes = generous.line_bytes = 8u * 1024 * 1024;
        const auto event = read_icalendar(icalendar, {zones_, kZone, {}}, generous);
        if (!event) throw std::runtime_error("Not an iCalendar object: " + event.error().detail);
        // The client edits the event that it sees; what it makes gets an id of its own.
        std::string id = google::event_id_of(event->uid).value_or("");
        const bool is_there = name == event->uid.value + ".ics" && !sim_.text(owner, id).empty();
        if (!is_there) id = "g0" + sha256_hex(name).substr(0, 24);
        const auto body = google::insert_body(*event, id, {zones_, kZone});
        if (!body) throw std::runtime_error("Not for Google: " + body.error().detail);
        auto resource = nlohmann::ordered_json::parse(*body);
        if (!is_there) resource["iCalUID"] = event->uid.value;
        if (const std::string kept = lines_without_a_member(icalendar); !kept.empty())
            resource["extendedProperties"]["shared"]["icalendar"] = kept;
        sim_.put(owner, id, resource.dump());
        return google::event_href(calendar, id);
    }
    void erase(const Href& event) override {
        const auto place = google::event_place(event);
        sim_.erase(*google::calendar_id(place->calendar), place->id);
    }
    Href unknown_calendar() override { return google::calendar_href("nobody@group.calendar.google.com"); }
    void lose_next_answer() override { transport_.lose_next_answer(); }
    void set_down(bool down) override { sim_.set_down(down); }

private:
    static google::GoogleSettings settings() {
        google::GoogleSettings made;
        made.default_zone = kZone;
        return made;
    }

    const ZoneResolver& zones_;
    ManualClock clock_{};
    GoogleSim sim_;
    ForgetfulGoogle transport_{sim_};
    FixedTokens tokens_{sim_.issue_access_token()}, wrong_{"wrong-secret"};
    google::GoogleConnector connector_;
};

}  // namespace

std::unique_ptr<Subject> google_subject(const ZoneResolver& zones) { return std::make_unique<GoogleSubject>(zones); }

}  // namespace calgate::testing
