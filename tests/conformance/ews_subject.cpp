#include <stdexcept>

#include "connectors/ews/ews_connector.hpp"
#include "connectors/ews/ews_xml.hpp"
#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "core/windows_zones.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/sim/xml_text.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/recording_transport.hpp"

namespace calgate::testing {

namespace {

class ForgetfulTransport final : public http::HttpTransport {
public:
    explicit ForgetfulTransport(http::HttpTransport& inner) : inner_(inner) {}

    void lose_next_answer() { armed_ = true; }
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        auto response = inner_.send(request, context);
        bool write = false;
        for (const char* operation : {"<m:CreateItem", "<m:UpdateItem", "<m:DeleteItem"})
            write |= request.body.find(operation) != std::string::npos;
        if (!armed_ || !write) return response;
        armed_ = false;
        return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    }

    Result<std::unique_ptr<http::OpenStream>> open_stream(
        const http::Request& request, std::shared_ptr<http::StreamListener> listener, const http::StreamLimits& limits
    ) override {
        return inner_.open_stream(request, std::move(listener), limits);
    }

private:
    http::HttpTransport& inner_;
    bool armed_ = false;
};

std::string tag(const std::string& name, const std::string& text) {
    return "<" + name + ">" + xml_text(text) + "</" + name + ">";
}

class EwsSubject final : public Subject {
public:
    EwsSubject(const ZoneResolver& zones, const std::string& profile)
        : zones_(zones),
          sim_(clock_, zones, ews_quirks_of(profile)),
          recorder_(sim_, exchanges_file("ews_" + profile)),
          connector_(transport_, clock_, zones_, settings(EwsSim::credentials().password)),
          streams_(sim_.quirks().streams) {}

    Features features() const override {
        Features offered;
        offered.passwords = offered.deadlines = offered.outages = offered.batches = offered.faults = offered.mails =
            offered.mailing_batches = true;
        offered.hints = streams_;
        return offered;
    }
    void begin() override { clear_faults(); }
    Connector& connector() override { return connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        return std::make_unique<ews::EwsConnector>(transport_, clock_, zones_, settings("wrong-secret"));
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override { return calendar_href(sim_.make_calendar(name)); }
    Href put_text(const Href& calendar, const std::string&, const std::string& icalendar) override {
        IcalendarLimits no_limits;
        no_limits.line_bytes = no_limits.object_bytes = 64 * 1024 * 1024;
        const auto event = read_icalendar(icalendar, {zones_, "Europe/Berlin", {}}, no_limits);
        if (!event) throw std::runtime_error(event.error().detail);
        const std::string folder = http::percent_decode(calendar.value.substr(calendar.value.find('/') + 1));
        std::string id = sim_.id_of_uid(folder, event->uid.value);
        if (id.empty())
            id = sim_.put_item(folder, written(*event, icalendar, true));
        else
            sim_.patch_item(id, written(*event, icalendar, false));
        return Href{calendar.value + "/items/" + http::percent_encode(id)};
    }
    void erase(const Href& event) override {
        sim_.erase_item(http::percent_decode(event.value.substr(event.value.rfind('/') + 1)));
    }
    Href unknown_calendar() override {
        const std::string id = sim_.make_calendar("left");
        sim_.remove_calendar(id);
        return calendar_href(id);
    }
    void lose_next_answer() override { transport_.lose_next_answer(); }
    void set_down(bool down) override { sim_.set_down(down); }
    void fail_next(const SimFault& fault) override {
        recorder_.record(false);
        sim_.fail_next(fault);
    }
    void clear_faults() override {
        sim_.clear_faults();
        recorder_.record(true);
    }
    void forget_tokens() override { sim_.forget_states(); }
    std::vector<std::string> reading_methods() const override { return {"SyncFolderItems", "GetItem"}; }
    int mails_sent() override { return sim_.mails_sent(); }
    void invite_a_customer(const Href& calendar, const Uid&) override {
        const std::string folder = http::percent_decode(calendar.value.substr(calendar.value.find('/') + 1));
        sim_.invite(
            folder,
            "<CalendarItem><Subject>Invitation</Subject><Start>2026-06-10T07:00:00Z</Start>"
            "<End>2026-06-10T08:00:00Z</End><RequiredAttendees><Attendee><Mailbox><EmailAddress>customer@example.com"
            "</EmailAddress></Mailbox></Attendee></RequiredAttendees></CalendarItem>"
        );
    }
    /// In Outlook's words; what Exchange has no property for, a person's client cannot bring there.
    std::vector<std::string> decoration() const override {
        return {
            "<String>WORK</String>",
            "<ReminderIsSet>true</ReminderIsSet>",
            "<ReminderMinutesBeforeStart>15</ReminderMinutesBeforeStart>"};
    }

private:
    static ews::EwsSettings settings(const std::string& password) {
        ews::EwsSettings out;
        out.url = EwsSim::url();
        out.user = EwsSim::credentials().user;
        out.password = password;
        out.default_zone = "Europe/Berlin";
        return out;
    }
    static Href calendar_href(const std::string& id) { return Href{"folders/" + http::percent_encode(id)}; }

    static std::string time_text(const When& when) {
        const bool utc = when.kind == When::Kind::Utc;
        return format_local(when.local) + (utc ? "Z" : "");
    }
    static std::string zone_tag(const char* name, const When& when) {
        std::string zone = when.kind == When::Kind::Utc ? "UTC" : "W. Europe Standard Time";
        if (when.kind == When::Kind::Zoned) zone = windows_of_iana(when.zone);
        return "<" + std::string(name) + " Id=\"" + zone + "\"/>";
    }

    /// As Outlook writes an invitation that arrived.
    static std::string written(const Event& event, const std::string& text, bool is_new) {
        const EventInstance& master = event.master;
        std::string out = "<CalendarItem>" + tag("Subject", master.title) + "<Body BodyType=\"Text\">" +
                          xml_text(master.notes) + "</Body>";
        if (text.find("CATEGORIES:WORK") != std::string::npos) out += "<Categories><String>WORK</String></Categories>";
        out += tag("ReminderIsSet", text.find("BEGIN:VALARM") != std::string::npos ? "true" : "false");
        if (is_new) out += tag("UID", event.uid.value);
        out += tag("Start", time_text(master.start)) + tag("End", time_text(master.end));
        out += tag("IsAllDayEvent", master.start.kind == When::Kind::Date ? "true" : "false");
        out += tag("LegacyFreeBusyStatus", master.transparency == Transparency::Transparent ? "Free" : "Busy");
        out += tag("Location", master.place);
        return out + zone_tag("StartTimeZone", master.start) + zone_tag("EndTimeZone", master.end) + "</CalendarItem>";
    }

    const ZoneResolver& zones_;
    ManualClock clock_{};
    EwsSim sim_;
    RecordingTransport recorder_;
    ForgetfulTransport transport_{recorder_};
    ews::EwsConnector connector_;
    const bool streams_;
};

}  // namespace

std::unique_ptr<Subject> ews_subject(const ZoneResolver& zones, const std::string& profile) {
    return std::make_unique<EwsSubject>(zones, profile);
}

}  // namespace calgate::testing
