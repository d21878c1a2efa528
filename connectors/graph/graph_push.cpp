#include "connectors/graph/graph_push.hpp"

#include <algorithm>

#include "connectors/http/url.hpp"

namespace calgate::graph {

namespace {

/// Just under the 10,080 minutes that Outlook resources allow, for clocks that differ.
constexpr std::chrono::minutes kLongestLife{10'070};
constexpr std::chrono::minutes kShortestLife{45};
constexpr std::size_t kMaxSecret = 128;
constexpr int kMaxPages = 20;

Error rejected(std::string sentence) { return {ErrorCode::Rejected, std::move(sentence), {}}; }

}  // namespace

Subscriptions::Subscriptions(const Session& session, const Clock& clock) : session_(session), clock_(clock) {}

Instant Subscriptions::allowed(Instant until) const {
    const Instant now = clock_.now();
    return std::clamp(until, now + kShortestLife, now + kLongestLife);
}

Result<PushChannel> Subscriptions::open_channel(const Context& context, const PushRequest& request) {
    if (!is_calendar_href(request.calendar.value))
        return rejected("The calendar's address is not one of Microsoft Graph; choose the calendar again.");
    if (!request.callback.starts_with("https://"))
        return rejected("Microsoft Graph notifies https addresses only; give the gateway a public https URL.");
    if (request.secret.size() > kMaxSecret) return rejected("The secret of a notification channel is too long.");
    const std::string resource =
        "/" + session_.mailbox() + "/" + http::percent_decode(request.calendar.value) + "/events";
    const std::string url = session_.root_url("subscriptions");
    const std::string body = write_subscription(request, resource, allowed(request.until));
    const Ask ask{Call::Subscribe, "POST", url, body, {}, false};
    CALGATE_TRY(http::Response response, session_.send(context, ask));
    if (response.status == 409) {
        CALGATE_TRY_STATUS(close_for(context, resource));
        CALGATE_TRY(response, session_.send(context, ask));
    }
    if (response.status < 200 || response.status > 299) return session_.refused(Call::Subscribe, response);
    CALGATE_TRY(const Subscription made, parse_subscription(response.body));
    return made.channel;
}

Result<PushChannel> Subscriptions::renew_channel(const Context& context, const PushChannel& channel, Instant until) {
    const Ask ask{
        Call::Subscribe,
        "PATCH",
        session_.root_url("subscriptions/" + http::percent_encode(channel.id)),
        write_renewal(allowed(until)),
        {},
        false};
    CALGATE_TRY(const http::Response response, session_.done(context, ask));
    CALGATE_TRY(const Subscription renewed, parse_subscription(response.body));
    return renewed.channel;
}

Status Subscriptions::close_channel(const Context& context, const PushChannel& channel) {
    const Ask ask{
        Call::Subscribe,
        "DELETE",
        session_.root_url("subscriptions/" + http::percent_encode(channel.id)),
        {},
        {},
        false};
    CALGATE_TRY(const http::Response response, session_.send(context, ask));
    if ((response.status >= 200 && response.status <= 299) || response.status == 404) return {};
    return session_.refused(Call::Subscribe, response);
}

Status Subscriptions::close_for(const Context& context, const std::string& resource) {
    std::string url = session_.root_url("subscriptions");
    for (int pages = 0; !url.empty() && pages < kMaxPages; ++pages) {
        CALGATE_TRY(
            const http::Response response, session_.done(context, Ask{Call::Subscribe, "GET", url, {}, {}, false})
        );
        std::string next;
        CALGATE_TRY(const std::vector<Subscription> all, parse_subscriptions(response.body, next));
        for (const Subscription& one : all)
            if (one.resource == resource) CALGATE_TRY_STATUS(close_channel(context, one.channel));
        url = next;
    }
    return {};
}

}  // namespace calgate::graph
