#include <charconv>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kLinkLife = 30 * 86'400;
constexpr std::int64_t kLongestLinkLife = 3 * 366 * 86'400;
constexpr auto kLinksKept = std::chrono::hours{24 * 90};
constexpr std::size_t kMostLinks = 1000;

Json shown(const BookingLink& link, Instant now) {
    const char* state = link.revoked                   ? "revoked"
                        : link.expires <= now          ? "expired"
                        : link.single_use && link.used ? "used"
                                                       : "open";
    return Json{
        {"id", link.id},
        {"customer", link.customer},
        {"service", link.service.value},
        {"created", format_instant(link.created)},
        {"expires", format_instant(link.expires)},
        {"single_use", link.single_use},
        {"used", instant_json(link.used)},
        {"state", state}};
}

}  // namespace

HttpResponse Api::list_links(const HttpRequest& request, const PathValues&) {
    std::size_t limit = kMostLinks;
    const std::string_view text = request.parameter("limit");
    if (!text.empty()) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
        if (error != std::errc{} || end != text.data() + text.size() || limit < 1 || limit > kMostLinks)
            throw InputError("The parameter \"limit\" is a number from 1 to " + std::to_string(kMostLinks) + ".");
    }
    Json list = Json::array();
    for (const BookingLink& link : read(parts_.store, [&](const Reader& r) { return r.booking_links(limit); }))
        list.push_back(shown(link, parts_.clock.now()));
    return answer(200, Json{{"links", list}});
}

HttpResponse Api::post_link(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"customer", "service", "expires_in_s", "single_use"});
    const Instant now = parts_.clock.now();
    BookingLink link;
    link.id = base64url(random_bytes(parts_.random, 12));
    link.customer = in.text("customer", kMaxShort);
    if (link.customer.empty()) throw InputError("The field \"customer\" says whom the link is for.");
    link.service = {in.text_or("service", 128, "")};
    link.created = now;
    link.expires = now + std::chrono::seconds{in.number_or("expires_in_s", 60, kLongestLinkLife, kLinkLife)};
    link.single_use = in.flag_or("single_use", true);
    if (!link.service.empty() && !parts_.index.service(link.service))
        return problem(422, "Unprocessable Content", "There is no such service; GET /v1/services lists them.");
    const std::string token = links_.token_of(link);
    parts_.store.write([&](Writer& writer) {
        writer.forget_booking_links(now - kLinksKept);
        writer.put(link);
        writer.append(Change{0, now, "link.created", link.id, who(request), "", 0});
    });
    Json body = shown(link, now);
    body["link"] = token;
    return answer(201, body);
}

HttpResponse Api::delete_link(const HttpRequest& request, const PathValues& path) {
    const std::string& id = path.at("id");
    const bool found = write(parts_.store, [&](Writer& writer) {
        auto link = writer.booking_link(id);
        if (!link) return false;
        if (link->revoked) return true;
        link->revoked = true;
        writer.put(*link);
        writer.append(Change{0, parts_.clock.now(), "link.revoked", id, who(request), "", 0});
        return true;
    });
    if (!found) return problem(404, "Not Found", "There is no link with this id; calgate links list names them.");
    return answer(200, Json{{"revoked", id}});
}

}  // namespace calgate
