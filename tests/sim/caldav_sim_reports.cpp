#include <algorithm>
#include <cstdlib>
#include <pugixml.hpp>

#include "tests/sim/caldav_sim_state.hpp"

namespace calgate::testing {

namespace {

std::string local_name(const pugi::xml_node& node) {
    const std::string name = node.name();
    return name.substr(name.find(':') + 1);
}

pugi::xml_node descendant(const pugi::xml_node& root, const std::string& name) {
    return root.find_node([&](const pugi::xml_node& node) { return local_name(node) == name; });
}

std::string header_of(const http::Request& request, const std::string& name) {
    return http::Response{0, request.headers, {}, {}}.header(name).value_or("");
}

/// What stands in d:prop; nothing for allprop and propname.
std::vector<SimProperty> asked_for(const http::Request& request) {
    pugi::xml_document document;
    std::vector<SimProperty> out;
    if (!document.load_buffer(request.body.data(), request.body.size())) return out;
    for (const auto& property : descendant(document, "prop").children()) {
        const std::string name = property.name(), prefix = name.substr(0, name.find(':'));
        const std::string declaration = prefix == name ? "xmlns" : "xmlns:" + prefix;
        std::string space;
        for (pugi::xml_node at = property; at && space.empty(); at = at.parent())
            space = at.attribute(declaration.c_str()).value();
        out.push_back({space, local_name(property)});
    }
    return out;
}

/// The prop-filters of a calendar-query, but for a text that the UID has to hold.
void read_property_filters(const pugi::xml_node& root, SimQuery& wanted) {
    const pugi::xml_node events = root.find_node([](const pugi::xml_node& node) {
        return local_name(node) == "comp-filter" && std::string(node.attribute("name").value()) == "VEVENT";
    });
    for (const auto& filter : events.children()) {
        if (local_name(filter) != "prop-filter") continue;
        const std::string name = filter.attribute("name").value();
        const pugi::xml_node match = descendant(filter, "text-match");
        const bool not_there = !descendant(filter, "is-not-defined").empty();
        const bool negated = std::string(match.attribute("negate-condition").value()) == "yes";
        if (name == "UID" && match && !negated)
            wanted.uid = match.text().get();
        else
            wanted.properties.push_back({name, match.text().get(), not_there || negated});
    }
}

bool has_properties(const std::string& text, const SimQuery& wanted) {
    return std::all_of(wanted.properties.begin(), wanted.properties.end(), [&](const SimQuery::Property& one) {
        const std::string value = property_of(text, one.name);
        // i;ascii-casemap, which is what a query means that names no collation.
        const auto folded = [](std::string word) {
            std::transform(word.begin(), word.end(), word.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            });
            return word;
        };
        const bool found = !value.empty() && folded(value).find(folded(one.text)) != std::string::npos;
        return found != one.absent;
    });
}

std::string collection_properties(const CaldavSim::State& sim, const SimCalendar& calendar, const std::string& token) {
    const auto dav = [&](const std::string& name, const std::string& inner = {}) {
        return sim.element(Space::Dav, name, inner);
    };
    const auto report = [&](Space space, const char* name) {
        return dav("supported-report", dav("report", sim.element(space, name)));
    };
    const std::string reports = report(Space::Dav, "sync-collection") + report(Space::Caldav, "calendar-multiget") +
                                report(Space::Caldav, "calendar-query");
    std::string comp = sim.element(Space::Caldav, "comp");
    comp.insert(comp.size() - 2, calendar.tasks_only ? " name=\"VTODO\"" : " name=\"VEVENT\"");
    return dav("resourcetype", dav("collection") + sim.element(Space::Caldav, "calendar")) +
           dav("displayname", xml_text(calendar.name)) +
           dav("current-user-privilege-set", dav("privilege", dav("read")) + dav("privilege", dav("write"))) +
           dav("supported-report-set", reports) + dav("sync-token", xml_text(token)) +
           sim.element(Space::CalendarServer, "getctag", xml_text(token)) +
           sim.element(Space::Caldav, "supported-calendar-component-set", comp);
}

/// Whether an event may lie within the range, to a day; a series may from its start on.
bool may_touch(const std::string& text, const SimQuery& wanted) {
    const auto day = [](const std::string& time) { return std::atol(time.substr(0, 8).c_str()); };
    const long starts = day(property_of(text, "DTSTART"));
    const long ends = std::max(starts, day(property_of(text, "DTEND")));
    const bool repeats = !property_of(text, "RRULE").empty();
    if (!wanted.end.empty() && starts > day(wanted.end)) return false;
    return wanted.start.empty() || repeats || ends >= day(wanted.start);
}

}  // namespace

http::Response CaldavSim::State::propfind(const http::Request& request, const http::Url& url) {
    const std::string path = http::canonical_path(url.path);
    const bool deep = header_of(request, "Depth") == "1";
    const auto dav = [&](const std::string& name, const std::string& inner = {}) {
        return element(Space::Dav, name, inner);
    };
    const auto response = [&](const std::string& href, const std::string& inner) {
        return dav("response", dav("href", href_text(href)) + inner) + "\n";
    };
    const std::string principal = dav("current-user-principal", dav("href", kPrincipalPath));
    const std::string collection = dav("resourcetype", dav("collection"));
    const bool above_homes = quirks.breaks_above_homes && path.starts_with("/dav/calendars");
    if (above_homes && request.body.find("schedule-calendar-transp") != std::string::npos) return plain(500);
    if (path == "/" || above_homes) return multistatus(response(path, propstat(200, principal + collection)));
    if (path == kPrincipalPath) {
        const std::string port = quirks.icloud_hosts ? ":443" : "";
        const std::string home = quirks.icloud_hosts ? home_origin(quirks) + port + kHomePath : kHomePath;
        const std::string owner = dav("href", "mailto:" + CaldavSim::credentials().user);
        return multistatus(response(
            path,
            propstat(
                200,
                principal + dav("resourcetype", dav("collection") + dav("principal")) +
                    element(Space::Caldav, "calendar-home-set", dav("href", home)) +
                    element(Space::Caldav, "calendar-user-address-set", owner)
            )
        ));
    }
    const std::string empty_ones =
        quirks.empty_propstats ? propstat(404, element(Space::CalendarServer, "getctag") + dav("displayname")) : "";
    const auto listed = [&](const std::string& at, SimCalendar& calendar) {
        const std::string known = collection_properties(*this, calendar, token_at(calendar, change));
        return response(at, propstat(200, known) + unknown_ones(asked_for(request), known) + empty_ones);
    };
    if (path == kHomePath) {
        std::string all = response(path, propstat(200, principal + collection));
        for (auto& [at, calendar] : calendars)
            if (deep) all += listed(at, calendar);
        if (deep && quirks.extra_collections)
            for (const char* box : {"inbox", "outbox"})
                all += response(
                    path + box + "/",
                    propstat(
                        200,
                        dav("resourcetype", dav("collection") + element(Space::Caldav, std::string("schedule-") + box))
                    )
                );
        return multistatus(all);
    }
    SimCalendar* owner = calendar(path);
    if (const SimCalendar* holder = owner ? nullptr : calendar_of(path); holder && holder->objects.contains(path))
        return propfind_object(request, path);
    if (!owner) return plain(path.starts_with("/17112341/") || !quirks.icloud_hosts ? 404 : 403);
    std::string all = listed(path, *owner);
    if (deep)
        for (const auto& [at, object] : owner->objects) all += member(at, object, false);
    if (deep && quirks.ghosts) all += member(path + "ghost.ics", SimObject{}, false);
    return multistatus(all);
}

std::string CaldavSim::State::unknown_ones(const std::vector<SimProperty>& asked, const std::string& known) const {
    std::string missing;
    for (const auto& [space, name] : asked) {
        const bool is_known = known.find(":" + name + ">") != std::string::npos ||
                              known.find(":" + name + "/") != std::string::npos ||
                              known.find("<" + name + " ") != std::string::npos;
        if (!is_known) missing += "<x:" + name + " xmlns:x=\"" + xml_text(space) + "\"/>";
    }
    return missing.empty() ? missing : propstat(404, missing);
}

http::Response CaldavSim::State::propfind_object(const http::Request& request, const std::string& path) {
    const SimObject& object = calendar_of(path)->objects.at(path);
    const std::string known = element(Space::Dav, "getetag", xml_text(etag(object))) +
                              element(Space::Dav, "getcontenttype", "text/calendar; charset=utf-8; component=vevent") +
                              element(Space::Dav, "resourcetype");
    return multistatus(
        element(
            Space::Dav,
            "response",
            element(Space::Dav, "href", href_text(path)) + propstat(200, known) +
                unknown_ones(asked_for(request), known)
        ) +
        "\n"
    );
}

http::Response CaldavSim::State::proppatch(const http::Request& request, const std::string& path) {
    if (!calendar(path) && path != kHomePath && path != kPrincipalPath) return plain(404);
    pugi::xml_document document;
    if (!document.load_buffer(request.body.data(), request.body.size())) return plain(400);
    std::string refused;
    for (const auto& change_of : document.document_element().children())
        for (const auto& prop : change_of.children())
            for (const auto& property : prop.children()) refused += element(Space::Dav, local_name(property));
    return multistatus(
        element(Space::Dav, "response", element(Space::Dav, "href", href_text(path)) + propstat(403, refused))
    );
}

http::Response CaldavSim::State::report(const http::Request& request, const http::Url& url) {
    const std::string path = http::canonical_path(url.path);
    SimCalendar* owner = calendar(path);
    if (!owner) return plain(404);
    pugi::xml_document document;
    if (!document.load_buffer(request.body.data(), request.body.size())) return plain(400);
    const pugi::xml_node root = document.document_element();
    if (local_name(root) == "sync-collection")
        return sync_collection(*owner, path, descendant(root, "sync-token").text().get());
    if (local_name(root) == "calendar-multiget") {
        std::vector<std::string> hrefs;
        for (const auto& node : root.children())
            if (local_name(node) == "href") hrefs.emplace_back(node.text().get());
        return multiget(*owner, hrefs);
    }
    if (local_name(root) == "free-busy-query" && quirks.icloud_hosts) return plain(400);
    if (local_name(root) != "calendar-query") return condition(403, Space::Dav, "supported-report");
    const auto names_event = root.find_node([](const pugi::xml_node& node) {
        return local_name(node) == "comp-filter" && std::string(node.attribute("name").value()) == "VEVENT";
    });
    if (!names_event) return condition(403, Space::Caldav, "valid-filter");
    SimQuery wanted;
    read_property_filters(root, wanted);
    if (const pugi::xml_node range = descendant(root, "time-range")) {
        wanted.start = range.attribute("start").value();
        wanted.end = range.attribute("end").value();
    }
    return query(*owner, path, wanted);
}

http::Response CaldavSim::State::unknown_token(SimCalendar& owner, const std::string& path) {
    switch (quirks.bad_token) {
        case BadToken::Element403:
            return condition(403, Space::Dav, "valid-sync-token");
        case BadToken::Element412:
            return condition(412, Space::Dav, "valid-sync-token");
        case BadToken::Bare412:
            return plain(412);
        case BadToken::Bare500:
            return plain(500);
        case BadToken::Gone410:
            return plain(410);
        case BadToken::FullListing:
            break;
    }
    return sync_collection(owner, path, "");
}

http::Response CaldavSim::State::sync_collection(
    SimCalendar& owner, const std::string& path, const std::string& token
) {
    std::int64_t from = 0;
    if (!token.empty()) {
        const auto known = reached_by(owner, token);
        if (!known) return unknown_token(owner, path);
        from = *known;
    }
    std::map<std::int64_t, std::string> log;
    for (const auto& [at, object] : owner.objects)
        if (object.changed_at > from) log[object.changed_at] = member(at, object, false);
    if (!token.empty() || quirks.removed_in_first_listing)
        for (const auto& [at, number] : owner.tombstones)
            if (number > from) log[number] = gone(at);
    const bool cut = quirks.paging != Paging::None && log.size() > quirks.page;
    if (cut && quirks.paging == Paging::WholeAnswer)
        return condition(507, Space::Dav, "number-of-matches-within-limits");
    if (quirks.ghosts && token.empty()) log[0] = member(path + "ghost.ics", SimObject{}, false);
    std::string responses;
    std::int64_t reached = change;
    std::size_t listed = 0;
    for (const auto& [number, response] : log) {
        if (cut && listed++ == quirks.page) break;
        responses += response;
        if (cut) reached = number;
    }
    if (!cut) return multistatus(itself(path) + responses, token_at(owner, reached));
    responses += element(
        Space::Dav,
        "response",
        element(Space::Dav, "href", path) + status_element(507) +
            element(Space::Dav, "error", element(Space::Dav, "number-of-matches-within-limits"))
    );
    const bool stuck = quirks.paging == Paging::Stuck;
    return multistatus(responses, token_at(owner, stuck ? from : reached));
}

http::Response CaldavSim::State::multiget(const SimCalendar& owner, const std::vector<std::string>& hrefs) const {
    if (quirks.multiget_limit != 0 && hrefs.size() > quirks.multiget_limit)
        return condition(403, Space::Dav, "number-of-matches-within-limits");
    const auto broken = [&](const std::string& href) { return cannot_give(http::canonical_path(href)); };
    if (std::any_of(hrefs.begin(), hrefs.end(), broken)) return plain(500);
    std::string responses;
    for (const auto& href : hrefs) {
        const std::string path = http::canonical_path(href);
        const auto found = owner.objects.find(path);
        if (found == owner.objects.end()) {
            if (!quirks.multiget_omits_missing) responses += gone(path);
            continue;
        }
        if (quirks.multiget_doubles) responses += member(path, found->second, false);
        responses += member(path, found->second, true);
    }
    if (quirks.multiget_adds_foreign) {
        SimObject stranger;
        stranger.text = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
        responses += member("/17112341/calendars/nobody-asked/x.ics", stranger, true);
    }
    return multistatus(responses);
}

http::Response CaldavSim::State::query(const SimCalendar& owner, const std::string& path, const SimQuery& wanted)
    const {
    if (quirks.search_fails && wanted.uid) return plain(500);
    if (std::any_of(owner.objects.begin(), owner.objects.end(), [&](const auto& one) {
            return cannot_give(one.first);
        }))
        return plain(500);
    if (quirks.query_refused) return condition(403, Space::Caldav, "supported-filter");
    std::string responses = wanted.uid ? std::string() : itself(path);  // A collection has no UID to match.
    for (const auto& [at, object] : owner.objects) {
        // text-match finds substrings (RFC 4791 9.7.5).
        const bool named = !wanted.uid || object.uid.find(*wanted.uid) != std::string::npos;
        const bool matches = quirks.query_ignores_filter ||
                             (named && may_touch(object.text, wanted) && has_properties(object.text, wanted));
        const bool broken_search = wanted.uid && quirks.query_finds_nothing;
        if (matches && !broken_search) responses += member(at, object, true);
    }
    return multistatus(responses);
}

}  // namespace calgate::testing
