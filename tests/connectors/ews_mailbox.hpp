#pragma once

#include <boost/test/unit_test.hpp>
#include <functional>

#include "connectors/ews/ews_connector.hpp"
#include "connectors/http/url.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

/// Changes requests and answers on their way, as a server of other habits would.
class Between final : public http::HttpTransport {
public:
    explicit Between(EwsSim& sim) : sim_(sim) {}
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        http::Request sent = request;
        if (asked) asked(sent);
        auto response = sim_.send(sent, context);
        if (response && answered) answered(request, *response);
        return response;
    }
    std::function<void(http::Request&)> asked{};
    std::function<void(const http::Request&, http::Response&)> answered{};

private:
    EwsSim& sim_;
};

inline const ZoneResolver& ews_zones() {
    static const ZoneResolver kZones;
    return kZones;
}

inline When berlin(const char* local) { return {When::Kind::Zoned, *parse_local(local), "Europe/Berlin"}; }

/// A folder of a simulated mailbox, and a connector to it.
struct EwsMailbox {
    explicit EwsMailbox(const std::string& profile = "plain") : sim(clock, ews_zones(), ews_quirks_of(profile)) {
        folder = sim.make_calendar("Bookings");
        calendar = Href{"folders/" + http::percent_encode(folder)};
        settings.url = EwsSim::url();
        settings.user = EwsSim::credentials().user;
        settings.password = EwsSim::credentials().password;
        settings.default_zone = "Europe/Berlin";
        connector.emplace(between, clock, ews_zones(), settings);
    }
    Context context() const { return {clock.steady() + std::chrono::minutes(5), {}}; }
    static Event meeting(const std::string& uid = "copy-1", const char* rule = "") {
        Event out;
        out.uid = Uid{uid};
        out.mark = "mark-of-" + uid;
        out.master.start = berlin("2026-01-31T09:00:00");
        out.master.end = berlin("2026-01-31T10:00:00");
        out.master.title = "Haircut";
        if (*rule != '\0') out.master.rules = {rule};
        return out;
    }
    RemoteEvent make(const Event& event) {
        const auto made = connector->create_event(context(), calendar, event);
        BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().detail));
        const auto read = connector->fetch_event(context(), made->href);
        BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().detail));
        return *read;
    }
    std::size_t calls() const { return sim.exchanges().size(); }

    ManualClock clock{};
    EwsSim sim;
    Between between{sim};
    std::string folder{};
    Href calendar{};
    ews::EwsSettings settings{};
    std::optional<ews::EwsConnector> connector{};
};

inline bool asks(const http::Request& request, const char* operation) {
    return request.body.find("<m:" + std::string(operation)) != std::string::npos;
}

/// The answer becomes a refusal of `operation`, or of its first item.
inline void refuse(http::Response& response, const std::string& operation, const std::string& code) {
    const std::string begin = "<m:" + operation + "ResponseMessage", end = "</m:" + operation + "ResponseMessage>";
    const auto first = response.body.find(begin);
    BOOST_REQUIRE(first != std::string::npos);
    response.body.replace(
        first,
        response.body.find(end, first) + end.size() - first,
        begin + " ResponseClass=\"Error\"><m:MessageText>No.</m:MessageText><m:ResponseCode>" + code +
            "</m:ResponseCode>" + end
    );
}

inline void become_fault(http::Response& response, const std::string& inside) {
    response.status = 500;
    response.body = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>" + inside +
                    "</s:Fault></s:Body></s:Envelope>";
}

}  // namespace calgate::testing
