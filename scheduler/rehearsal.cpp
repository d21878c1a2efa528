#include "scheduler/rehearsal.hpp"

#include <algorithm>

#include "core/time.hpp"
#include "scheduler/noting_connector.hpp"
#include "store/booking.hpp"

namespace calgate {
namespace {

constexpr std::chrono::seconds kBetweenTries{61};
constexpr int kMostTries = 5;
constexpr std::chrono::days kBookedAhead{180}, kMostAhead{200};
constexpr std::size_t kAll = 1'000'000;

/// Runs with the real one, and is set as the drill wants.
class DrillClock final : public Clock {
public:
    explicit DrillClock(const Clock& real) : real_(real) {}
    Instant now() const override { return real_.now() + passed_ + jumped_; }
    SteadyInstant steady() const override { return real_.steady() + passed_; }
    void pass(std::chrono::seconds time) { passed_ += time; }
    /// The wall clock is set; no time passes.
    void jump(std::chrono::seconds by) { jumped_ += by; }

private:
    const Clock& real_;
    std::chrono::seconds passed_{0}, jumped_{0};
};

/// An account whose calls are refused while its sign-in is taken back; its writes are only noted.
class DrillService final : public ConnectorFactory {
public:
    DrillService(Connector& living, AccountId account) : living_(living), account_(std::move(account)) {}

    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        if (account.id != account_) return Error{ErrorCode::Unavailable, "Not part of this drill.", {}};
        return std::unique_ptr<Connector>(std::make_unique<Door>(*this));
    }

    bool revoked = false;
    int calls = 0;
    NotingConnector::Noted noted{};

private:
    class Door final : public ForwardingConnector {
    public:
        explicit Door(DrillService& service)
            : ForwardingConnector(static_cast<Connector&>(service.noting_)), service_(service) {}

        Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
            if (shut()) return kRefused;
            return inner_.list_calendars(context);
        }
        Result<ChangeSet> fetch_changes(
            const Context& context,
            const Href& calendar,
            const std::optional<SyncToken>& since,
            const KnownVersion& known
        ) override {
            if (shut()) return kRefused;
            return inner_.fetch_changes(context, calendar, since, known);
        }
        Result<RemoteEvent> fetch_event(const Context& context, const Href& event) override {
            if (shut()) return kRefused;
            return inner_.fetch_event(context, event);
        }
        Result<RemoteEvent> find_event(const Context& context, const Href& calendar, const Uid& uid) override {
            if (shut()) return kRefused;
            return inner_.find_event(context, calendar, uid);
        }
        Result<WriteReceipt> create_event(const Context& context, const Href& calendar, const Event& event) override {
            if (shut()) return kRefused;
            return inner_.create_event(context, calendar, event);
        }
        Result<WriteReceipt> update_event(
            const Context& context, const Href& href, const Version& if_match, const Event& event
        ) override {
            if (shut()) return kRefused;
            return inner_.update_event(context, href, if_match, event);
        }
        Status delete_event(const Context& context, const Href& event, const Version& if_match) override {
            if (shut()) return kRefused;
            return inner_.delete_event(context, event, if_match);
        }

    private:
        bool shut() {
            ++service_.calls;
            return service_.revoked;
        }
        inline static const Error kRefused{ErrorCode::Unauthorized, "A drill has taken the sign-in back.", {}};
        DrillService& service_;
    };

    Connector& living_;
    AccountId account_;
    NotingConnector noting_{living_, noted};
};

/// A copy of the store with an engine of its own over one calendar.
class Scratch {
public:
    Scratch(const EngineParts& parts, Connector& living, const CalendarId& id)
        : zones(parts.zones),
          clock(parts.clock),
          store(parts.store.scratch_copy()),
          calendar(id),
          row(read(*store, [&](const Reader& r) { return r.calendar(id).value_or(Calendar{}); })),
          service(living, row.account),
          engine({*store, index, service, zones, clock, parts.random, parts.keys, [](const std::string&) {}}, {}) {
        engine.load();
    }

    PassReport pass() { return engine.run_pass(calendar); }
    Account account() const {
        return read(*store, [&](const Reader& r) { return r.account(row.account).value_or(Account{}); });
    }
    std::int64_t last_change() const {
        return read(*store, [](const Reader& r) { return r.last_change(); });
    }
    /// Entries of the change feed after `since` whose kind begins with one of these.
    int entries(std::int64_t since, std::initializer_list<const char*> kinds) const {
        return read(*store, [&](const Reader& r) {
            int count = 0;
            for (const Change& change : r.changes(since, kAll))
                for (const char* kind : kinds) count += change.kind.starts_with(kind) ? 1 : 0;
            return count;
        });
    }
    std::vector<Appointment> appointments() const {
        return read(*store, [](const Reader& r) { return r.appointments({}, kAll); });
    }
    std::vector<BusyInterval> busy(Interval window) const {
        const auto person = index.person(row.staff);
        return person ? busy_within(*person, window) : std::vector<BusyInterval>{};
    }
    /// Half an hour in half a year, on the first day that is free then.
    std::optional<Appointment> book(const std::string& id) {
        const std::string zone =
            read(*store, [&](const Reader& r) { return r.staff(row.staff).value_or(Staff{}).zone; });
        if (!zones.knows(zone)) return std::nullopt;
        for (auto ahead = kBookedAhead; ahead < kMostAhead; ahead += std::chrono::days{1}) {
            Appointment wanted;
            wanted.id.value = id;
            wanted.staff = row.staff;
            wanted.start = std::chrono::floor<std::chrono::days>(zones.to_local(clock.now() + ahead, zone)) +
                           std::chrono::hours{12};
            wanted.end = wanted.start + std::chrono::minutes{30};
            wanted.zone = zone;
            wanted.title = "calgate drill";
            const auto result = write(*store, [&](Writer& writer) {
                return place_appointment(writer, wanted, {}, zones, clock.now(), "drill", "");
            });
            if (result.outcome == BookingOutcome::Created) return result.appointment;
        }
        return std::nullopt;
    }
    std::optional<Mirror> mirror(const std::string& id) const {
        return read(*store, [&](const Reader& r) { return r.mirror({id}, calendar); });
    }
    void sign_in_again() {
        service.revoked = false;
        store->write([&](Writer& writer) {
            auto current = writer.account(row.account);
            if (!current) return;
            current->state = AccountState::Active;
            current->detail.clear();
            ++current->sign_ins;
            writer.put(*current);
        });
    }
    int noted(PlannedWrite::Kind kind) const {
        return static_cast<int>(std::count_if(service.noted.begin(), service.noted.end(), [&](const auto& one) {
            return one.first == kind;
        }));
    }

    const ZoneResolver& zones;
    DrillClock clock;
    std::unique_ptr<Store> store;
    AvailabilityIndex index{};
    CalendarId calendar;
    Calendar row;
    DrillService service;
    Engine engine;
};

/// Collects steps with the time that each took.
class Steps {
public:
    explicit Steps(const Clock& clock) : clock_(clock), since_(clock.steady()) {}
    void add(const char* name, bool good, std::string found) {
        const auto now = clock_.steady();
        all.push_back(
            {name, good, std::move(found), std::chrono::duration_cast<std::chrono::milliseconds>(now - since_)}
        );
        since_ = now;
    }
    std::vector<RehearsalStep> all{};

private:
    const Clock& clock_;
    SteadyInstant since_;
};

std::string counted(std::int64_t number, const char* one, const char* many) {
    return std::to_string(number) + " " + (number == 1 ? one : many);
}

/// What a jump must not do, seen after one more pass.
void expect_calm(Scratch& scratch, Steps& steps, const char* name, Interval window) {
    const auto busy = scratch.busy(window);
    const auto before = scratch.appointments();
    const auto since = scratch.last_change();
    const auto writes = scratch.service.noted.size();
    const PassReport report = scratch.pass();
    const int decided = scratch.entries(since, {"appointment.", "conflict.", "copy."});
    const bool same = scratch.appointments() == before && scratch.busy(window) == busy;
    const int deleted = scratch.noted(PlannedWrite::Kind::Delete);
    // The marker may be counted anew; no copy is touched.
    const auto written = scratch.service.noted.size() - writes;
    const bool good = !report.error && decided == 0 && same && deleted == 0 && written <= 1;
    steps.add(
        name,
        good,
        report.error ? "The calendar could not be read: " + report.error->detail
        : good       ? "Read; nothing was cancelled, moved, deleted or written again, and availability is the same."
                     : counted(decided, "decision", "decisions") + ", " + counted(deleted, "deletion", "deletions") +
                     " and " + counted(static_cast<std::int64_t>(written), "write", "writes") +
                     (same ? "." : "; appointments or availability changed.")
    );
}

void expect_written(Scratch& scratch, Steps& steps, const char* name, const std::string& id) {
    const auto booked = scratch.book(id);
    const PassReport report = scratch.pass();
    const auto mirror = scratch.mirror(id);
    const bool good = booked && !report.error && mirror && mirror->confirmed == booked->revision;
    steps.add(
        name,
        good,
        !booked ? "No time could be booked."
        : good  ? "It was taken, and its copy would be written at once."
                : "It was taken, but its copy still waits" + (report.error ? ": " + report.error->detail : ".")
    );
}

}  // namespace

std::vector<RehearsalStep> rehearse_revoked(const EngineParts& parts, Connector& living, const CalendarId& calendar) {
    Scratch scratch(parts, living, calendar);
    Steps steps(parts.clock);
    const auto since = scratch.last_change();
    const Interval week{scratch.clock.now(), scratch.clock.now() + std::chrono::days{7}};
    const auto busy = scratch.busy(week);
    scratch.service.revoked = true;
    int tries = 0;
    while (tries < kMostTries && scratch.account().state == AccountState::Active) {
        scratch.pass();
        scratch.clock.pass(kBetweenTries);
        ++tries;
    }
    const int alarms = scratch.entries(since, {"account.attention"});
    const bool waits = scratch.account().state == AccountState::NeedsAttention;
    steps.add(
        "The service refuses the sign-in",
        waits && alarms == 1,
        waits ? "After " + counted(tries, "refusal", "refusals") + " the account waits for a person, with " +
                    counted(alarms, "alarm", "alarms") + ": " + scratch.account().detail
              : "The account was not paused."
    );
    const auto booked = scratch.book("calgate-drill-revoked");
    steps.add(
        "Somebody books",
        booked.has_value(),
        booked ? "The booking was taken; its copy waits." : "No time could be booked."
    );
    const bool same = scratch.busy(week) == busy;
    steps.add(
        "Somebody asks for free time",
        same,
        same ? "Answered from what was read last, with its age." : "The answer lost busy time that was known."
    );
    const int calls = scratch.service.calls;
    scratch.pass();
    const bool quiet = scratch.service.calls == calls;
    steps.add(
        "Time passes",
        quiet,
        quiet ? "No further call is made with the sign-in that was refused." : "It was tried again and again."
    );
    scratch.sign_in_again();
    const PassReport report = scratch.pass();
    const auto mirror = scratch.mirror("calgate-drill-revoked");
    const int deleted = scratch.noted(PlannedWrite::Kind::Delete);
    const bool landed = booked && !report.error && mirror && mirror->confirmed == booked->revision && deleted == 0;
    steps.add(
        "The person signs in again",
        landed,
        landed ? "What waited would be written, and nothing deleted."
               : "What waited is not written" + (report.error ? ": " + report.error->detail : ".")
    );
    return steps.all;
}

std::vector<RehearsalStep> rehearse_clock(
    const EngineParts& parts, Connector& living, const CalendarId& calendar, std::chrono::seconds jump
) {
    Scratch scratch(parts, living, calendar);
    Steps steps(parts.clock);
    const PassReport first = scratch.pass();  // What is news anyway is none of the clock's doing.
    steps.add("Before", !first.error, first.error ? "The calendar could not be read: " + first.error->detail : "Read.");
    if (first.error) return steps.all;
    const Interval week{scratch.clock.now(), scratch.clock.now() + std::chrono::days{7}};
    scratch.clock.jump(jump);
    expect_calm(scratch, steps, "The wall clock is set ahead", week);
    expect_written(scratch, steps, "Somebody books then", "calgate-drill-ahead");
    scratch.clock.jump(-2 * jump);
    expect_calm(scratch, steps, "The wall clock is set back", week);
    expect_written(scratch, steps, "Somebody books then", "calgate-drill-back");
    return steps.all;
}

}  // namespace calgate
