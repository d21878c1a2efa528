#include "tests/services/services.hpp"

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/graph/graph_connector.hpp"
#include "connectors/http/url.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/google_sim.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/support/renewed_tokens.hpp"

namespace calgate::testing {

Result<http::Response> Wire::send(const http::Request& request, const Context& context) {
    const auto now = clock_.steady();
    while (!recent_.empty() && now - recent_.front() >= std::chrono::seconds(60)) recent_.pop_front();
    if (calls_per_minute > 0 && recent_.size() >= static_cast<std::size_t>(calls_per_minute)) {
        ++refused;
        http::Response limited;
        limited.status = 429;
        limited.headers = {{"Content-Type", "application/json"}};
        limited.body =
            R"({"error":{"code":429,"message":"Rate Limit Exceeded",)"
            R"("errors":[{"domain":"usageLimits","reason":"rateLimitExceeded","message":"Rate Limit Exceeded"}]}})";
        return limited;
    }
    recent_.push_back(now);
    ++calls;
    const bool lost = loses && loses(request);
    auto response = inner_.send(request, context);
    if (after) after(request);
    if (lost) return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    return response;
}

namespace {

constexpr const char* kZone = "Europe/Berlin";

/// Access tokens until the person takes them back.
class Consent {
public:
    explicit Consent(std::function<std::string()> issue) : issue_(std::move(issue)) {
        tokens_ = std::make_unique<RenewedTokens>(issue_);
    }
    oauth::TokenSource& tokens() { return *tokens_; }
    void revoke() { tokens_->revoke(); }
    void admit() { tokens_ = std::make_unique<RenewedTokens>(issue_); }

private:
    std::function<std::string()> issue_;
    std::unique_ptr<RenewedTokens> tokens_{};
};

class GoogleService final : public SimulatedService {
public:
    GoogleService(const Clock& clock, const ZoneResolver& zones)
        : clock_(clock),
          zones_(zones),
          sim_(clock, zones),
          calendar_(google::calendar_href(sim_.make_calendar("bookings"))) {}
    std::string kind() const override { return "google"; }
    std::unique_ptr<Connector> connect(http::HttpTransport& wire) override {
        google::GoogleSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<google::GoogleConnector>(wire, clock_, zones_, consent_.tokens(), settings);
    }
    http::HttpTransport& site() override { return sim_; }
    Href calendar() const override { return calendar_; }
    int mails() const override { return sim_.mails_sent(); }
    void revoke() override {
        sim_.revoke_everything();
        consent_.revoke();
    }
    void admit() override { consent_.admit(); }
    void set_page(std::size_t page) override { sim_.quirks().page = page; }

private:
    const Clock& clock_;
    const ZoneResolver& zones_;
    GoogleSim sim_;
    Href calendar_;
    Consent consent_{[this] { return sim_.issue_access_token(); }};
};

class GraphService final : public SimulatedService {
public:
    GraphService(const Clock& clock, const ZoneResolver& zones)
        : clock_(clock),
          zones_(zones),
          sim_(clock, zones, graph_quirks_of("plain")),
          calendar_{"calendars/" + http::percent_encode(sim_.make_calendar("bookings"))} {}
    std::string kind() const override { return "graph"; }
    std::unique_ptr<Connector> connect(http::HttpTransport& wire) override {
        graph::GraphSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<graph::GraphConnector>(wire, clock_, zones_, consent_.tokens(), settings);
    }
    http::HttpTransport& site() override { return sim_; }
    Href calendar() const override { return calendar_; }
    int mails() const override { return sim_.mails_sent(); }
    void revoke() override {
        sim_.revoke_tokens();
        consent_.revoke();
    }
    void admit() override { consent_.admit(); }
    void set_page(std::size_t page) override { sim_.quirks().largest_page = page; }

private:
    const Clock& clock_;
    const ZoneResolver& zones_;
    GraphSim sim_;
    Href calendar_;
    Consent consent_{[this] { return sim_.issue_token(); }};
};

class CaldavService final : public SimulatedService {
public:
    CaldavService(const Clock& clock, const ZoneResolver& zones)
        : clock_(clock), zones_(zones), sim_(clock, quirks_of("rfc")), calendar_(sim_.make_calendar("bookings")) {}
    std::string kind() const override { return "caldav"; }
    std::unique_ptr<Connector> connect(http::HttpTransport& wire) override {
        caldav::CaldavSettings settings;
        settings.url = sim_.account_url();
        settings.user = CaldavSim::credentials().user;
        settings.password = CaldavSim::credentials().password;
        return std::make_unique<caldav::CaldavConnector>(wire, clock_, zones_, settings);
    }
    http::HttpTransport& site() override { return sim_; }
    Href calendar() const override { return calendar_; }
    int mails() const override { return sim_.mails_sent(); }
    void revoke() override { sim_.unauthorized_after(0); }
    void admit() override { sim_.unauthorized_after(-1); }

private:
    const Clock& clock_;
    const ZoneResolver& zones_;
    CaldavSim sim_;
    Href calendar_;
};

}  // namespace

std::unique_ptr<SimulatedService> service_named(
    const std::string& name, const Clock& clock, const ZoneResolver& zones
) {
    if (name == "google") return std::make_unique<GoogleService>(clock, zones);
    if (name == "graph") return std::make_unique<GraphService>(clock, zones);
    return std::make_unique<CaldavService>(clock, zones);
}

}  // namespace calgate::testing
