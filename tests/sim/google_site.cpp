#include "tests/sim/google_site.hpp"

#include <stdexcept>

#include "tests/sim/advanced_clock.hpp"
#include "tests/sim/google_sim_state.hpp"
#include "tests/sim/sim_receiver.hpp"

namespace calgate::testing {

namespace {

struct Service {
    Service(const Clock& real, const ZoneResolver& zones) : clock(real), sim(clock, zones) {}
    AdvancedClock clock;
    GoogleSim sim;
};

class GooglePerson final : public SimPerson {
public:
    GooglePerson(std::shared_ptr<Service> service, const Clock& clock)
        : service_(std::move(service)), sim_(service_->sim), receiver_(clock) {
        sim_.set_receiver([this](const GoogleNotification& one) {
            return receiver_.send({"POST", one.address, one.headers, {}, {}});
        });
    }
    ~GooglePerson() override { sim_.set_receiver({}); }

    std::string make_calendar(const std::string& name) override { return sim_.make_calendar(name); }
    std::vector<Entry> events(const std::string& calendar) override {
        std::vector<Entry> entries;
        for (const auto& id : sim_.ids(calendar)) entries.push_back({id, sim_.text(calendar, id)});
        return entries;
    }
    std::string put(const std::string& calendar, const std::string& event, const std::string& content) override {
        const std::string id = event.empty() ? "person" + std::to_string(++created_) : event;
        if (!event.empty()) known(calendar, event);
        sim_.put(calendar, id, content);
        return id;
    }
    void erase(const std::string& calendar, const std::string& event) override {
        known(calendar, event);
        sim_.erase(calendar, event);
    }
    int mails() override { return sim_.mails_sent(); }
    int deliver() override { return sim_.deliver(); }
    void forget_tokens() override { sim_.forget_tokens(); }
    void revoke() override { sim_.revoke_everything(); }
    void receive_at(const std::string& origin) override { receiver_.set_origin(origin); }
    void hear_notifications(Hearing hears) override { receiver_.hear(std::move(hears)); }
    void set_quirk(const std::string& name, const std::string& value) override {
        set_google_quirk(sim_.quirks(), name, value);
    }
    void advance(std::chrono::seconds by) override { service_->clock.ahead += by; }
    void register_service_account(const std::string& email, const std::string& key, const std::string& scopes)
        override {
        sim_.register_service_account(email, key, scopes);
    }

private:
    void known(const std::string& calendar, const std::string& event) const {
        if (sim_.text(calendar, event).empty()) throw std::invalid_argument("There is no such event.");
    }

    std::shared_ptr<Service> service_;
    GoogleSim& sim_;
    SimReceiver receiver_;
    int created_ = 0;
};

}  // namespace

SimSite google_site(const Clock& clock, const ZoneResolver& zones, std::shared_ptr<GoogleSim>* simulator) {
    const auto service = std::make_shared<Service>(clock, zones);
    const std::shared_ptr<GoogleSim> sim(service, &service->sim);
    if (simulator) *simulator = sim;
    SimSite site;
    site.name = "google";
    site.hosts = {"www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com"};
    site.paths = {"/calendar/v3", "/batch/calendar", "/token", "/revoke", "/o/oauth2"};
    site.service = sim;
    site.person = std::make_shared<GooglePerson>(service, clock);
    site.login = {{"client_id", GoogleSim::client_id()}, {"client_secret", GoogleSim::client_secret()}};
    site.broken = [] { return google_error(500, "backendError"); };
    return site;
}

}  // namespace calgate::testing
