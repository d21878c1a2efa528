#include <algorithm>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestChannel{7};
constexpr std::size_t kBatch = 50;
constexpr std::string_view kApi = "/calendar/v3/";

http::Response not_found() { return google_error(404, "notFound"); }

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> out{""};
    for (const char c : path) {
        if (c == '/')
            out.emplace_back();
        else
            out.back() += c;
    }
    for (std::string& segment : out) segment = http::percent_decode(segment);
    return out;
}

bool is_write(const std::string& role) { return role == "owner" || role == "writer"; }

GoogleJson list_entry(const GoogleCalendar& calendar) {
    GoogleJson entry{
        {"kind", "calendar#calendarListEntry"},
        {"etag", "\"1\""},
        {"id", calendar.id},
        {"summary", calendar.name},
        {"timeZone", calendar.zone},
        {"accessRole", calendar.role},
        {"selected", true},
        {"defaultReminders", GoogleJson::array()}};
    if (calendar.id == GoogleSim::owner()) entry["primary"] = true;
    return entry;
}

GoogleJson calendar_json(const GoogleCalendar& calendar) {
    return {
        {"kind", "calendar#calendar"},
        {"etag", "\"1\""},
        {"id", calendar.id},
        {"summary", calendar.name},
        {"timeZone", calendar.zone}};
}

http::Response no_content() {
    http::Response response;
    response.status = 204;
    return response;
}

const char* reason_phrase(int status) { return status < 300 ? "OK" : status < 400 ? "Not Modified" : "Error"; }

}  // namespace

GoogleCalendar* GoogleSim::State::calendar(const std::string& id) {
    const auto at = calendars.find(id == "primary" ? GoogleSim::owner() : id);
    return at == calendars.end() || at->second.removed ? nullptr : &at->second;
}

http::Response GoogleSim::State::answer(const http::Request& request, const http::Url& url) {
    const Query query = query_of(url.query);
    if (url.path == "/o/oauth2/v2/auth") return authorize(query);
    if (url.path == "/token" && request.method == "POST") return token(query_of(request.body));
    if (url.path == "/revoke" && request.method == "POST") {
        return revoke(query.contains("token") ? query : query_of(request.body));
    }
    if (url.path == "/batch/calendar/v3" && request.method == "POST") return batch(request);
    if (!url.path.starts_with(kApi)) return not_found();
    GoogleCall call{request.method, segments(std::string_view(url.path).substr(kApi.size())), query, request};
    if (const auto refused = refused_access(call)) return *refused;
    if (quirks.calls_per_minute > 0) {
        while (!recent_calls.empty() && recent_calls.front() <= clock.now() - std::chrono::minutes(1))
            recent_calls.pop_front();
        const std::size_t cost = call.method == "PATCH" ? 3 : 1;
        if (recent_calls.size() + cost > static_cast<std::size_t>(quirks.calls_per_minute))
            return quirks.limit_is_429 ? google_error(429, "rateLimitExceeded")
                                       : google_error(403, "userRateLimitExceeded");
        recent_calls.insert(recent_calls.end(), cost, clock.now());
    }
    return api(call);
}

http::Response GoogleSim::State::api(const GoogleCall& call) {
    const auto& path = call.path;
    if (path.size() >= 3 && path[0] == "users" && path[1] == "me" && path[2] == "calendarList")
        return calendar_list(call);
    if (path.size() == 1 && path[0] == "freeBusy" && call.method == "POST") return free_busy(call);
    if (path.size() == 2 && path[0] == "channels" && path[1] == "stop" && call.method == "POST") return stop(call);
    if (path.empty() || path[0] != "calendars") return not_found();
    if (path.size() <= 2 || (path.size() == 3 && path[2] == "clear")) return calendar_resource(call);
    GoogleCalendar* owner = calendar(path[1]);
    if (!owner || path[2] != "events") return not_found();
    const bool reads = call.method == "GET" || (path.size() == 4 && path[3] == "watch");
    if (!reads && !is_write(owner->role)) return google_error(403, "requiredAccessLevel");
    return path.size() == 3 ? event_collection(*owner, call) : event_resource(*owner, call);
}

http::Response GoogleSim::State::event_collection(GoogleCalendar& owner, const GoogleCall& call) {
    if (call.method == "GET") return list(owner, call);
    if (call.method == "POST") return insert(owner, call);
    return not_found();
}

http::Response GoogleSim::State::event_resource(GoogleCalendar& owner, const GoogleCall& call) {
    const std::string& id = call.path[3];
    if (call.path.size() == 5) {
        if (call.path[4] == "instances" && call.method == "GET") return instances(owner, call, id);
        return not_found();
    }
    if (call.path.size() != 4) return not_found();
    if (call.method == "POST" && id == "watch") return watch(owner, call);
    if (call.method == "POST" && id == "import") return import(owner, call);
    if (call.method == "PATCH") return change_event(owner, call, id, false);
    if (call.method == "PUT") return change_event(owner, call, id, true);
    if (call.method == "DELETE") return remove(owner, call, id);
    if (call.method != "GET") return not_found();
    const auto at = owner.events.find(id);
    const auto event = at == owner.events.end() ? instance(owner, id) : std::optional(at->second);
    if (!event) return not_found();
    const GoogleJson body = shown(owner, *event);
    if (!call.header("If-None-Match").empty() && call.header("If-None-Match") == text_of(body, "etag")) {
        http::Response unchanged;
        unchanged.status = 304;
        return unchanged;
    }
    return google_answer(200, masked(body, call.one("fields")));
}

http::Response GoogleSim::State::calendar_list(const GoogleCall& call) {
    if (call.path.size() == 4) {
        GoogleCalendar* owner = calendar(call.path[3]);
        return owner && call.method == "GET" ? google_answer(200, list_entry(*owner)) : not_found();
    }
    if (call.method == "POST") {
        const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
        GoogleCalendar* owner = calendar(text_of(body, "id"));
        return owner ? google_answer(200, list_entry(*owner)) : not_found();
    }
    if (call.method != "GET") return not_found();
    std::vector<const GoogleCalendar*> there;
    for (const std::string& id : order)
        if (const GoogleCalendar* owner = calendar(id)) there.push_back(owner);
    std::size_t limit = 100, from = 0;
    if (call.query.contains("maxResults"))
        limit = std::clamp<std::size_t>(std::stoul("0" + call.one("maxResults")), 1, 250);
    if (quirks.page > 0) limit = std::min(limit, quirks.page);
    if (call.query.contains("pageToken")) from = std::stoul("0" + call.one("pageToken"));
    GoogleJson items = GoogleJson::array();
    for (std::size_t i = from; i < there.size() && items.size() < limit; ++i) items.push_back(list_entry(*there[i]));
    GoogleJson body{{"kind", "calendar#calendarList"}, {"etag", "\"p1\""}};
    if (from + items.size() < there.size()) {
        body["nextPageToken"] = std::to_string(from + items.size());
    } else {
        body["nextSyncToken"] = "calendars";
    }
    body["items"] = std::move(items);
    return google_answer(200, masked(body, call.one("fields")));
}

http::Response GoogleSim::State::calendar_resource(const GoogleCall& call) {
    if (call.path.size() == 1) {
        if (call.method != "POST") return not_found();
        const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
        if (text_of(body, "summary").empty()) return google_error(400, "required");
        const std::string id = "c_" + std::to_string(++made) + "#x@group.calendar.google.com";
        GoogleCalendar& fresh = calendars[id];
        fresh.id = id;
        fresh.name = text_of(body, "summary");
        if (const std::string zone = text_of(body, "timeZone"); !zone.empty()) fresh.zone = zone;
        order.push_back(id);
        return google_answer(200, calendar_json(fresh));
    }
    GoogleCalendar* owner = calendar(call.path[1]);
    if (!owner) return not_found();
    if (call.path.size() == 3) {
        owner->events.clear();
        owner->tokens_from = ++change;
        return no_content();
    }
    if (call.method == "GET") return google_answer(200, calendar_json(*owner));
    if (call.method == "PATCH" || call.method == "PUT") {
        const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
        if (const std::string name = text_of(body, "summary"); !name.empty()) owner->name = name;
        return google_answer(200, calendar_json(*owner));
    }
    if (call.method != "DELETE" || owner->id == GoogleSim::owner()) return google_error(400, "badRequest");
    owner->removed = true;
    notify(*owner, "not_exists");
    return no_content();
}

http::Response GoogleSim::State::watch(GoogleCalendar& owner, const GoogleCall& call) {
    const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
    GoogleChannel channel;
    channel.id = text_of(body, "id");
    channel.address = text_of(body, "address");
    channel.token = text_of(body, "token");
    channel.calendar = owner.id;
    channel.resource = "res" + std::to_string(std::hash<std::string>{}(owner.id) % 1'000'000);
    const std::string type = text_of(body, "type");
    if (channel.id.empty() || channel.id.size() > 64 || channel.token.size() > 256 ||
        (type != "web_hook" && type != "webhook"))
        return google_error(400, "required");
    if (!channel.address.starts_with("https://"))
        return google_error(
            400, "global", "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: " + channel.address
        );
    if (channels.contains(channel.id)) return google_error(400, "channelIdNotUnique");
    std::chrono::seconds ttl = kLongestChannel;
    if (body.contains("params"))
        if (const std::string wish = text_of(body["params"], "ttl"); !wish.empty())
            ttl = std::min<std::chrono::seconds>(ttl, std::chrono::seconds(std::stoll(wish)));
    channel.expires = clock.now() + ttl;
    GoogleChannel& open = channels[channel.id] = channel;
    if (quirks.sync_message_first) post(open, "sync");
    return google_answer(
        200,
        {{"kind", "api#channel"},
         {"id", open.id},
         {"resourceId", open.resource},
         {"resourceUri",
          "https://www.googleapis.com/calendar/v3/calendars/" + http::percent_encode(owner.id) + "/events?alt=json"},
         {"token", open.token},
         {"expiration", std::to_string(open.expires.time_since_epoch().count() * 1000)}}
    );
}

http::Response GoogleSim::State::stop(const GoogleCall& call) {
    const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
    const auto at = channels.find(text_of(body, "id"));
    if (at == channels.end() || at->second.resource != text_of(body, "resourceId"))
        return google_error(
            404, "global", "notFound", "Channel '" + text_of(body, "id") + "' not found for project '0'"
        );
    channels.erase(at);
    return no_content();
}

void GoogleSim::State::notify(const GoogleCalendar& owner, const std::string& state) {
    if (quirks.lose_notifications) return;
    for (auto& [id, channel] : channels) {
        if (channel.calendar != owner.id || channel.expires <= clock.now()) continue;
        post(channel, state);
        if (quirks.double_notifications) notifications.push_back(notifications.back());
    }
}

void GoogleSim::State::post(GoogleChannel& channel, const std::string& state) {
    http::Headers headers{
        {"X-Goog-Channel-ID", channel.id},
        {"X-Goog-Channel-Expiration", format_instant(channel.expires)},
        {"X-Goog-Resource-ID", channel.resource},
        {"X-Goog-Resource-URI",
         "https://www.googleapis.com/calendar/v3/calendars/" + http::percent_encode(channel.calendar) + "/events"},
        {"X-Goog-Resource-State", state},
        {"X-Goog-Message-Number", std::to_string(++channel.messages)}};
    if (!channel.token.empty()) headers.emplace_back("X-Goog-Channel-Token", channel.token);
    notifications.push_back({channel.address, std::move(headers)});
}

http::Response GoogleSim::State::batch(const http::Request& request) {
    http::Response wrapped;
    wrapped.headers = request.headers;
    const std::string type = wrapped.header("Content-Type").value_or("");
    const auto at = type.find("boundary=");
    if (at == std::string::npos) return google_error(400, "badRequest");
    std::string boundary = type.substr(at + 9);
    std::erase(boundary, '"');
    std::string text = request.body;
    std::erase(text, '\r');
    std::vector<std::string> answers;
    std::size_t marks = 0;
    for (auto mark = text.find("--" + boundary); mark != std::string::npos; mark = text.find("--" + boundary, mark + 1))
        ++marks;
    if (marks > kBatch + 1) return google_error(400, "badRequest");
    for (auto begin = text.find("--" + boundary); begin != std::string::npos;) {
        const auto from = begin + boundary.size() + 2;
        const auto end = text.find("--" + boundary, from);
        if (end == std::string::npos) break;
        const std::string part = text.substr(from, end - from);
        begin = end;
        const auto inner_at = part.find("\n\n");
        if (inner_at == std::string::npos) continue;
        const std::string head = part.substr(0, inner_at), inner = part.substr(inner_at + 2);
        const auto line_end = inner.find('\n'), body_at = inner.find("\n\n");
        const std::string line = inner.substr(0, line_end);
        const auto first = line.find(' '), second = line.find(' ', first + 1);
        http::Request one = request;
        one.method = line.substr(0, first);
        one.url = "https://www.googleapis.com" + line.substr(first + 1, second - first - 1);
        one.body = body_at == std::string::npos ? "" : inner.substr(body_at + 2);
        // Those of the part count before those around it.
        http::Headers own;
        for (std::size_t line_at = line_end; line_at < body_at && line_at != std::string::npos;) {
            const auto next = inner.find('\n', line_at + 1);
            const std::string header = inner.substr(line_at + 1, next - line_at - 1);
            if (const auto colon = header.find(": "); colon != std::string::npos)
                own.emplace_back(header.substr(0, colon), header.substr(colon + 2));
            line_at = next;
        }
        one.headers.insert(one.headers.begin(), own.begin(), own.end());
        while (one.body.ends_with('\n')) one.body.pop_back();
        const auto url = http::parse_url(one.url);
        const http::Response answered = url ? answer(one, *url) : google_error(400, "badRequest");
        std::string id;
        if (const auto named = head.find("Content-ID: <"); named != std::string::npos)
            id = head.substr(named + 13, head.find('>', named) - named - 13);
        answers.push_back(
            "--batch_answer\r\nContent-Type: application/http\r\nContent-ID: <response-" + id + ">\r\n\r\nHTTP/1.1 " +
            std::to_string(answered.status) + " " + reason_phrase(answered.status) +
            "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" + answered.body + "\r\n"
        );
    }
    answers.resize(answers.size() - std::min(answers.size(), quirks.batch_leaves_out));
    std::string out;
    for (auto one = answers.rbegin(); one != answers.rend(); ++one) out += *one;  // In no promised order.
    http::Response response;
    response.status = 200;
    response.headers = {{"Content-Type", "multipart/mixed; boundary=batch_answer"}};
    response.body = out + "--batch_answer--\r\n";
    return response;
}

}  // namespace calgate::testing
