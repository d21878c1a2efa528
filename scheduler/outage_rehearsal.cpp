#include "scheduler/outage_rehearsal.hpp"

#include <algorithm>
#include <deque>
#include <map>

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

/// Somebody whose appointments the account gets.
struct DrilledPerson {
    StaffId id{};
    std::string zone{};
    LocalSeconds next_slot{};
    bool held_elsewhere = false;  ///< Another account gets them as well.
    bool has_time = true;
};

/// A copy of the store, and an engine that knows one account at work.
class Scene final : public ConnectorFactory {
public:
    Scene(const EngineParts& parts, const Connector& living, const Calendar& asked)
        : parts_(parts),
          account_(asked.account),
          clock(parts.clock),
          store(parts.store.scratch_copy()),
          service(*store, living, parts.zones, clock, parts.random),
          engine({*store, index, *this, parts.zones, clock, parts.random, parts.keys, [](const std::string&) {}}, {}) {
        store->write([&](Writer& writer) {
            for (Account& account : writer.accounts()) {
                if (account.id == account_) continue;
                account.state = AccountState::NeedsAttention;
                account.detail = "Not part of this drill.";
                writer.put(account);
            }
            targets_ = targets_of_account(writer, asked.id);
            for (const Calendar& target : targets_) add_person(writer, target.staff);
        });
        engine.load();
    }

    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        if (account.id != account_) return Error{ErrorCode::Unavailable, "Not part of this drill.", {}};
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
    /// One after the other gets a booking. @return false where nobody's time was to be had.
    bool book() {
        for (std::size_t tried = 0; tried < persons_.size(); ++tried)
            if (book(persons_[next_person_++ % persons_.size()])) return true;
        return false;
    }
    bool cancel_one() {
        if (cancelled_ >= booked_.size()) return book();
        const Booked& earliest = booked_[cancelled_++];
        const auto result = write(*store, [&](Writer& writer) {
            return cancel_appointment(writer, earliest.id, {}, parts_.zones, clock.now(), "drill", "calgate drill");
        });
        changed(earliest, result.appointment);
        engine.wake(result.targets);
        return result.outcome == BookingOutcome::Changed;
    }
    std::int64_t waiting() const {
        std::int64_t all = 0;
        store->read([&](const Reader& reader) {
            for (const Calendar& target : targets_) all += reader.count_open_mirrors(target.id);
        });
        return all;
    }
    /// Of the calendar that was read longest ago.
    seconds age() const {
        seconds oldest{0};
        for (const CalendarHealth& health : engine.health())
            if (is_target(health.calendar) && health.as_of) oldest = std::max(oldest, clock.now() - *health.as_of);
        return oldest;
    }
    /// How long the change that no calendar holds has waited.
    seconds exposed_for() {
        store->read([&](const Reader& reader) {
            while (!unheld_.empty() && is_held(reader, unheld_.front())) unheld_.pop_front();
        });
        return unheld_.empty() ? seconds{0} : clock.now() - unheld_.front().at;
    }
    bool live() const {
        const auto all = engine.health();
        return std::all_of(all.begin(), all.end(), [&](const CalendarHealth& health) {
            return !is_target(health.calendar) || health.live;
        });
    }
    std::int64_t unanswered() const {
        return std::count_if(persons_.begin(), persons_.end(), [&](const DrilledPerson& person) {
            return !index.person(person.id);
        });
    }
    std::size_t persons() const { return persons_.size(); }
    std::size_t targets() const { return targets_.size(); }
    std::string trouble() const {
        const auto stands = read(*store, [](const Reader& r) { return standstill(r); });
        if (stands) return stands->why;
        for (const CalendarHealth& health : engine.health())
            if (is_target(health.calendar) && !health.trouble.empty()) return health.trouble;
        return "calgate status says what it waits for.";
    }
    void compare(RehearsedOutage& out) const {
        for (const Calendar& target : targets_) {
            const auto copies = service.copies(target.href, parts_.keys);
            store->read([&](const Reader& reader) {
                for (const Booked& booked : booked_)
                    if (booked.person->id == target.staff) compare(reader, target, booked, copies, out);
            });
        }
    }

private:
    struct Booked {
        AppointmentId id{};
        const DrilledPerson* person = nullptr;
    };
    struct MadeChange {
        AppointmentId id{};
        std::int64_t revision = 0;
        Instant at{};
    };

    /// The one asked for, and the others of its account that are written to.
    static std::vector<Calendar> targets_of_account(const Reader& reader, const CalendarId& asked) {
        std::vector<Calendar> out;
        const auto row = reader.calendar(asked);
        for (const Calendar& other : reader.calendars()) {
            const bool works = other.mirror && other.state == CalendarState::Active;
            if (row && other.account == row->account && (other.id == asked || works)) out.push_back(other);
        }
        return out;
    }
    void add_person(const Reader& reader, const StaffId& id) {
        const auto known = [&](const DrilledPerson& person) { return person.id == id; };
        if (std::any_of(persons_.begin(), persons_.end(), known)) return;
        const auto row = reader.staff(id);
        DrilledPerson person{.id = id, .zone = row && parts_.zones.knows(row->zone) ? row->zone : "UTC"};
        person.next_slot =
            std::chrono::floor<std::chrono::days>(parts_.zones.to_local(clock.now() + kBookedAhead, person.zone));
        for (const Calendar& other : reader.calendars_of(id))
            person.held_elsewhere = person.held_elsewhere || (other.mirror && other.account != account_);
        persons_.push_back(std::move(person));
    }
    bool book(DrilledPerson& person) {
        for (int slot = 0; person.has_time && slot < kMostSlots; ++slot) {
            Appointment wanted;
            wanted.id.value = "calgate-drill-" + std::to_string(booked_.size());
            wanted.staff = person.id;
            wanted.start = std::exchange(person.next_slot, person.next_slot + std::chrono::minutes{30});
            wanted.end = wanted.start + std::chrono::minutes{30};
            wanted.zone = person.zone;
            wanted.title = "calgate drill";
            const auto result = write(*store, [&](Writer& writer) {
                return place_appointment(writer, wanted, {}, parts_.zones, clock.now(), "drill", "");
            });
            if (result.outcome != BookingOutcome::Created) continue;
            booked_.push_back({wanted.id, &person});
            changed(booked_.back(), result.appointment);
            engine.wake(result.targets);
            return true;
        }
        person.has_time = false;
        return false;
    }
    void changed(const Booked& booked, const std::optional<Appointment>& now) {
        if (now && !booked.person->held_elsewhere) unheld_.push_back({booked.id, now->revision, clock.now()});
    }
    bool is_held(const Reader& reader, const MadeChange& change) const {
        return std::any_of(targets_.begin(), targets_.end(), [&](const Calendar& target) {
            const auto mirror = reader.mirror(change.id, target.id);
            return mirror && (!mirror->open() || mirror->confirmed >= change.revision);
        });
    }
    bool is_target(const CalendarId& id) const {
        return std::any_of(targets_.begin(), targets_.end(), [&](const Calendar& target) { return target.id == id; });
    }
    void compare(
        const Reader& reader,
        const Calendar& target,
        const Booked& booked,
        const std::map<AppointmentId, std::vector<Event>>& copies,
        RehearsedOutage& out
    ) const {
        const auto held = reader.appointment(booked.id);
        const auto found = copies.find(booked.id);
        const std::size_t count = found == copies.end() ? 0 : found->second.size();
        const bool wanted = held && held->state != AppointmentState::Cancelled;
        if (wanted && count == 0) ++out.lost;
        if (count > (wanted ? 1u : 0u)) ++out.doubled;
        if (!wanted || count != 1) return;
        const auto mirror = reader.mirror(booked.id, target.id);
        const Instant start = parts_.zones.to_instant(found->second.front().master.start, booked.person->zone);
        const bool same =
            mirror && mirror->confirmed == held->revision && parts_.zones.to_instant(held->start, held->zone) == start;
        ++(same ? out.same : out.different);
    }

    const EngineParts& parts_;
    const AccountId account_;
    std::vector<Calendar> targets_{};
    std::deque<DrilledPerson> persons_{};  ///< Each stays where it is.
    std::size_t next_person_ = 0;
    std::vector<Booked> booked_{};
    std::size_t cancelled_ = 0;
    std::deque<MadeChange> unheld_{};  ///< By no calendar, the earliest first; later ones may be held.

public:
    SimulatedClock clock;
    std::unique_ptr<Store> store;
    AvailabilityIndex index{};
    KnownService service;
    Engine engine;
};

/// Second after second once the service is back, longer steps before.
class Story {
public:
    Story(Scene& scene, const OutageToRehearse& plan)
        : scene_(scene), plan_(plan), sample_every_(std::max(seconds{60}, plan.length / kMostSamples)) {}

    RehearsedOutage tell() {
        out_.targets = static_cast<int>(scene_.targets());
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
        const seconds age = scene_.age();
        out_.answers += static_cast<std::int64_t>(scene_.persons());
        out_.unanswered += scene_.unanswered();
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
    std::optional<Calendar> row;
    std::optional<Account> account;
    parts.store.read([&](const Reader& reader) {
        row = reader.calendar(calendar);
        if (row) account = reader.account(row->account);
    });
    if (!account) return Error{ErrorCode::NotFound, "No such calendar is connected. Connect it first.", {}};
    CALGATE_TRY(const std::unique_ptr<Connector> living, parts.connectors.open(*account));
    Scene scene(parts, *living, *row);
    return Story(scene, plan).tell();
}

}  // namespace calgate
