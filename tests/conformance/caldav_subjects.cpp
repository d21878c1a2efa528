#include <stdexcept>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/http/curl_transport.hpp"
#include "gateway/system_clock.hpp"
#include "tests/conformance/samples.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/radicale_server.hpp"
#include "tests/support/xandikos_server.hpp"

namespace calgate::testing {

namespace {

bool is_write(const std::string& method) { return method == "PUT" || method == "DELETE"; }

/// Passes everything on, and forgets the answer to one write on demand.
class ForgetfulTransport final : public http::HttpTransport {
public:
    explicit ForgetfulTransport(http::HttpTransport& inner) : inner_(inner) {}

    void lose_next_answer() { armed_ = true; }
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        auto response = inner_.send(request, context);
        if (!armed_ || !is_write(request.method)) return response;
        armed_ = false;
        return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    }
    std::vector<Result<http::Response>> send_together(
        const std::vector<http::Request>& requests, const Context& context
    ) override {
        return armed_ ? HttpTransport::send_together(requests, context) : inner_.send_together(requests, context);
    }

private:
    http::HttpTransport& inner_;
    bool armed_ = false;
};

caldav::CaldavSettings account(const std::string& url, const http::Credentials& credentials) {
    caldav::CaldavSettings settings;
    settings.url = url;
    settings.user = credentials.user;
    settings.password = credentials.password;
    return settings;
}

http::CurlTransport::Settings loopback_only() {
    http::CurlTransport::Settings settings;
    settings.private_hosts = {"127.0.0.1"};
    return settings;
}

class SimulatedSubject final : public Subject {
public:
    SimulatedSubject(const ZoneResolver& zones, const std::string& profile)
        : zones_(zones),
          sim_(clock_, quirks_of(profile)),
          connector_(transport_, clock_, zones_, account(sim_.account_url(), CaldavSim::credentials())) {}

    Features features() const override {
        Features offered;
        offered.passwords = offered.deadlines = offered.garbage = offered.outages = offered.faults = offered.mails =
            offered.webdav = true;
        offered.batches = offered.mailing_batches = offered.parallel_batches = batches_;
        return offered;
    }
    Connector& connector() override { return connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        auto settings = account(sim_.account_url(), {CaldavSim::credentials().user, "wrong-secret"});
        return std::make_unique<caldav::CaldavConnector>(transport_, clock_, zones_, std::move(settings));
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override { return sim_.make_calendar(name); }
    Href put_text(const Href& calendar, const std::string& name, const std::string& icalendar) override {
        return sim_.put_text(calendar, name, icalendar);
    }
    void erase(const Href& event) override { sim_.erase(event); }
    Href unknown_calendar() override {
        const Href there = sim_.make_calendar("left");
        sim_.replace_calendar(there);
        return there;
    }
    void lose_next_answer() override { transport_.lose_next_answer(); }
    void set_down(bool down) override { sim_.set_down(down); }
    CaldavSim& sim() override { return sim_; }
    void fail_next(const SimFault& fault) override { sim_.fail_next(fault); }
    void clear_faults() override { sim_.clear_faults(); }
    void forget_tokens() override { sim_.forget_tokens(); }
    std::vector<std::string> reading_methods() const override { return {"PROPFIND", "REPORT"}; }
    int mails_sent() override { return sim_.mails_sent(); }
    void invite_a_customer(const Href& calendar, const Uid& uid) override {
        http::Request request;
        request.method = "PUT";
        request.url = calendar.value + "invitation.ics";
        request.body = foreign_text(
            uid,
            "DTSTART:20260610T070000Z\nDTEND:20260610T080000Z\nORGANIZER:mailto:" + CaldavSim::credentials().user +
                "\nATTENDEE:mailto:customer@example.com\n"
        );
        request.credentials = CaldavSim::credentials();
        if (!sim_.send(request, {clock_.steady() + std::chrono::seconds(20), {}}))
            throw std::runtime_error("The invitation was not taken.");
    }

private:
    const ZoneResolver& zones_;
    ManualClock clock_{};
    CaldavSim sim_;
    ForgetfulTransport transport_{sim_};
    caldav::CaldavConnector connector_;
    const bool batches_ = connector_.batch() != nullptr;
};

/// Starts its server at the first row, so that a selection of other rows needs none.
class ServerSubject final : public Subject {
public:
    ServerSubject(const ZoneResolver& zones, std::unique_ptr<LoopbackServer> server, bool passwords)
        : zones_(zones), server_(std::move(server)), passwords_(passwords) {}

    Features features() const override {
        Features offered;
        offered.passwords = passwords_;
        offered.deadlines = offered.outages = offered.freezing = offered.batches = offered.parallel_batches = true;
        return offered;
    }
    void begin() override {
        server_->start();
        if (connector_) return;
        connector_ = std::make_unique<caldav::CaldavConnector>(
            transport_, clock_, zones_, account(server_->origin() + "/", server_->credentials())
        );
    }
    Connector& connector() override { return *connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        auto settings = account(server_->origin() + "/", {server_->credentials().user, "wrong-secret"});
        return std::make_unique<caldav::CaldavConnector>(transport_, clock_, zones_, std::move(settings));
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override { return server_->make_calendar(name); }
    Href put_text(const Href& calendar, const std::string& name, const std::string& icalendar) override {
        const Href href{calendar.value + name};
        expect_done(
            "PUT",
            href,
            server_->request("PUT", href.value, {{"Content-Type", "text/calendar; charset=utf-8"}}, icalendar)
        );
        return href;
    }
    void erase(const Href& event) override { expect_done("DELETE", event, server_->request("DELETE", event.value)); }
    Href unknown_calendar() override { return Href{server_->home_url() + "no-such-calendar/"}; }
    void lose_next_answer() override { transport_.lose_next_answer(); }
    void set_down(bool down) override {
        if (down) {
            server_->kill();
        } else {
            server_->start();
        }
    }
    void set_frozen(bool frozen) override {
        if (frozen) {
            server_->freeze();
        } else {
            server_->thaw();
        }
    }

private:
    static void expect_done(const char* method, const Href& href, const http::Response& response) {
        if (response.status < 200 || response.status >= 300 || response.status == 207)
            throw std::runtime_error(
                std::string(method) + " " + href.value + " was answered " + std::to_string(response.status) + ": " +
                response.body
            );
    }

    const ZoneResolver& zones_;
    SystemClock clock_{};
    std::unique_ptr<LoopbackServer> server_;
    bool passwords_;
    http::CurlTransport network_{loopback_only(), clock_};
    ForgetfulTransport transport_{network_};
    std::unique_ptr<caldav::CaldavConnector> connector_{};
};

}  // namespace

std::unique_ptr<Subject> simulated_subject(const ZoneResolver& zones, const std::string& profile) {
    return std::make_unique<SimulatedSubject>(zones, profile);
}

std::unique_ptr<Subject> radicale_subject(const ZoneResolver& zones) {
    return std::make_unique<ServerSubject>(zones, std::make_unique<RadicaleServer>(), true);
}

std::unique_ptr<Subject> xandikos_subject(const ZoneResolver& zones) {
    return std::make_unique<ServerSubject>(zones, std::make_unique<XandikosServer>(), false);
}

}  // namespace calgate::testing
