#include "tests/sim/seed_host.hpp"

#include <array>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/memory/memory_connector.hpp"
#include "core/icalendar.hpp"
#include "tests/sim/caldav_sim.hpp"

namespace calgate::seeds {

namespace {

using testing::CaldavSim;
using testing::SeededRandom;
using testing::SimFault;

std::string file_of(const Href& event) { return event.value.substr(event.value.rfind('/') + 1); }

class MemoryHost final : public Host {
public:
    MemoryHost(const Clock& clock, const ZoneResolver& zones, memory::MemoryService::Settings settings, int number)
        : Host(zones), number_(number), full_(settings.full_listing), service_(zones, clock, std::move(settings)) {}

    std::string name() const override { return full_ ? "memory-full" : "memory"; }
    std::unique_ptr<Connector> connect() override { return std::make_unique<memory::MemoryConnector>(service_); }
    Href make_calendar(const std::string& name) override {
        // No two services of a seed have the same address.
        while (made_ < number_ * 10) {
            service_.remove_calendar(service_.add_calendar(name));
            ++made_;
        }
        return service_.add_calendar(name);
    }
    void remove_calendar(const Href& calendar) override { service_.remove_calendar(calendar); }
    Texts texts(const Href& calendar) const override {
        Texts out;
        for (auto& event : service_.events(calendar)) out.emplace(event.href.value, std::move(event.event.source));
        return out;
    }
    void put(const Href& event, const std::string& text) override {
        service_.put_text(calendar_of(event), file_of(event), text);
    }
    void erase(const Href& event) override { service_.erase(event); }
    void forget_tokens() override { service_.forget_tokens(); }
    int mails_sent() const override { return 0; }

private:
    int number_;
    int made_ = 0;
    bool full_;
    memory::MemoryService service_;
};

/// Passes on; for a canary it makes an invitation of every event written.
class Post final : public http::HttpTransport {
public:
    explicit Post(http::HttpTransport& inner) : inner_(inner) {}
    void invite_from_now_on() { invites_ = true; }
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        const auto end = request.body.find("END:VEVENT");
        if (!invites_ || request.method != "PUT" || end == std::string::npos) return inner_.send(request, context);
        http::Request invitation = request;
        invitation.body.insert(
            end, "ORGANIZER:mailto:" + CaldavSim::credentials().user + "\r\nATTENDEE:mailto:guest@example.net\r\n"
        );
        return inner_.send(invitation, context);
    }

private:
    http::HttpTransport& inner_;
    bool invites_ = false;
};

class CaldavHost final : public Host {
public:
    CaldavHost(const Clock& clock, const Clock& service_clock, const ZoneResolver& zones, const std::string& profile)
        : Host(zones), clock_(clock), profile_(profile), sim_(service_clock, testing::quirks_of(profile)) {}

    std::string name() const override { return "caldav-" + profile_; }
    std::unique_ptr<Connector> connect() override {
        caldav::CaldavSettings settings;
        settings.url = sim_.account_url();
        settings.user = CaldavSim::credentials().user;
        settings.password = CaldavSim::credentials().password;
        return std::make_unique<caldav::CaldavConnector>(post_, clock_, zones_, std::move(settings));
    }
    Href make_calendar(const std::string& name) override { return sim_.make_calendar(name); }
    void remove_calendar(const Href& calendar) override { sim_.replace_calendar(calendar); }
    Texts texts(const Href& calendar) const override {
        Texts out;
        for (const auto& href : sim_.events(calendar)) out.emplace(href.value, sim_.text(href));
        return out;
    }
    void put(const Href& event, const std::string& text) override {
        sim_.put_text(calendar_of(event), file_of(event), text);
    }
    void erase(const Href& event) override { sim_.erase(event); }
    void forget_tokens() override { sim_.forget_tokens(); }
    int mails_sent() const override { return sim_.mails_sent(); }
    bool arm_wire(SeededRandom& random) override {
        using Kind = SimFault::Kind;
        constexpr std::array kKinds{
            Kind::NoConnection,
            Kind::LostAnswer,
            Kind::ResetMidBody,
            Kind::TruncatedXml,
            Kind::ControlCharacters,
            Kind::HtmlPage,
            Kind::Refusal};
        constexpr std::array kStatuses{429, 500, 502, 503, 504};
        constexpr std::array kMethods{"", "PUT", "DELETE", "REPORT"};
        SimFault fault;
        fault.kind = kKinds.at(random.next() % kKinds.size());
        fault.status = kStatuses.at(random.next() % kStatuses.size());
        if (fault.kind == Kind::Refusal && random.one_in(2)) fault.retry_after = "20";
        fault.method = kMethods.at(random.next() % kMethods.size());
        sim_.fail_next(std::move(fault));
        return true;
    }
    void clear_wire() override { sim_.clear_faults(); }
    void invite_from_now_on() override { post_.invite_from_now_on(); }

private:
    const Clock& clock_;
    std::string profile_;
    CaldavSim sim_;
    Post post_{sim_};
};

}  // namespace

Href Host::calendar_of(const Href& event) const { return Href{event.value.substr(0, event.value.rfind('/') + 1)}; }

std::optional<Event> Host::understood(const std::string& text) const {
    auto event = read_icalendar(text, {zones_, "Europe/Berlin", {}});
    return event ? std::optional(std::move(*event)) : std::nullopt;
}

std::optional<Href> Host::place_of(const Href& calendar, const Uid& uid) const {
    return Href{calendar.value + uid.value + ".ics"};
}

Href Host::create(const Href& calendar, const std::string& uid, const std::string& icalendar) {
    const Href place = *place_of(calendar, {uid});
    put(place, icalendar);
    return place;
}

void Host::change(const Href& event, const std::string& text, const Event& wanted, Instant now) {
    Event changed = wanted;
    changed.source = text;
    auto written = write_icalendar(changed, zones_, now);
    CALGATE_ASSERT(written.has_value());
    put(event, *written);
}

std::optional<Href> Host::duplicate(const Href& event, const std::string& text, const std::string& uid) {
    std::string copy = text;
    const std::string line = "UID:" + understood(text)->uid.value;
    const auto at = copy.find(line);
    if (at == std::string::npos) return std::nullopt;
    copy.replace(at, line.size(), "UID:" + uid);
    return create(calendar_of(event), uid, copy);
}

std::optional<Href> Host::rename(const Href& event, const std::string& text, const std::string& name) {
    erase(event);
    return create(calendar_of(event), name, text);
}

bool Host::put_back(const Href& event, const std::string& text) {
    put(event, text);
    return true;
}

std::unique_ptr<Host> make_caldav_host(const Ground& ground) {
    constexpr std::array kProfiles{"rfc", "icloud", "radicale", "xandikos", "cyrus", "sabre", "sogo", "odd_reports"};
    auto& random = ground.random;
    if (random.between(1, 10) <= 5) {
        memory::MemoryService::Settings settings;
        settings.page_size = random.one_in(2) ? 3 : 100;
        settings.full_listing = random.one_in(4);
        settings.names_short_lived = random.one_in(2);
        return std::make_unique<MemoryHost>(ground.service_clock, ground.zones, std::move(settings), ground.number);
    }
    return std::make_unique<CaldavHost>(
        ground.clock, ground.service_clock, ground.zones, kProfiles.at(random.next() % kProfiles.size())
    );
}

}  // namespace calgate::seeds
