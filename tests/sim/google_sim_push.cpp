#include <algorithm>
#include <ctime>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestChannel{7};
constexpr std::chrono::seconds kFirstWait{10};

/// Nothing when it is no number of seconds. What is longer than a channel lives is cut.
std::optional<std::chrono::seconds> life_of(const GoogleJson& body) {
    const auto parameters = body.find("params");
    if (parameters == body.end() || !parameters->is_object() || !parameters->contains("ttl")) return kLongestChannel;
    const GoogleJson& wish = (*parameters)["ttl"];
    const std::string text = wish.is_string() ? wish.get<std::string>() : wish.dump();
    if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    const auto seconds = count_of(text);
    if (!seconds) return kLongestChannel;
    return std::min<std::chrono::seconds>(kLongestChannel, std::chrono::seconds(*seconds));
}

std::string resource_path(const std::string& watched) {
    return watched == "calendarList" ? "users/me/calendarList"
                                     : "calendars/" + http::percent_encode(watched) + "/events";
}

}  // namespace

std::string google_date(Instant instant) {
    const std::time_t seconds = instant.time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char rest[32];
    std::string out = kDays[parts.tm_wday];
    std::strftime(rest, sizeof rest, ", %d ", &parts);
    out += rest + std::string(kMonths[parts.tm_mon]);
    std::strftime(rest, sizeof rest, " %Y %H:%M:%S GMT", &parts);
    return out + rest;
}

http::Response GoogleSim::State::watch(const std::string& watched, const GoogleCall& call) {
    const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
    if (!body.is_object()) return google_error(400, "parseError");
    GoogleChannel channel;
    channel.id = text_of(body, "id");
    channel.address = text_of(body, "address");
    channel.token = text_of(body, "token");
    channel.watched = watched;
    channel.resource = "res" + std::to_string(std::hash<std::string>{}(watched) % 1'000'000);
    const std::string type = text_of(body, "type");
    if (channel.id.empty() || channel.id.size() > 64 || channel.token.size() > 256 ||
        (type != "web_hook" && type != "webhook"))
        return google_error(400, "required");
    if (!channel.address.starts_with("https://"))
        return google_error(
            400, "global", "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: " + channel.address
        );
    if (channels.contains(channel.id)) return google_error(400, "channelIdNotUnique");
    const auto life = life_of(body);
    if (!life) return google_error(400, "global", "invalid", "Invalid value for: ttl");
    channel.expires = clock.now() + *life;
    GoogleChannel& open = channels[channel.id] = channel;
    post(open, "sync", quirks.sync_message_first);
    return google_answer(
        200,
        {{"kind", "api#channel"},
         {"id", open.id},
         {"resourceId", open.resource},
         {"resourceUri", "https://www.googleapis.com/calendar/v3/" + resource_path(watched) + "?alt=json"},
         {"token", open.token},
         {"expiration", std::to_string(open.expires.time_since_epoch().count() * 1000)}}
    );
}

http::Response GoogleSim::State::stop(const GoogleCall& call) {
    const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
    const auto at = channels.find(text_of(body, "id"));
    if (at == channels.end() || at->second.stopped || at->second.resource != text_of(body, "resourceId"))
        return google_error(
            404, "global", "notFound", "Channel '" + text_of(body, "id") + "' not found for project '0'"
        );
    at->second.stopped = true;
    http::Response done;
    done.status = 204;
    return done;
}

void GoogleSim::State::notify(const std::string& watched, const std::string& state) {
    if (quirks.lose_notifications) return;
    for (auto& [id, channel] : channels) {
        const bool over = channel.expires <= clock.now() || (channel.stopped && !quirks.delivers_after_stop);
        if (channel.watched == watched && !over) post(channel, state, quirks.notifies_at_once);
    }
}

void GoogleSim::State::post(GoogleChannel& channel, const std::string& state, bool at_once) {
    http::Headers headers{
        {"X-Goog-Channel-ID", channel.id},
        {"X-Goog-Channel-Expiration", google_date(channel.expires)},
        {"X-Goog-Resource-ID", channel.resource},
        {"X-Goog-Resource-URI", "https://www.googleapis.com/calendar/v3/" + resource_path(channel.watched)},
        {"X-Goog-Resource-State", state},
        {"X-Goog-Message-Number", std::to_string(++channel.messages)}};
    if (!channel.token.empty()) headers.emplace_back("X-Goog-Channel-Token", channel.token);
    const WaitingNotification fresh{{channel.address, std::move(headers)}, clock.now(), channel.expires, 0};
    for (int copies = quirks.double_notifications ? 2 : 1; copies > 0; --copies) {
        if (at_once && receiver)
            attempt(fresh);
        else
            notifications.push_back(fresh);
    }
}

bool GoogleSim::State::attempt(WaitingNotification one) {
    const int status = receiver(one.notification).status;
    if (status == 200 || status == 201 || status == 202 || status == 204 || status == 102) return true;
    const bool again = status == 500 || status == 502 || status == 503 || status == 504;
    if (again && ++one.tries < kTries) {
        one.due = clock.now() + kFirstWait * (1 << (one.tries - 1));
        notifications.push_back(std::move(one));
    }
    return false;
}

int GoogleSim::State::deliver() {
    if (!receiver) return 0;
    std::deque<WaitingNotification> all = std::exchange(notifications, {});
    if (quirks.shuffles_notifications) std::reverse(all.begin(), all.end());
    int accepted = 0;
    for (WaitingNotification& one : all) {
        if (one.due > clock.now())
            notifications.push_back(std::move(one));
        else if (one.ends > clock.now())
            accepted += attempt(std::move(one)) ? 1 : 0;
    }
    return accepted;
}

}  // namespace calgate::testing
