#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "connectors/http/url.hpp"
#include "core/erasure.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

/// EU and EEA.
constexpr std::array kInside = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI",
                                "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU",
                                "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"};

/// What a copy shows and what it carries sealed, found out by making one: the code that decides is asked.
struct Carried {
    Json shown = Json::array();
    Json sealed = Json::array();
};

Carried carried_by(const Calendar& calendar, const Business& business, const Keys& keys, const ZoneResolver& zones) {
    Appointment sample;
    sample.id = {"sample"};
    sample.zone = "UTC";
    sample.end = sample.start + std::chrono::hours{1};
    const std::pair<const char*, std::string Appointment::*> fields[] = {
        {"title", &Appointment::title},
        {"place", &Appointment::place},
        {"customer", &Appointment::customer},
        {"notes", &Appointment::notes}};
    for (const auto& [name, field] : fields) sample.*field = "what the field " + std::string(name) + " says";
    const Event copy = copy_event(sample, Mirror{}, calendar, business, keys, std::string(12, '\0'), zones);
    const auto sealed = open_capsule(copy.capsule, keys);
    const std::string text = copy.master.title + "\n" + copy.master.place + "\n" + copy.master.notes;
    Carried out;
    out.shown.push_back("time");
    for (const auto& [name, field] : fields) {
        if (text.find(sample.*field) != std::string::npos) out.shown.push_back(name);
        if (sealed && (*sealed).*field == sample.*field) out.sealed.push_back(name);
    }
    return out;
}

std::string host_of(const Account& account) {
    if (account.kind == "google") return "www.googleapis.com";
    const auto url = http::parse_url(account.url);
    return url ? url->host : "";
}

/// @return the country and whether it lies in the EU or the EEA, as far as somebody said so.
Json country_of(const std::string& host, const std::vector<std::string>& countries) {
    for (const std::string& entry : countries) {
        const auto equals = entry.find('=');
        if (entry.substr(0, equals) != host) continue;
        const std::string country = entry.substr(equals + 1);
        const bool inside =
            std::any_of(kInside.begin(), kInside.end(), [&](const char* one) { return country == one; });
        return {{"country", country}, {"abroad", inside ? "no" : "outside EU and EEA"}};
    }
    return {{"country", "unknown"}, {"abroad", "unknown"}};
}

Json place_of(const std::string& what, const std::string& host, const std::vector<std::string>& countries) {
    Json place = country_of(host, countries);
    place["what"] = what;
    place["host"] = host;
    return place;
}

}  // namespace

HttpResponse Api::get_datamap(const HttpRequest&, const PathValues&) {
    return read(parts_.store, [&](const Reader& reader) {
        Json places = Json::array();
        Json here = {{"what", "this gateway's store"}, {"host", "here"}, {"country", "here"}, {"abroad", "no"}};
        here["shown"] = {"time", "title", "place", "customer", "notes"};
        here["sealed"] = Json::array();
        places.push_back(here);
        const Business business = reader.business().value_or(Business{});
        for (const Calendar& calendar : reader.calendars()) {
            const auto account = reader.account(calendar.account);
            if (!account || !calendar.mirror) continue;
            const std::string what = "copies in " + calendar.name + " of " + calendar.staff.value + " (" +
                                     account->kind + ", " + account->user + ")";
            Json place = place_of(what, host_of(*account), parts_.countries);
            const Carried carried = carried_by(calendar, business, parts_.keys, parts_.zones);
            place["calendar"] = calendar.id.value;
            place["shown"] = carried.shown;
            place["sealed"] = carried.sealed;
            places.push_back(place);
        }
        if (!parts_.kit_target.empty()) {
            const auto url = http::parse_url(parts_.kit_target);
            Json place = place_of("outage kits in " + parts_.kit_target, url ? url->host : "here", parts_.countries);
            place["shown"] = {"time", "title", "place", "customer", "notes"};
            place["sealed"] = Json::array();
            places.push_back(place);
        }
        return answer(200, Json{{"places", places}, {"telemetry", "none"}});
    });
}

}  // namespace calgate
