#pragma once

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "connectors/google/google_wire.hpp"

namespace calgate::google {

inline const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

inline const ReadContext& context() {
    static const ReadContext made{zones(), "Europe/Berlin"};
    return made;
}

inline std::string fixture(const std::string& name) {
    std::ifstream file(std::string(CALGATE_SOURCE_DIR) + "/fixtures/google/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

inline Event read(const std::string& source) {
    const auto whole = read_whole(source);
    BOOST_REQUIRE_MESSAGE(whole, source);
    const auto event = read_event(*whole, context());
    BOOST_REQUIRE_MESSAGE(event, (event ? std::string() : event.error().detail));
    return *event;
}

/// An event resource with these members beside id and times of an hour.
inline std::string resource(const std::string& members) {
    return R"({"id":"abcde","etag":"\"1\"","iCalUID":"abcde@google.com","start":{"dateTime":"2026-06-10T09:00:00+02:00",)"
           R"("timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-06-10T10:00:00+02:00","timeZone":"Europe/Berlin"})" +
           (members.empty() ? "" : "," + members) + "}";
}

inline Event changed(Event event, const std::string& title) {
    event.master.title = title;
    return event;
}

inline std::vector<Patch> planned(const std::string& source, const Event& wanted) {
    const auto plan = patches(*read_whole(source), wanted, context());
    BOOST_REQUIRE_MESSAGE(plan, (plan ? std::string() : plan.error().detail));
    return *plan;
}

}  // namespace calgate::google
