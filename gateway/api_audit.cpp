#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "scheduler/audit_anchor.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kMarkerRead{60};

/// What the marker of a target has seen of the audit, read from the service now.
Json anchor_of(const ApiParts& parts, const Calendar& calendar) {
    Json anchor = {{"calendar", calendar.id.value}, {"calendar_name", calendar.name}, {"sequence", 0}, {"why", ""}};
    std::optional<Error> refused;
    std::optional<Manifest> marker;
    const auto busy = parts.engine.with_connector(calendar.id, [&](Connector& connector) {
        const auto event = connector.fetch_event({parts.clock.steady() + kMarkerRead, {}}, *calendar.marker);
        if (!event) {
            refused = event.error();
            return;
        }
        auto opened = open_manifest(event->event.capsule, parts.keys.recovery_key);
        if (opened)
            marker = std::move(*opened);
        else
            refused = opened.error();
    });
    if (busy) refused = busy;
    anchor["read"] = marker.has_value();
    anchor["holds"] = false;
    if (!marker) {
        anchor["why"] = refused ? refused->detail : "The marker could not be read.";
        return anchor;
    }
    const auto trouble = read(parts.store, [&](const Reader& r) { return anchor_trouble(r, *marker); });
    anchor["sequence"] = marker->audit.sequence;
    anchor["holds"] = !trouble;
    anchor["why"] = trouble.value_or("");
    return anchor;
}

}  // namespace

HttpResponse Api::verify_audit(const HttpRequest&, const PathValues&) {
    AuditCheck check;
    std::vector<Calendar> targets;
    parts_.store.read([&](const Reader& reader) {
        check = reader.check_audit();
        for (Calendar& calendar : reader.calendars())
            if (calendar.mirror && calendar.marker) targets.push_back(std::move(calendar));
    });
    Json anchors = Json::array();
    for (const Calendar& target : targets) anchors.push_back(anchor_of(parts_, target));
    return answer(
        200,
        Json{
            {"entries", check.head.sequence},
            {"head", check.head.link},
            {"erased", check.erased},
            {"findings", check.findings},
            {"anchors", anchors}}
    );
}

}  // namespace calgate
