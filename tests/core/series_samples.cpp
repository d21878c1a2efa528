#include "tests/core/series_samples.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

When when(const std::string& text) {
    const auto zone = text.find('@');
    const std::string t = text.substr(0, zone);
    std::string dashed = t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2);
    if (t.size() > 8) dashed += "T" + t.substr(9, 2) + ":" + t.substr(11, 2) + ":" + t.substr(13, 2);
    const auto local = parse_local(dashed);
    BOOST_REQUIRE_MESSAGE(local, text);
    if (t.size() == 8) return {When::Kind::Date, *local, {}};
    if (t.back() == 'Z') return {When::Kind::Utc, *local, {}};
    if (zone == std::string::npos) return {When::Kind::Floating, *local, {}};
    return {When::Kind::Zoned, *local, text.substr(zone + 1)};
}

Instant instant(const std::string& text) { return zones().to_instant(when(text), "UTC"); }

Event series(const std::string& start, std::vector<std::string> rules, std::chrono::seconds length) {
    Event event;
    event.uid = Uid{"series"};
    event.master.start = when(start);
    event.master.end = event.master.start;
    event.master.end.local += length;
    event.master.rules = std::move(rules);
    return event;
}

std::vector<std::string> starts(const Expansion& expansion) {
    std::vector<std::string> out;
    for (const Occurrence& o : expansion.occurrences) out.push_back(format_instant(o.start));
    return out;
}

Expansion expanded(const Event& event, const std::string& from, const std::string& to, const std::string& zone) {
    return expand(event, {instant(from), instant(to)}, zones(), zone, ManualClock{});
}

std::string text_of(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& one : list) out += (out.empty() ? "" : " ") + one;
    return out;
}

}  // namespace calgate::testing
