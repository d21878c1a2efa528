#include "scheduler/preview.hpp"

#include <map>

#include "scheduler/conflicts.hpp"
#include "scheduler/noting_connector.hpp"

namespace calgate {
namespace {

class NotingFactory final : public ConnectorFactory {
public:
    explicit NotingFactory(Connector& living) : living_(living) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(std::make_unique<NotingConnector>(living_, noted));
    }
    NotingConnector::Noted noted{};

private:
    Connector& living_;
};

/// @return whether the calendar waits for a person.
bool approve(Store& store, const CalendarId& id) {
    bool waits = false;
    store.write([&](Writer& writer) {
        const auto calendar = writer.calendar(id);
        waits = calendar && calendar->state == CalendarState::Waiting;
        if (waits) answer_brake(writer, id, Resolution::Theirs);
    });
    return waits;
}

}  // namespace

Preview preview_run(const EngineParts& parts, const Policies& policies, Connector& living, const CalendarId& id) {
    const std::unique_ptr<Store> scratch = parts.store.scratch_copy();
    std::map<std::string, AppointmentId> places;
    std::int64_t known = 0;
    scratch->read([&](const Reader& reader) {
        known = reader.last_change();
        for (const Mirror& mirror : reader.mirrors_on(id))
            if (mirror.href) places[mirror.href->value] = mirror.appointment;
    });
    AvailabilityIndex index;
    NotingFactory factory(living);
    Preview out;
    out.waits = approve(*scratch, id);
    Engine::Settings settings;
    settings.policies = policies;
    {
        Engine engine(
            {*scratch, index, factory, parts.zones, parts.clock, parts.random, parts.keys, [](const std::string&) {}},
            settings
        );
        engine.load();
        out.report = engine.run_pass(id);
    }
    scratch->read([&](const Reader& reader) {
        out.decisions = reader.changes(known, static_cast<std::size_t>(reader.last_change() - known));
        for (const auto& [kind, name] : factory.noted) {
            PlannedWrite planned{kind, std::nullopt};
            if (kind == PlannedWrite::Kind::Delete) {
                if (const auto at = places.find(name); at != places.end()) planned.appointment = at->second;
            } else if (const auto mirror = reader.mirror_by_uid(id, {name})) {
                planned.appointment = mirror->appointment;
            }
            out.writes.push_back(std::move(planned));
        }
    });
    return out;
}

}  // namespace calgate
