#include "tests/services/services.hpp"

#include <cstdlib>
#include <fstream>
#include <set>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/ews/ews_connector.hpp"
#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_free_busy.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/graph/graph_connector.hpp"
#include "connectors/graph/graph_free_busy.hpp"
#include "connectors/http/url.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/ews_sim.hpp"
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
    if (instead)
        if (auto answer = instead(request)) return *std::move(answer);
    const bool lost = loses && loses(request);
    auto response = inner_.send(request, context);
    if (response && (response->status == 403 || response->status == 429)) ++refused;
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
          calendar_(google::calendar_href(sim_.make_calendar("bookings"))) {
        sim_.quirks().batch_reversed = true;
    }
    std::string kind() const override { return "google"; }
    std::unique_ptr<Connector> connect(http::HttpTransport& wire) override {
        google::GoogleSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<google::GoogleConnector>(wire, clock_, zones_, consent_.tokens(), settings);
    }
    std::unique_ptr<Connector> connect_for_times(http::HttpTransport& wire) override {
        google::GoogleSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<freebusy::FreeBusyConnector>(
            google::free_busy_source(wire, clock_, times_, settings), clock_
        );
    }
    void break_times(bool broken) override { sim_.quirks().free_busy_error = broken ? "internalError" : ""; }
    http::HttpTransport& site() override { return sim_; }
    Href calendar() const override { return calendar_; }
    int mails() const override { return sim_.mails_sent(); }
    void revoke() override {
        sim_.revoke_everything();
        consent_.revoke();
    }
    void admit() override { consent_.admit(); }
    void set_page(std::size_t page) override { sim_.quirks().page = page; }
    int set_documented_quota() override {
        set_quota(600);
        return 600;
    }
    bool set_quota(int calls) override {
        sim_.quirks().calls_per_minute = calls;
        return true;
    }
    int deliver(const std::function<bool(const PushNote&)>& take) override {
        int taken = 0;
        for (const auto& notification : sim_.take_notifications()) {
            http::Response posted;
            posted.headers = notification.headers;
            const auto channel = posted.header("X-Goog-Channel-ID").value_or("");
            const auto secret = posted.header("X-Goog-Channel-Token").value_or("");
            const auto resource = posted.header("X-Goog-Resource-ID").value_or("");
            const bool opened = posted.header("X-Goog-Resource-State") == "sync";
            taken += take({channel, secret, resource, opened ? PushNote::News::Opened : PushNote::News::Changed});
        }
        return taken;
    }

private:
    const Clock& clock_;
    const ZoneResolver& zones_;
    GoogleSim sim_;
    Href calendar_;
    Consent consent_{[this] { return sim_.issue_access_token(); }};
    RenewedTokens times_{[this] {
        const std::string auth = "https://www.googleapis.com/auth/";
        return sim_.issue_access_token(auth + "calendar.freebusy " + auth + "calendar.calendarlist.readonly");
    }};
};

class GraphService final : public SimulatedService {
public:
    GraphService(const Clock& clock, const ZoneResolver& zones)
        : clock_(clock),
          zones_(zones),
          sim_(clock, zones, graph_quirks_of("plain")),
          calendar_{"calendars/" + http::percent_encode(sim_.make_calendar("bookings"))} {
        sim_.set_callback([this](const http::Request& request) { return posted(request); });
    }
    std::string kind() const override { return "graph"; }
    std::unique_ptr<Connector> connect(http::HttpTransport& wire) override {
        graph::GraphSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<graph::GraphConnector>(wire, clock_, zones_, consent_.tokens(), settings);
    }
    std::unique_ptr<Connector> connect_for_times(http::HttpTransport& wire) override {
        graph::GraphSettings settings;
        settings.default_zone = kZone;
        return std::make_unique<freebusy::FreeBusyConnector>(
            graph::free_busy_source(wire, clock_, zones_, times_, settings), clock_
        );
    }
    void break_times(bool broken) override {
        sim_.quirks().schedule_error = broken ? "ErrorProxyRequestProcessingFailed" : "";
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
    int deliver(const std::function<bool(const PushNote&)>& take) override {
        sim_.deliver();
        int taken = 0;
        for (const Note& note : std::exchange(notes_, {}))
            taken += take({note.subscription, note.secret, {}, note.news});
        return taken;
    }
    int set_documented_quota() override {
        sim_.quirks().calls_per_ten_minutes = 10'000;
        return 1000;
    }
    bool set_quota(int calls) override {
        sim_.quirks().calls_per_minute = calls;
        return true;
    }
    void set_hints(bool told) override { sim_.quirks().tells_retry_after = told; }
    void lifecycle(const std::string& event) override { sim_.send_lifecycle(event); }

private:
    struct Note {
        std::string subscription, secret;
        PushNote::News news;
    };
    static std::string between(const std::string& text, const std::string& before, std::size_t from) {
        const auto at = text.find(before, from);
        if (at == std::string::npos) return {};
        return text.substr(at + before.size(), text.find('"', at + before.size()) - at - before.size());
    }
    /// The handshake is answered at once, everything else waits for deliver().
    http::Response posted(const http::Request& request) {
        http::Response answer{202, {}, {}, {}};
        const std::string asked = "validationToken=";
        if (const auto at = request.url.find(asked); at != std::string::npos) {
            answer = {
                200, {{"Content-Type", "text/plain"}}, http::percent_decode(request.url.substr(at + asked.size())), {}};
            return answer;
        }
        const std::string one = "\"clientState\":\"";
        for (auto at = request.body.find(one); at != std::string::npos; at = request.body.find(one, at + 1)) {
            const auto begin = request.body.rfind("{\"", at);
            const std::string event = between(request.body, "\"lifecycleEvent\":\"", begin);
            const PushNote::News news = event.empty()                    ? PushNote::News::Changed
                                        : event == "subscriptionRemoved" ? PushNote::News::Removed
                                        : event == "missed"              ? PushNote::News::Missed
                                                                         : PushNote::News::Reauthorize;
            notes_.push_back(
                {between(request.body, "\"subscriptionId\":\"", begin), between(request.body, one, begin), news}
            );
        }
        return answer;
    }
    std::vector<Note> notes_{};
    const Clock& clock_;
    const ZoneResolver& zones_;
    GraphSim sim_;
    Href calendar_;
    Consent consent_{[this] { return sim_.issue_token(); }};
    RenewedTokens times_{[this] { return sim_.issue_token("https://graph.microsoft.com/Calendars.ReadBasic"); }};
};

class CaldavService final : public SimulatedService {
public:
    CaldavService(const std::string& profile, const Clock& clock, const ZoneResolver& zones)
        : profile_(profile),
          clock_(clock),
          zones_(zones),
          sim_(clock, quirks_of(profile)),
          calendar_(sim_.make_calendar("bookings")) {}
    std::string kind() const override { return profile_ == "icloud" ? "icloud" : "caldav"; }
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
    void forget_tokens() override { sim_.forget_tokens(); }
    void revoke() override { sim_.unauthorized_after(0); }
    void admit() override { sim_.unauthorized_after(-1); }

private:
    const std::string profile_;
    const Clock& clock_;
    const ZoneResolver& zones_;
    CaldavSim sim_;
    Href calendar_;
};

/// For tests/contracts/check_ews.py, in the folder that CALGATE_EXCHANGES names: what was sent, each request once.
void keep_requests(const EwsSim& sim) {
    const char* const folder = std::getenv("CALGATE_EXCHANGES");
    if (!folder) return;
    std::set<std::string> bodies;
    for (const http::Request& request : sim.exchanges())
        if (request.url == EwsSim::url()) bodies.insert(request.body);
    std::ofstream out(std::string(folder) + "/ews_services", std::ios::binary | std::ios::app);
    for (const std::string& body : bodies) out << body << '\0';
}

class EwsService final : public SimulatedService, public EwsBackstage {
public:
    EwsService(const std::string& profile, const Clock& clock, const ZoneResolver& zones)
        : clock_(clock),
          zones_(zones),
          sim_(clock, zones, ews_quirks_of(profile)),
          folder_(sim_.make_calendar("bookings")) {}
    ~EwsService() override { keep_requests(sim_); }
    EwsService(const EwsService&) = delete;
    EwsService& operator=(const EwsService&) = delete;
    std::string kind() const override { return "ews"; }
    std::unique_ptr<Connector> connect(http::HttpTransport& wire) override {
        ews::EwsSettings settings;
        settings.url = EwsSim::url();
        settings.user = EwsSim::credentials().user;
        settings.password = EwsSim::credentials().password;
        settings.default_zone = kZone;
        return std::make_unique<ews::EwsConnector>(wire, clock_, zones_, settings);
    }
    http::HttpTransport& site() override { return sim_; }
    Href calendar() const override { return {"folders/" + http::percent_encode(folder_)}; }
    int mails() const override { return sim_.mails_sent(); }
    void revoke() override { sim_.change_password(); }
    void admit() override { sim_.restore_password(); }
    void set_page(std::size_t page) override { sim_.quirks().largest_page = page; }
    void forget_tokens() override { sim_.forget_states(); }
    void let_time_pass() override { sim_.pass_time(); }
    EwsSim& server() override { return sim_; }
    const std::string& folder() const override { return folder_; }

private:
    const Clock& clock_;
    const ZoneResolver& zones_;
    EwsSim sim_;
    std::string folder_;
};

}  // namespace

std::unique_ptr<SimulatedService> service_named(
    const std::string& name, const Clock& clock, const ZoneResolver& zones
) {
    if (name == "google") return std::make_unique<GoogleService>(clock, zones);
    if (name == "graph") return std::make_unique<GraphService>(clock, zones);
    if (name.starts_with("ews"))
        return std::make_unique<EwsService>(name == "ews" ? "plain" : name.substr(4), clock, zones);
    if (name.starts_with("caldav_")) return std::make_unique<CaldavService>(name.substr(7), clock, zones);
    return std::make_unique<CaldavService>(name == "icloud" ? "icloud" : "rfc", clock, zones);
}

}  // namespace calgate::testing
