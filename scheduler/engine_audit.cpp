#include <algorithm>

#include "scheduler/engine_impl.hpp"
#include "scheduler/verify.hpp"

/// What is looked at now and then although nothing says that it changed.
namespace calgate {
namespace {

constexpr std::chrono::minutes kFactsEvery{10};
/// A gateway that just started has more urgent calls to make.
constexpr std::chrono::minutes kSettling{10};

/// Two clocks that are read one after the other may differ by their grain.
constexpr std::chrono::seconds kClockGrain{2};

/// So that the next pull lists everything and reads these copies anew, whatever version they claim to be (F13).
void doubt(Writer& writer, const VerifyReport& report) {
    auto calendar = writer.calendar(report.calendar);
    if (!calendar) return;
    calendar->full_listing.reset();
    writer.put(*calendar);
    for (const CopyFinding& finding : report.findings) {
        auto mirror = writer.mirror(finding.appointment, report.calendar);
        if (!mirror || mirror->open()) continue;
        mirror->forget_texts();
        mirror->version.reset();  // Nothing is written over it unread.
        writer.put(*mirror);
    }
}

}  // namespace

VerifyReport Engine::verify(const CalendarId& calendar, std::stop_token stop) {
    VerifyReport report;
    report.calendar = calendar;
    const auto trouble = impl_->with_desk(calendar, [&](Connector& connector, Desk& desk) {
        const EitherStop ends(stop, impl_->leaving(desk));
        report = verify_target(impl_->parts, impl_->settings, connector, calendar, ends.token());
    });
    if (trouble) report.error = trouble;
    impl_->keep_verified(report);
    return report;
}

SteadyInstant::duration Engine::Impl::ahead() const {
    return parts.clock.now().time_since_epoch() - parts.clock.steady().time_since_epoch();
}

std::chrono::seconds Engine::Impl::jumped(const CalendarId& id) {
    const auto now_ahead = ahead();
    const std::lock_guard lock(mutex);
    auto& last_one = last_ahead.try_emplace(id, began_ahead).first->second;
    const auto by = std::chrono::duration_cast<std::chrono::seconds>(now_ahead - last_one);
    last_one = now_ahead;
    return by > kClockGrain ? by : std::chrono::seconds{0};
}

bool Engine::Impl::facts_due(const CalendarId& id) {
    const auto now = parts.clock.steady();
    const std::lock_guard lock(mutex);
    const auto [at, first] = facts_read.try_emplace(id, now);
    if (!first && now - at->second < kFactsEvery) return false;
    at->second = now;
    return true;
}

bool Engine::Impl::audit_due(const CalendarId& id) const {
    if (settings.verify_every.count() == 0 || parts.clock.steady() - started < kSettling) return false;
    const Instant now = parts.clock.now();
    return read(parts.store, [&](const Reader& reader) {
        const auto calendar = reader.calendar(id);
        if (!calendar || !calendar->mirror || calendar->state != CalendarState::Active) return false;
        if (reader.count_open_mirrors(id) > 0) return false;
        const auto verified = last_verified(reader, id);
        return !verified || verified->at > now || now - verified->at >= settings.verify_every;
    });
}

void Engine::Impl::audit(Connector& connector, const CalendarId& id, const std::stop_token& stop) {
    const VerifyReport report = verify_target(parts, settings, connector, id, stop);
    keep_verified(report);
    if (parts.log && !report.error)
        parts.log(
            "job=verify calendar=" + id.value + " same=" + std::to_string(report.same) +
            " findings=" + std::to_string(report.findings.size()) + " foreign=" + std::to_string(report.foreign)
        );
    if (report.error || report.findings.empty()) return;
    parts.store.write([&](Writer& writer) {
        doubt(writer, report);
        const std::string why = std::to_string(report.findings.size()) +
                                " copies are not what they should be; `calgate verify` names them. They are read anew.";
        writer.append({0, parts.clock.now(), "verify.found", id.value, "gateway", why, 0});
    });
    const std::lock_guard lock(mutex);
    scheduler.poll(id, parts.clock.steady());
}

void Engine::Impl::keep_verified(const VerifyReport& report) {
    if (report.error) return;
    try {
        parts.store.write([&](Writer& writer) { note_verified(writer, report, parts.clock.now()); });
    } catch (const StoreFailure& failure) {
        if (parts.log) parts.log(std::string("job=verify error=store detail=\"") + failure.what() + "\"");
    }
}

}  // namespace calgate
