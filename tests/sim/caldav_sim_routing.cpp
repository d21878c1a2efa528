#include <algorithm>
#include <cstdlib>

#include "tests/sim/caldav_sim_state.hpp"

namespace calgate::testing {

http::Response plain(int status, http::Headers headers, std::string body) {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

std::string entry_origin(const Quirks& quirks) {
    return quirks.icloud_hosts ? "https://caldav.icloud.com" : "https://caldav.sim.example";
}

std::string home_origin(const Quirks& quirks) {
    return quirks.icloud_hosts ? "https://p" + std::to_string(quirks.partition) + "-caldav.icloud.com"
                               : entry_origin(quirks);
}

namespace {

constexpr const char* kOffered = "1, 3, access-control, calendar-access";
constexpr const char* kAllowed = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, REPORT";

}  // namespace

http::Response CaldavSim::State::unauthorized() const {
    http::Headers headers;
    if (quirks.two_challenges) headers.emplace_back("WWW-Authenticate", "x-mobileme-authtoken realm=\"MMCalDav\"");
    headers.emplace_back("WWW-Authenticate", "Basic realm=\"MMCalDav\"");
    return plain(401, std::move(headers));
}

http::Response CaldavSim::State::redirect(const http::Url& url) const {
    const std::string first = url.path.substr(0, url.path.find('/', 1));
    const std::string rest = url.path.size() > first.size() ? url.path.substr(first.size()) : "/";
    std::string origin = url.origin();
    if (first.ends_with("-http")) origin = "http://" + url.host;
    if (first.ends_with("-foreign")) origin = "https://elsewhere.example";
    return plain(std::stoi(first.substr(2, 3)), {{"Location", origin + rest}});
}

http::Response CaldavSim::State::answer(const http::Request& request, const http::Url& url) {
    const bool icloud = quirks.icloud_hosts && url.scheme == "https" && http::is_icloud_host(url.host);
    const bool known_host = url.origin() == entry_origin(quirks) || icloud;
    if (!known_host) return plain(404);
    if (!lets_in(request)) return unauthorized();
    if (authorized_requests == 0) return unauthorized();
    if (authorized_requests > 0) --authorized_requests;
    if (url.path.starts_with("/r30")) return redirect(url);
    // The entry host serves every account itself; a partition only those that lie there.
    if (icloud && url.origin() != entry_origin(quirks) && url.origin() != home_origin(quirks))
        return plain(301, {{"Location", home_origin(quirks) + ":443" + url.path}});
    if (url.path == "/.well-known/caldav")
        return plain(301, {{"Location", quirks.breaks_above_homes ? "/dav/calendars" : "/"}});
    if (quirks.canonical_elsewhere && url.path.starts_with("/my/")) {
        http::Url home = url;
        home.path = kHomePath + url.path.substr(4);
        return answer(request, home);
    }
    const std::string path = http::canonical_path(url.path);
    if (request.method == "OPTIONS") return plain(200, {{"DAV", kOffered}, {"Allow", kAllowed}});
    if (request.method == "PROPFIND") return propfind(request, url);
    if (request.method == "PROPPATCH") return proppatch(request, path);
    if (request.method == "REPORT") return report(request, url);
    if (request.method == "GET") return get(request, path);
    if (request.method == "HEAD") {
        http::Response head = get(request, path);
        head.body.clear();
        return head;
    }
    if (request.method == "PUT") return put(request, path);
    if (request.method == "DELETE") return erase(request, path);
    if (quirks.icloud_hosts && (request.method == "MKCALENDAR" || request.method == "MKCOL")) return plain(403);
    return plain(405);
}

bool CaldavSim::State::lets_in(const http::Request& request) const {
    const auto right = CaldavSim::credentials();
    const auto& given = request.credentials;
    if (!given) return false;
    if (!quirks.icloud_hosts) return given->user == right.user && given->password == right.password;
    std::string letters = given->password, expected = right.password;
    for (std::string* text : {&letters, &expected}) std::erase(*text, '-');
    return given->user.ends_with(right.user.substr(right.user.find('@'))) && letters == expected;
}

SimCalendar* CaldavSim::State::calendar(const std::string& path) {
    const auto found = calendars.find(path.ends_with('/') ? path : path + "/");
    return found == calendars.end() ? nullptr : &found->second;
}

SimCalendar* CaldavSim::State::calendar_of(const std::string& object_path) {
    return calendar(object_path.substr(0, object_path.rfind('/') + 1));
}

std::string CaldavSim::State::etag(const SimObject& object) const {
    const std::string tag = "\"e" + std::to_string(object.changed_at) + "\"";
    return quirks.weak_etags ? "W/" + tag : tag;
}

std::optional<std::int64_t> CaldavSim::State::reached_by(const SimCalendar& owner, const std::string& token) const {
    const auto known = owner.tokens.find(token);
    if (quirks.tokens != TokenStyle::Second)
        return known == owner.tokens.end() ? std::nullopt : std::optional(known->second);
    const long long second = std::atoll(token.c_str());
    const bool near = known != owner.tokens.end() || owner.tokens.contains(std::to_string(second + 1));
    if (!near) return std::nullopt;
    const auto later = std::upper_bound(seconds.begin(), seconds.end(), second);
    return later - seconds.begin() - 1;
}

std::string CaldavSim::State::token_at(SimCalendar& owner, std::int64_t change_number) {
    const std::string number = std::to_string(change_number);
    std::string token;
    switch (quirks.tokens) {
        case TokenStyle::Url:
            token = "https://caldav.sim.example/sync/" + number;
            break;
        case TokenStyle::Hash:
            token = "5d41402abc4b2a76b9719d911017c592" + number;
            break;
        case TokenStyle::DataUri:
            token = "data:,1700000000-" + number;
            break;
        case TokenStyle::Number:
            token = number;
            break;
        case TokenStyle::Second:
            token = std::to_string(seconds.at(static_cast<std::size_t>(change_number)));
            break;
    }
    owner.tokens[token] = change_number;
    return token;
}

}  // namespace calgate::testing
