#include "tests/sim/ews_site.hpp"

#include <stdexcept>

#include "tests/sim/ews_sim.hpp"

namespace calgate::testing {

namespace {

class EwsPerson final : public SimPerson {
public:
    explicit EwsPerson(std::shared_ptr<EwsSim> sim) : sim_(std::move(sim)) {}

    std::string make_calendar(const std::string& name) override { return sim_->make_calendar(name); }
    std::vector<Entry> events(const std::string& calendar) override {
        std::vector<Entry> entries;
        for (const auto& id : sim_->item_ids(calendar)) entries.push_back({id, sim_->item_xml(id)});
        return entries;
    }
    std::string put(const std::string& calendar, const std::string& event, const std::string& content) override {
        if (event.empty()) return sim_->put_item(calendar, content);
        if (sim_->item_xml(event).empty()) throw std::invalid_argument("There is no such event.");
        sim_->patch_item(event, content);
        return event;
    }
    void erase(const std::string&, const std::string& event) override {
        if (sim_->item_xml(event).empty()) throw std::invalid_argument("There is no such event.");
        sim_->erase_item(event);
    }
    int mails() override { return sim_->mails_sent(); }
    void forget_tokens() override { sim_->forget_states(); }

private:
    std::shared_ptr<EwsSim> sim_;
};

}  // namespace

SimSite ews_site(const std::string& profile, const Clock& clock, const ZoneResolver& zones) {
    const auto sim = std::make_shared<EwsSim>(clock, zones, ews_quirks_of(profile));
    SimSite site;
    site.name = "ews";
    site.hosts = {"mail.corp.example", "autodiscover.corp.example"};
    site.service = sim;
    site.person = std::make_shared<EwsPerson>(sim);
    site.streams = [](const http::Request& request) {
        return request.body.find(":GetStreamingEvents") != std::string::npos;
    };
    site.tick = [sim] { sim->pass_time(); };
    site.login = {
        {"user", EwsSim::credentials().user},
        {"password", EwsSim::credentials().password},
        {"token", EwsSim::token()},
        {"address", EwsSim::address()},
        {"url", EwsSim::url()}};
    return site;
}

}  // namespace calgate::testing
