#include "tests/sim/seed_services.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "connectors/ews/ews_connector.hpp"
#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_wire.hpp"
#include "connectors/graph/graph_connector.hpp"
#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "core/identity.hpp"
#include "core/windows_zones.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/sim/google_sim.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/sim/seed_sign_in.hpp"
#include "tests/sim/seed_wire.hpp"
#include "tests/sim/xml_text.hpp"
#include "tests/support/renewed_tokens.hpp"

namespace calgate::seeds {

namespace {

using Json = nlohmann::ordered_json;
using testing::EwsSim;
using testing::GoogleSim;
using testing::GraphSim;
using testing::RenewedTokens;
using testing::SeededRandom;

constexpr const char* kZone = "Europe/Berlin";
constexpr int kMostServices = 10;  ///< Calendars of each that are passed over, so that no two share an address.

/// What the three have in common: texts are what a connector of the owner's gives for what lies there.
class ServiceHost : public Host {
public:
    ServiceHost(const Ground& ground, http::HttpTransport& site)
        : Host(ground.zones), clock_(ground.clock), site_(site), number_(ground.number) {}

    std::unique_ptr<Connector> connect() final {
        if (sign_in_) sign_in_->start();
        return connector_over(wire_, sign_in_.get());
    }
    void sign_in_again() final {
        if (sign_in_) sign_in_->again();
    }
    Href make_calendar(const std::string& name) final {
        for (; made_ < number_ * kMostServices; ++made_) make_folder("passed over");
        return make_folder(name);
    }
    void remove_calendar(const Href& calendar) final {
        removed_.insert(calendar);
        remove_folder(calendar);
    }
    Texts texts(const Href& calendar) const final {
        Texts out;
        if (removed_.contains(calendar)) return out;
        for (auto& [href, stored] : stored_in(calendar)) out.emplace(href.value, text_of(href, std::move(stored)));
        return out;
    }
    std::optional<Event> understood(const std::string& text) const final {
        if (!is_text(text)) return std::nullopt;
        auto event = owners().read_source(text);
        return event ? std::optional(std::move(*event)) : std::nullopt;
    }
    std::optional<Href> place_of(const Href&, const Uid&) const override { return std::nullopt; }
    bool holds_anything() const final { return false; }
    std::optional<Href> duplicate(const Href&, const std::string&, const std::string&) override { return std::nullopt; }
    std::optional<Href> rename(const Href&, const std::string&, const std::string&) final { return std::nullopt; }
    bool put_back(const Href&, const std::string&) override { return false; }
    bool arm_wire(SeededRandom& random) final {
        wire_.arm(random);
        return true;
    }
    void clear_wire() final {
        wire_.clear();
        if (sign_in_) sign_in_->end_faults();
    }

protected:
    /// @param tokens the owner's own when null.
    virtual std::unique_ptr<Connector> connector_over(http::HttpTransport&, oauth::TokenSource* tokens) const = 0;
    virtual Href make_folder(const std::string& name) = 0;
    virtual void remove_folder(const Href&) = 0;
    /// Whatever changes when the event does, by place.
    virtual std::vector<std::pair<Href, std::string>> stored_in(const Href& calendar) const = 0;
    virtual bool is_text(const std::string&) const = 0;

    Event read(const std::string& icalendar) const { return *Host::understood(icalendar); }

    const Clock& clock_;
    std::unique_ptr<SignIn> sign_in_{};  ///< Null where there is a password.

private:
    Connector& owners() const {
        if (!owners_) owners_ = connector_over(site_, nullptr);
        return *owners_;
    }
    const std::string& text_of(const Href& href, std::string stored) const {
        auto& known = known_[href];
        if (known.first == stored) return known.second;
        const Context context{clock_.steady() + std::chrono::seconds(60), {}};
        auto event = owners().fetch_event(context, href);
        CALGATE_ASSERT(event.has_value());
        known = {std::move(stored), std::move(event->event.source)};
        return known.second;
    }

    http::HttpTransport& site_;
    FaultyWire wire_{site_};
    mutable std::unique_ptr<Connector> owners_{};
    mutable std::map<Href, std::pair<std::string, std::string>> known_{};
    std::set<Href> removed_{};
    int number_;
    int made_ = 0;
};

Href below(const Href& calendar, const char* kind, const std::string& id) {
    return Href{calendar.value + kind + http::percent_encode(id)};
}

/// From Sunday on.
std::size_t weekday_of(const When& when) {
    const auto day = std::chrono::floor<std::chrono::days>(when.local);
    return std::chrono::weekday{day}.c_encoding();
}

std::string last_part(const Href& href) { return http::percent_decode(href.value.substr(href.value.rfind('/') + 1)); }

class GoogleHost final : public ServiceHost {
public:
    explicit GoogleHost(const Ground& ground) : ServiceHost(ground, sim_), sim_(ground.service_clock, ground.zones) {
        auto& quirks = sim_.quirks();
        quirks.batch_reversed = ground.random.one_in(2);
        quirks.rotates_refresh_tokens = ground.random.one_in(2);
        if (ground.random.one_in(2)) quirks.page = 3;
        oauth::Client client;
        client.id = GoogleSim::client_id();
        client.secret = GoogleSim::client_secret();
        sign_in_ = std::make_unique<SignIn>(ground, sim_, client, [this] { return sim_.issue_refresh_token(); });
    }
    std::string name() const override { return "google"; }
    std::optional<Href> place_of(const Href& calendar, const Uid& uid) const override {
        return google::event_href(calendar, *google::event_id_of(uid));
    }
    Href create(const Href& calendar, const std::string& uid, const std::string& icalendar) override {
        const Href place = google::event_href(calendar, id_of(uid));
        put(place, icalendar);
        return place;
    }
    void put(const Href& event, const std::string& icalendar) override {
        const auto place = google::event_place(event);
        const Event given = read(icalendar);
        const auto body = google::insert_body(given, place->id, {zones_, kZone});
        CALGATE_ASSERT(body.has_value());
        Json resource = Json::parse(*body);
        resource["iCalUID"] = given.uid.value;
        sim_.put(calendar_id(event), place->id, resource.dump());
    }
    void change(const Href& event, const std::string&, const Event& wanted, Instant) override {
        Json resource = Json::parse(sim_.text(calendar_id(event), last_part(event)));
        resource["summary"] = wanted.master.title;
        resource["start"] = time_json(wanted.master.start);
        resource["end"] = time_json(wanted.master.end);
        sim_.put(calendar_id(event), last_part(event), resource.dump());
    }
    std::optional<Href> duplicate(const Href& event, const std::string&, const std::string& uid) override {
        const Href place = google::event_href(calendar_of(event), id_of(uid));
        Json resource = Json::parse(sim_.text(calendar_id(event), last_part(event)));
        resource["iCalUID"] = uid;
        sim_.put(calendar_id(event), last_part(place), resource.dump());
        return place;
    }
    bool put_back(const Href& event, const std::string& text) override {
        Json resource = Json::parse(text);
        if (!resource.is_object()) return false;
        sim_.put(calendar_id(event), last_part(event), resource.dump());
        return true;
    }
    void erase(const Href& event) override { sim_.erase(calendar_id(event), last_part(event)); }
    void forget_tokens() override { sim_.forget_tokens(); }
    int mails_sent() const override { return sim_.mails_sent(); }

private:
    static std::string id_of(const std::string& uid) { return "g0" + sha256_hex(uid).substr(0, 24); }
    std::string calendar_id(const Href& event) const { return *google::calendar_id(calendar_of(event)); }
    static Json time_json(const When& when) {
        if (when.kind == When::Kind::Utc) return {{"dateTime", format_local(when.local) + "Z"}, {"timeZone", "UTC"}};
        return {{"dateTime", format_local(when.local)}, {"timeZone", when.zone}};
    }
    std::unique_ptr<Connector> connector_over(http::HttpTransport& wire, oauth::TokenSource* tokens) const override {
        google::GoogleSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<google::GoogleConnector>(
            wire, clock_, zones_, tokens ? *tokens : *owners_tokens_, settings
        );
    }
    Href make_folder(const std::string& name) override { return google::calendar_href(sim_.make_calendar(name)); }
    void remove_folder(const Href& calendar) override { sim_.remove_calendar(*google::calendar_id(calendar)); }
    std::vector<std::pair<Href, std::string>> stored_in(const Href& calendar) const override {
        const std::string id = *google::calendar_id(calendar);
        std::vector<std::pair<Href, std::string>> out;
        for (const auto& event : sim_.ids(id))
            out.emplace_back(google::event_href(calendar, event), sim_.text(id, event));
        return out;
    }
    bool is_text(const std::string& text) const override {
        return text.find("\"calendar#event\"") != std::string::npos;
    }

    GoogleSim sim_;
    std::unique_ptr<RenewedTokens> owners_tokens_ =
        std::make_unique<RenewedTokens>([this] { return sim_.issue_access_token(); });
};

class GraphHost final : public ServiceHost {
public:
    explicit GraphHost(const Ground& ground)
        : ServiceHost(ground, sim_), sim_(ground.service_clock, ground.zones, testing::graph_quirks_of("plain")) {
        if (ground.random.one_in(2)) sim_.quirks().largest_page = 3;
        oauth::Client client;
        client.provider = oauth::Provider::Microsoft;
        client.id = GraphSim::client_id();
        client.secret = GraphSim::client_secret();
        sign_in_ = std::make_unique<SignIn>(ground, sim_, client, [this] { return sim_.issue_refresh_token(); });
    }
    std::string name() const override { return "graph"; }
    Href calendar_of(const Href& event) const override {
        return Href{event.value.substr(0, event.value.find("/events/"))};
    }
    Href create(const Href& calendar, const std::string& uid, const std::string& icalendar) override {
        Json body = written(read(icalendar));
        body["iCalUId"] = uid;
        return below(calendar, "/events/", sim_.put_event(last_part(calendar), body.dump()));
    }
    void put(const Href& event, const std::string& icalendar) override {
        sim_.patch_event(last_part(event), written(read(icalendar)).dump());
    }
    void change(const Href& event, const std::string&, const Event& wanted, Instant) override {
        const Json body = {
            {"subject", wanted.master.title},
            {"start", time_json(wanted.master.start)},
            {"end", time_json(wanted.master.end)}};
        sim_.patch_event(last_part(event), body.dump());
    }
    void erase(const Href& event) override { sim_.erase_event(last_part(event)); }
    void forget_tokens() override { sim_.forget_tokens(); }
    int mails_sent() const override { return sim_.mails_sent(); }

private:
    static Json time_json(const When& when) {
        return {
            {"dateTime", format_local(when.local)}, {"timeZone", when.kind == When::Kind::Zoned ? when.zone : "UTC"}};
    }
    /// As Outlook would: one event, or one that repeats three weeks in a row.
    static Json written(const Event& event) {
        const EventInstance& master = event.master;
        Json out;
        out["subject"] = master.title;
        out["start"] = time_json(master.start);
        out["end"] = time_json(master.end);
        out["showAs"] = master.transparency == Transparency::Transparent ? "free" : "busy";
        out["recurrence"] = nullptr;
        if (master.rules.empty()) return out;
        constexpr std::array kDays{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
        out["recurrence"]["pattern"] = {
            {"type", "weekly"},
            {"interval", 1},
            {"daysOfWeek", {kDays.at(weekday_of(master.start))}},
            {"firstDayOfWeek", "monday"}};
        out["recurrence"]["range"] = {
            {"type", "numbered"},
            {"startDate", format_local(master.start.local).substr(0, 10)},
            {"numberOfOccurrences", 3},
            {"recurrenceTimeZone", out["start"]["timeZone"]}};
        return out;
    }
    std::unique_ptr<Connector> connector_over(http::HttpTransport& wire, oauth::TokenSource* tokens) const override {
        graph::GraphSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<graph::GraphConnector>(
            wire, clock_, zones_, tokens ? *tokens : *owners_tokens_, settings
        );
    }
    Href make_folder(const std::string& name) override {
        return Href{"calendars/" + http::percent_encode(sim_.make_calendar(name))};
    }
    void remove_folder(const Href& calendar) override { sim_.remove_calendar(last_part(calendar)); }
    std::vector<std::pair<Href, std::string>> stored_in(const Href& calendar) const override {
        std::vector<std::pair<Href, std::string>> out;
        for (const auto& event : sim_.event_ids(last_part(calendar)))
            out.emplace_back(below(calendar, "/events/", event), sim_.event_json(event));
        return out;
    }
    bool is_text(const std::string& text) const override {
        return text.starts_with('{') && text.find("\"changeKey\"") != std::string::npos;
    }

    GraphSim sim_;
    std::unique_ptr<RenewedTokens> owners_tokens_ =
        std::make_unique<RenewedTokens>([this] { return sim_.issue_token(); });
};

class EwsHost final : public ServiceHost {
public:
    EwsHost(const Ground& ground, const std::string& profile)
        : ServiceHost(ground, sim_),
          profile_(profile),
          sim_(ground.service_clock, ground.zones, testing::ews_quirks_of(profile)) {
        if (ground.random.one_in(2)) sim_.quirks().largest_page = 3;
    }
    std::string name() const override { return "ews-" + profile_; }
    Href calendar_of(const Href& event) const override {
        return Href{event.value.substr(0, event.value.find("/items/"))};
    }
    Href create(const Href& calendar, const std::string& uid, const std::string& icalendar) override {
        return below(calendar, "/items/", sim_.put_item(last_part(calendar), written(read(icalendar), uid)));
    }
    void put(const Href& event, const std::string& icalendar) override {
        sim_.patch_item(last_part(event), written(read(icalendar), {}));
    }
    void change(const Href& event, const std::string&, const Event& wanted, Instant) override {
        sim_.patch_item(
            last_part(event),
            "<CalendarItem>" + tag("Subject", wanted.master.title) + times(wanted.master) + "</CalendarItem>"
        );
    }
    void erase(const Href& event) override { sim_.erase_item(last_part(event)); }
    void forget_tokens() override { sim_.forget_states(); }
    int mails_sent() const override { return sim_.mails_sent(); }

private:
    static std::string tag(const std::string& name, const std::string& text) {
        return "<" + name + ">" + testing::xml_text(text) + "</" + name + ">";
    }
    static std::string times(const EventInstance& instance) {
        const bool utc = instance.start.kind == When::Kind::Utc;
        const std::string zone(utc ? "UTC" : windows_of_iana(instance.start.zone));
        const auto text = [&](const When& when) { return format_local(when.local) + (utc ? "Z" : ""); };
        return tag("Start", text(instance.start)) + tag("End", text(instance.end)) + "<StartTimeZone Id=\"" + zone +
               "\"/><EndTimeZone Id=\"" + zone + "\"/>";
    }
    /// As Outlook would: one event, or one that repeats three weeks in a row.
    static std::string written(const Event& event, const std::string& uid) {
        const EventInstance& master = event.master;
        std::string repeats = "<Recurrence/>";
        if (!master.rules.empty()) {
            constexpr std::array kDays{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
            repeats = "<Recurrence><WeeklyRecurrence><Interval>1</Interval>" +
                      tag("DaysOfWeek", kDays.at(weekday_of(master.start))) +
                      "</WeeklyRecurrence><NumberedRecurrence>" +
                      tag("StartDate", format_local(master.start.local).substr(0, 10)) +
                      "<NumberOfOccurrences>3</NumberOfOccurrences></NumberedRecurrence></Recurrence>";
        } else if (!uid.empty()) {
            repeats.clear();
        }
        return "<CalendarItem>" + tag("Subject", master.title) + (uid.empty() ? "" : tag("UID", uid)) + times(master) +
               tag("LegacyFreeBusyStatus", master.transparency == Transparency::Transparent ? "Free" : "Busy") +
               repeats + "</CalendarItem>";
    }
    std::unique_ptr<Connector> connector_over(http::HttpTransport& wire, oauth::TokenSource*) const override {
        ews::EwsSettings settings;
        settings.url = EwsSim::url();
        settings.user = EwsSim::credentials().user;
        settings.password = EwsSim::credentials().password;
        settings.default_zone = kZone;
        return std::make_unique<ews::EwsConnector>(wire, clock_, zones_, settings);
    }
    Href make_folder(const std::string& name) override {
        return Href{"folders/" + http::percent_encode(sim_.make_calendar(name))};
    }
    void remove_folder(const Href& calendar) override { sim_.remove_calendar(last_part(calendar)); }
    std::vector<std::pair<Href, std::string>> stored_in(const Href& calendar) const override {
        std::vector<std::pair<Href, std::string>> out;
        for (const auto& item : sim_.item_ids(last_part(calendar)))
            out.emplace_back(below(calendar, "/items/", item), sim_.item_xml(item));
        return out;
    }
    bool is_text(const std::string& text) const override { return text.starts_with('<'); }

    std::string profile_;
    EwsSim sim_;
};

}  // namespace

std::unique_ptr<Host> make_any_host(const Ground& ground) {
    constexpr std::array kProfiles{"plain", "scrambled", "lax", "amnesiac", "html", "blind", "worst"};
    const int draw = ground.random.between(1, 10);
    if (draw <= 3) return std::make_unique<GoogleHost>(ground);
    if (draw <= 6) return std::make_unique<GraphHost>(ground);
    if (draw <= 9) return std::make_unique<EwsHost>(ground, kProfiles.at(ground.random.next() % kProfiles.size()));
    return make_caldav_host(ground);
}

}  // namespace calgate::seeds
