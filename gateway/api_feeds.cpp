#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/feeds.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kFeedIdCharacters = 16;
constexpr std::string_view kFeedEnding = ".ics";
constexpr std::chrono::hours kFeedBack{24 * 30};
constexpr std::chrono::hours kFeedAhead{24 * 180};

Json shown(const Feed& feed) {
    return Json{
        {"id", feed.id},
        {"staff", feed.staff.value},
        {"label", feed.label},
        {"detail", feed.full ? "full" : "busy"},
        {"created", format_instant(feed.created)}};
}

HttpResponse no_feed() {
    return problem(404, "Not Found", "There is no such feed; its address is mistyped, or it was revoked.");
}

}  // namespace

HttpResponse Api::list_feeds(const HttpRequest&, const PathValues&) {
    Json list = Json::array();
    for (const Feed& feed : read(parts_.store, [](const Reader& r) { return read_feeds(r); }))
        list.push_back(shown(feed));
    return answer(200, Json{{"feeds", list}});
}

HttpResponse Api::post_feed(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"staff", "label", "detail"});
    const StaffId staff{in.text("staff", 128)};
    const std::string detail = in.text_or("detail", 10, "busy");
    if (detail != "busy" && detail != "full") throw InputError("The field \"detail\" is \"busy\" or \"full\".");
    const std::string label = in.text_or("label", 100, "Appointments");
    if (label.find_first_of("\r\n\\;,") != std::string::npos)
        throw InputError("The field \"label\" is one line, without backslash, semicolon and comma.");
    const std::string token = base64url(random_bytes(parts_.random, 32));
    const std::string hash = sha256_hex(token);
    const Instant now = parts_.clock.now();
    const Feed feed{hash.substr(0, kFeedIdCharacters), hash, staff, label, detail == "full", now};
    std::vector<Feed> all;
    bool known = false;
    parts_.store.write([&](Writer& writer) {
        known = writer.staff(staff).has_value();
        all = read_feeds(writer);
        if (!known || all.size() >= kMostFeeds) return;
        all.push_back(feed);
        write_feeds(writer, all);
        writer.append(Change{0, now, "feed.created", feed.id, who(request), detail, 0});
        feeds_.replace(all);
    });
    if (!known) return problem(422, "Unprocessable Content", "There is no such person; GET /v1/staff lists them.");
    if (all.empty() || all.back().id != feed.id)
        return problem(409, "Conflict", "There are as many feeds as there can be; revoke some first.");
    Json body = shown(feed);
    body["path"] = "/feeds/" + token + std::string(kFeedEnding);
    return answer(201, body);
}

HttpResponse Api::delete_feed(const HttpRequest& request, const PathValues& path) {
    const std::string& id = path.at("id");
    bool gone = false;
    parts_.store.write([&](Writer& writer) {
        auto all = read_feeds(writer);
        gone = std::erase_if(all, [&](const Feed& feed) { return feed.id == id; }) > 0;
        if (!gone) return;
        write_feeds(writer, all);
        writer.append(Change{0, parts_.clock.now(), "feed.revoked", id, who(request), "", 0});
        feeds_.replace(std::move(all));
    });
    if (!gone) return problem(404, "Not Found", "There is no feed with this id; calgate feeds list names them.");
    return answer(200, Json{{"revoked", id}});
}

HttpResponse Api::get_feed(const HttpRequest& request, const PathValues& path) {
    std::string_view token = path.at("id");
    if (!token.ends_with(kFeedEnding)) return no_feed();
    token.remove_suffix(kFeedEnding.size());
    const auto feed = feeds_.find(token);
    const auto person = feed ? parts_.index.person(feed->staff) : nullptr;
    if (!person) return no_feed();
    const Instant now = parts_.clock.now();
    // Whole days, so that the same answer is not cut elsewhere at every question.
    const Instant today = std::chrono::floor<std::chrono::days>(now);
    const Interval window{today - kFeedBack, today + kFeedAhead};
    std::vector<std::pair<Appointment, Interval>> appointments;
    if (feed->full)
        appointments = read(parts_.store, [&](const Reader& r) { return r.appointments_of(feed->staff, window); });
    FeedText text = feed_text(*feed, *person, appointments, window, now, parts_.zones);
    HttpResponse response;
    response.type = "text/calendar; charset=utf-8";
    response.headers = {
        {"ETag", text.etag},
        {"X-Calgate-As-Of", text.as_of},
        {"Cache-Control", "private, no-cache"},
        {"Referrer-Policy", "no-referrer"}};
    if (matches_etag(request.header("if-none-match"), text.etag))
        response.status = 304;
    else
        response.body = std::move(text.body);
    return response;
}

}  // namespace calgate
