#include "scheduler/outage_rehearsal.hpp"

#include <algorithm>

#include "core/carrier.hpp"
#include "scheduler/known_service.hpp"
#include "scheduler/lineage.hpp"
#include "store/booking.hpp"

namespace calgate {
namespace {

using std::chrono::seconds;

constexpr seconds kRestBefore{900};
constexpr seconds kStepWhileAway{10}, kStepAfter{1};
constexpr std::chrono::days kBookedAhead{400};
constexpr int kMostSlots = 200 * 48;
constexpr int kMostSamples = 1000;
constexpr int kMostJobsAtOnce = 1000;

/// Stands still unless time is let pass.
class SimulatedClock final : public Clock {
public:
    explicit SimulatedClock(const Clock& real) : now_(real.now()), steady_(real.steady()) {}
    Instant now() const override { return now_ + passed_; }
    SteadyInstant steady() const override { return steady_ + passed_; }
    void pass(seconds time) { passed_ += time; }

private:
    Instant now_;
    SteadyInstant steady_;
    seconds passed_{0};
};

/// A copy of the store, and an engine that knows one account at work.
class Scene final : public ConnectorFactory {
public:
    Scene(const EngineParts& parts, const Connector& living, const CalendarId& id)
        : parts_(parts),
          clock(parts.clock),
          store(parts.store.scratch_copy()),
          row(read(*store, [&](const Reader& r) { return r.calendar(id).value_or(Calendar{}); })),
          service(*store, living, parts.zones, clock, parts.random),
          engine({*store, index, *this, parts.zones, clock, parts.random, parts.keys, [](const std::string&) {}}, {}) {
        store->write([&](Writer& writer) {
            for (Account& account : writer.accounts()) {
                if (account.id == row.account) continue;
                account.state = AccountState::NeedsAttention;
                account.detail = "Not part of this drill.";
                writer.put(account);
            }
            const auto person = writer.staff(row.staff);
            zone = person && parts.zones.knows(person->zone) ? person->zone : "UTC";
            for (const Calendar& other : writer.calendars_of(row.staff))
                held_elsewhere = held_elsewhere || (other.mirror && other.account != row.account);
        });
        next_slot_ = std::chrono::floor<std::chrono::days>(parts.zones.to_local(clock.now() + kBookedAhead, zone));
        engine.load();
    }

    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        if (account.id != row.account) return Error{ErrorCode::Unavailable, "Not part of this drill.", {}};
        return reading_notes(std::make_unique<KnownConnector>(service));
    }

    /// The engine does what is due. @return how long until more may be.
    seconds work() {
        for (int jobs = 0; jobs < kMostJobsAtOnce; ++jobs) {
            const auto wait = engine.run_due();
            if (wait.count() > 0) return std::max(seconds{1}, std::chrono::ceil<seconds>(wait));
        }
        return seconds{1};
    }
    /// @return false where the person's time was not to be had.
    bool book() {
        for (int slot = 0; slot < kMostSlots; ++slot) {
            Appointment wanted;
            wanted.id.value = "calgate-drill-" + std::to_string(booked_.size());
            wanted.staff = row.staff;
            wanted.start = std::exchange(next_slot_, next_slot_ + std::chrono::minutes{30});
            wanted.end = wanted.start + std::chrono::minutes{30};
            wanted.zone = zone;
            wanted.title = "calgate drill";
            const auto result = write(*store, [&](Writer& writer) {
                return place_appointment(writer, wanted, {}, parts_.zones, clock.now(), "drill", "");
            });
            if (result.outcome != BookingOutcome::Created) continue;
            booked_.push_back(wanted.id);
            engine.wake(result.targets);
            return true;
        }
        return false;
    }
    bool cancel_one() {
        if (cancelled_ >= booked_.size()) return book();
        const auto result = write(*store, [&](Writer& writer) {
            return cancel_appointment(
                writer, booked_[cancelled_], {}, parts_.zones, clock.now(), "drill", "calgate drill"
            );
        });
        ++cancelled_;
        engine.wake(result.targets);
        return result.outcome == BookingOutcome::Changed;
    }
    std::int64_t waiting() const {
        return read(*store, [&](const Reader& r) { return r.count_open_mirrors(row.id); });
    }
    std::optional<seconds> age() const {
        for (const CalendarHealth& health : engine.health())
            if (health.calendar == row.id && health.as_of) return clock.now() - *health.as_of;
        return std::nullopt;
    }
    seconds exposed_for() const {
        if (held_elsewhere) return seconds{0};
        const Exposure exposed = read(*store, [](const Reader& r) { return r.exposure(); });
        return exposed.oldest ? std::max(seconds{0}, clock.now() - *exposed.oldest) : seconds{0};
    }
    bool live() const {
        for (const CalendarHealth& health : engine.health())
            if (health.calendar == row.id) return health.live;
        return false;
    }
    std::string trouble() const {
        const auto stands = read(*store, [](const Reader& r) { return standstill(r); });
        if (stands) return stands->why;
        for (const CalendarHealth& health : engine.health())
            if (health.calendar == row.id && !health.trouble.empty()) return health.trouble;
        return "calgate status says what it waits for.";
    }
    void compare(RehearsedOutage& out) const {
        const auto copies = service.copies(parts_.keys);
        store->read([&](const Reader& reader) {
            for (const AppointmentId& id : booked_) {
                const auto held = reader.appointment(id);
                const auto found = copies.find(id);
                const std::size_t count = found == copies.end() ? 0 : found->second.size();
                const bool wanted = held && held->state != AppointmentState::Cancelled;
                if (wanted && count == 0) ++out.lost;
                if (count > (wanted ? 1u : 0u)) ++out.doubled;
                if (!wanted || count != 1) continue;
                const auto mirror = reader.mirror(id, row.id);
                const bool same = mirror && mirror->confirmed == held->revision &&
                                  parts_.zones.to_instant(held->start, held->zone) == start_of(found->second.front());
                ++(same ? out.same : out.different);
            }
        });
    }

private:
    Instant start_of(const Event& event) const { return parts_.zones.to_instant(event.master.start, zone); }

    const EngineParts& parts_;
    std::vector<AppointmentId> booked_{};
    std::size_t cancelled_ = 0;
    LocalSeconds next_slot_{};

public:
    SimulatedClock clock;
    std::unique_ptr<Store> store;
    AvailabilityIndex index{};
    Calendar row;
    std::string zone{};
    bool held_elsewhere = false;  ///< Another account gets the person's appointments as well.
    KnownService service;
    Engine engine;
};

/// Second after second once the service is back, longer steps before.
class Story {
public:
    Story(Scene& scene, const OutageToRehearse& plan)
        : scene_(scene), plan_(plan), sample_every_(std::max(seconds{60}, plan.length / kMostSamples)) {}

    RehearsedOutage tell() {
        if (!come_to_rest()) {
            out_.trouble = "The account was not at rest before the drill began: " + scene_.trouble();
            return out_;
        }
        scene_.service.percent = plan_.percent;
        const auto calls = scene_.service.calls;
        while (at_ < plan_.length) {
            change();
            look();
            step(std::min(plan_.length, next_change()), kStepWhileAway);
        }
        out_.calls = scene_.service.calls - calls;
        scene_.service.percent = 0;
        catch_up();
        scene_.compare(out_);
        return out_;
    }

private:
    bool come_to_rest() {
        for (seconds gone{0}; gone < kRestBefore; gone += seconds{1}) {
            scene_.work();
            if (scene_.live() && scene_.waiting() == 0) return true;
            scene_.clock.pass(seconds{1});
        }
        return false;
    }
    seconds next_change() const {
        return plan_.changes == 0 ? plan_.length : plan_.length * (out_.changes + 1) / (plan_.changes + 1);
    }
    void change() {
        while (out_.changes < plan_.changes && next_change() <= at_) {
            const bool good = out_.changes % 5 == 4 ? scene_.cancel_one() : scene_.book();
            out_.refused += good ? 0 : 1;
            ++out_.changes;
        }
    }
    /// Works, then lets time pass until something may be due, `end` at the latest.
    void step(seconds end, seconds least) {
        const seconds free = std::min(std::max(least, scene_.work()), std::min(end, next_sample_) - at_);
        const seconds time = std::max(seconds{1}, free);
        scene_.clock.pass(time);
        at_ += time;
    }
    void look() {
        if (at_ < next_sample_) return;
        next_sample_ = at_ + sample_every_;
        const std::int64_t waiting = scene_.waiting();
        const seconds age = scene_.age().value_or(seconds{0});
        ++out_.answers;
        out_.unanswered += scene_.index.person(scene_.row.staff) ? 0 : 1;
        out_.samples.push_back({at_, waiting, age});
        out_.most_waiting = std::max(out_.most_waiting, waiting);
        out_.oldest_answer = std::max(out_.oldest_answer, age);
        out_.rpo = std::max(out_.rpo, scene_.exposed_for());
    }
    void catch_up() {
        look_now();
        const seconds ended = at_;
        const auto writes = scene_.service.writes;
        while (at_ - ended < kPatienceAfterOutage) {
            step(at_ + kStepAfter, kStepAfter);
            const seconds gone = at_ - ended;
            if (out_.first_write.count() < 0 && scene_.service.writes > writes) out_.first_write = gone;
            const bool done = scene_.waiting() == 0 && scene_.live();
            if (done) out_.caught_up = gone;
            if (done) break;
            if (gone.count() % 5 == 0 && out_.samples.size() < kMostSamples + 500) look_now();
        }
        look_now();
    }
    void look_now() {
        next_sample_ = at_;
        look();
    }

    Scene& scene_;
    const OutageToRehearse& plan_;
    const seconds sample_every_;
    seconds at_{0}, next_sample_{0};
    RehearsedOutage out_{};
};

}  // namespace

Result<RehearsedOutage> rehearse_outage(
    const EngineParts& parts, const CalendarId& calendar, const OutageToRehearse& plan
) {
    const auto account = read(parts.store, [&](const Reader& reader) {
        const auto row = reader.calendar(calendar);
        return row ? reader.account(row->account) : std::nullopt;
    });
    if (!account) return Error{ErrorCode::NotFound, "No such calendar is connected. Connect it first.", {}};
    CALGATE_TRY(const std::unique_ptr<Connector> living, parts.connectors.open(*account));
    Scene scene(parts, *living, calendar);
    return Story(scene, plan).tell();
}

}  // namespace calgate
