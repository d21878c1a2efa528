#include "tests/sim/google_site.hpp"

#include <stdexcept>

#include "tests/sim/sim_receiver.hpp"

namespace calgate::testing {

namespace {

class GooglePerson final : public SimPerson {
public:
    GooglePerson(std::shared_ptr<GoogleSim> sim, const Clock& clock) : sim_(std::move(sim)), receiver_(clock) {}

    std::string make_calendar(const std::string& name) override { return sim_->make_calendar(name); }
    std::vector<Entry> events(const std::string& calendar) override {
        std::vector<Entry> entries;
        for (const auto& id : sim_->ids(calendar)) entries.push_back({id, sim_->text(calendar, id)});
        return entries;
    }
    std::string put(const std::string& calendar, const std::string& event, const std::string& content) override {
        const std::string id = event.empty() ? "person" + std::to_string(++created_) : event;
        if (!event.empty()) known(calendar, event);
        sim_->put(calendar, id, content);
        return id;
    }
    void erase(const std::string& calendar, const std::string& event) override {
        known(calendar, event);
        sim_->erase(calendar, event);
    }
    int mails() override { return sim_->mails_sent(); }
    int deliver() override {
        int accepted = 0;
        for (const auto& notification : sim_->take_notifications()) {
            const auto answer = receiver_.send({"POST", notification.address, notification.headers, {}, {}});
            accepted += answer.status >= 200 && answer.status <= 299 ? 1 : 0;
        }
        return accepted;
    }
    void receive_at(const std::string& origin) override { receiver_.set_origin(origin); }

private:
    void known(const std::string& calendar, const std::string& event) const {
        if (sim_->text(calendar, event).empty()) throw std::invalid_argument("There is no such event.");
    }

    std::shared_ptr<GoogleSim> sim_;
    SimReceiver receiver_;
    int created_ = 0;
};

}  // namespace

SimSite google_site(const Clock& clock, const ZoneResolver& zones, std::shared_ptr<GoogleSim>* simulator) {
    const auto sim = std::make_shared<GoogleSim>(clock, zones);
    if (simulator) *simulator = sim;
    SimSite site;
    site.name = "google";
    site.hosts = {"www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com"};
    site.service = sim;
    site.person = std::make_shared<GooglePerson>(sim, clock);
    site.login = {{"client_id", GoogleSim::client_id()}, {"client_secret", GoogleSim::client_secret()}};
    return site;
}

}  // namespace calgate::testing
