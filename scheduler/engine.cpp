#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "core/batch.hpp"
#include "core/busy.hpp"
#include "core/resilience.hpp"
#include "scheduler/engine_impl.hpp"
#include "scheduler/holds.hpp"
#include "scheduler/horizon.hpp"
#include "scheduler/polling.hpp"
#include "scheduler/provisional.hpp"
#include "scheduler/regain.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/sync_pass.hpp"
#include "scheduler/worker_pool.hpp"

namespace calgate {
namespace {

constexpr std::chrono::milliseconds kLaneRefresh{5000};
/// Reading all lanes again takes no more than this part of the time, however many there are; what is new is told by
/// wake(). At least once in `kLongestLaneRefresh`.
constexpr int kLaneShare = 100;
constexpr std::chrono::seconds kLongestLaneRefresh{60};
constexpr std::chrono::hours kExpandEvery{1};
constexpr std::size_t kWaitingRead = 200;
constexpr std::chrono::hours kPauseOfWrites{1};  ///< Where the refusal does not say.
/// What is short of calls goes so long after the last of them, where one request takes what they are saved up for. Less
/// than kSavedUp, so that nothing is given away while the request runs.
constexpr std::chrono::milliseconds kTogether{1500};
/// How long one calendar may write while others of its account wait.
constexpr std::chrono::seconds kTurn{10};

Scheduler::Settings scheduler_settings(const Engine::Settings& settings) {
    Scheduler::Settings out;
    out.jobs_per_service = std::max(1, std::min(settings.workers, settings.workers_per_service));
    out.jobs_at_large = std::max(out.jobs_per_service, settings.workers / 2);
    out.poll_active = settings.poll_active;
    out.poll_idle = settings.poll_idle;
    out.probe_every = settings.probe_every;
    return out;
}

std::string log_line(const PassReport& report, std::chrono::milliseconds took) {
    std::string line =
        "job=pass calendar=" + report.calendar.value + " completed=" + (report.completed ? "true" : "false");
    const auto add = [&](const char* name, int value) {
        if (value != 0) line += std::string(" ") + name + "=" + std::to_string(value);
    };
    add("pages", report.pages);
    add("changed", report.changed);
    add("removed", report.removed);
    add("created", report.created);
    add("updated", report.updated);
    add("deleted", report.deleted);
    add("adopted", report.adopted);
    add("taken", report.taken);
    add("conflicts", report.conflicts);
    add("parked", report.parked);
    if (report.error) line += std::string(" error=") + to_string(report.error->code);
    return line + " took_ms=" + std::to_string(took.count());
}

Error slower(std::chrono::milliseconds pause) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(pause);
    return {
        ErrorCode::RateLimited,
        "The service wants fewer calls from this account. Going on in " + std::to_string(wait.count()) + " s.",
        wait};
}

}  // namespace

Engine::Impl::Impl(EngineParts given, const Settings& chosen)
    : parts(std::move(given)),
      settings(chosen),
      scheduler(scheduler_settings(chosen), parts.random),
      push(parts.store, parts.clock, parts.random, settings.push_url, parts.log),
      streams(
          parts.clock,
          [this](const CalendarId& calendar, StreamKeeper::Cause cause) { hear(calendar, cause); },
          parts.log
      ),
      began_ahead(ahead()),
      started(parts.clock.steady()),
      born{started, parts.clock.now()},
      pool(chosen.workers, [this](std::stop_token stop) { return step(std::move(stop)); }) {}

Engine::Engine(EngineParts parts, const Settings& settings)
    : impl_(std::make_unique<Impl>(std::move(parts), settings)) {}

Engine::~Engine() { stop(); }

bool Engine::notified(const PushNote& note) {
    const auto calendar = impl_->push.accept(note);
    if (!calendar) return false;
    if (note.news != PushNote::News::Opened) poll_now(*calendar);
    return true;
}

void Engine::start() {
    impl_->pool.start();
    impl_->runs = true;
}

void Engine::stop() {
    impl_->pool.stop();
    impl_->streams.close_others({});
    if (std::exchange(impl_->runs, false)) impl_->keep_as_of();
}

void Engine::wake(const std::vector<CalendarId>& calendars) {
    if (calendars.empty()) return;  // Of a person without targets: every worker would look for nothing.
    const auto now = impl_->parts.clock.steady();
    {
        const std::lock_guard lock(impl_->mutex);
        for (const auto& calendar : calendars) {
            // A calendar nobody knew yet: the lanes are read again before the next job.
            if (!impl_->scheduler.has(calendar)) impl_->refreshed.reset();
            impl_->scheduler.wake(calendar, now);
        }
    }
    impl_->pool.notify();
}

void Engine::poll_now(const CalendarId& calendar) {
    {
        const std::lock_guard lock(impl_->mutex);
        if (!impl_->scheduler.has(calendar)) impl_->refreshed.reset();
        impl_->scheduler.poll(calendar, impl_->parts.clock.steady());
    }
    impl_->pool.notify();
}

std::chrono::milliseconds Engine::run_due() { return impl_->step({}); }

PassReport Engine::run_pass(const CalendarId& calendar) {
    Outcome outcome;
    std::vector<CalendarId> touched;
    auto report = impl_->run(calendar, true, {}, SteadyInstant::max(), outcome, touched);
    impl_->note(report);
    wake(touched);
    return report;
}

void Engine::Impl::refresh_lanes() {
    const auto now = parts.clock.steady();
    std::vector<Lane> lanes;
    std::vector<Calendar> calendars;
    std::map<CalendarId, std::string> named;
    std::set<AccountId> read_accounts;
    parts.store.read([&](const Reader& reader) {
        std::map<AccountId, Account> accounts;
        for (auto& account : reader.accounts()) accounts.emplace(account.id, std::move(account));
        calendars = reader.calendars();
        for (const auto& calendar : calendars) {
            const auto account = accounts.find(calendar.account);
            if (account == accounts.end() || account->second.state != AccountState::Active) continue;
            if (!calendar.mirror && !calendar.busy) continue;
            // One that is gone is looked for once a day.
            const bool gone = calendar.state == CalendarState::Gone;
            if (gone && !is_retried(reader, calendar, parts.clock.now())) continue;
            const bool at_large = serves_everybody(account->second);
            lanes.push_back({calendar.id, calendar.account, service_of(account->second), at_large});
            named.emplace(calendar.id, lanes.back().service);
            if (!gone) read_accounts.insert(calendar.account);
        }
    });
    std::vector<Calendar> silent;  // Nobody reads them now, so what is known of them is not live.
    {
        const std::lock_guard lock(mutex);
        scheduler.set_lanes(lanes, now);
        services = named;
        for (auto& calendar : calendars) {
            const auto service = services.find(calendar.id);
            if (calendar.busy && (service == services.end() || !scheduler.service_up(service->second)))
                silent.push_back(std::move(calendar));
        }
    }
    for (const auto& calendar : silent) {
        const auto person = parts.index.person(calendar.staff);
        const auto source = person ? person->sources.find(calendar.id.value) : decltype(person->sources.end()){};
        if (!person || source == person->sources.end()) continue;
        if (source->second.freshness != SourceState::Freshness::Live) continue;
        parts.index.set_state(
            calendar.staff, {calendar.id.value, source->second.as_of, SourceState::Freshness::Cached}
        );
    }
    close_unread(named);
    streams.close_others(read_accounts);
    const std::lock_guard lock(mutex);
    lane_refresh = std::clamp<SteadyInstant::duration>(
        (parts.clock.steady() - now) * kLaneShare, kLaneRefresh, kLongestLaneRefresh
    );
}

std::chrono::milliseconds Engine::Impl::step(std::stop_token stop) {
    const auto now = parts.clock.steady();
    bool refresh = false, expand = false, tidy = false;
    {
        const std::lock_guard lock(mutex);
        if (!refreshed || now - *refreshed >= lane_refresh) {
            refresh = true;
            refreshed = now;
        }
        if (refresh || !tidied || now - *tidied >= kLaneRefresh) {
            tidy = true;
            tidied = now;
        }
        if (!expanded || now - *expanded >= kExpandEvery) {
            expand = true;
            expanded = now;
        }
    }
    std::optional<Job> job;
    try {
        if (refresh) refresh_lanes();
        if (tidy) show_missed();
        if (tidy) push.save();
        if (tidy) end_holds(parts);
        if (expand) expand_horizon(parts, settings);
    } catch (const StoreFailure& failure) {
        if (parts.log) parts.log(std::string("job=housekeeping error=store detail=\"") + failure.what() + "\"");
    }
    {
        const std::lock_guard lock(mutex);
        job = scheduler.take(now);
        if (!job) {
            const auto due = scheduler.next_due();
            const std::chrono::milliseconds least{20};
            return due ? std::clamp<std::chrono::milliseconds>(*due - now, least, kLaneRefresh) : kLaneRefresh;
        }
    }
    run_job(*job, std::move(stop));
    return std::chrono::milliseconds{0};
}

void Engine::Impl::run_job(const Job& job, std::stop_token stop) {
    const auto began = parts.clock.steady();
    Outcome outcome;
    std::vector<CalendarId> touched;
    PassReport report;
    report.calendar = job.calendar;
    try {
        report = run(job.calendar, job.pull, std::move(stop), began + kTurn, outcome, touched);
    } catch (const StoreFailure& failure) {
        report.error = Error{ErrorCode::Unavailable, failure.what(), {}};
        outcome = {};
        outcome.failed = true;
    }
    const auto now = parts.clock.steady();
    std::vector<CalendarId> released;
    {
        const std::lock_guard lock(mutex);
        if (job.pull || report.error) last[job.calendar] = report;
        if (job.pull) ++reads[job.calendar];
        const bool was_up = scheduler.service_up(job.service);
        released = scheduler.finish(job, outcome, now);
        if (was_up != scheduler.service_up(job.service)) refreshed.reset();
        for (const auto& calendar : touched) scheduler.wake(calendar, now);
        if (outcome.next_write) scheduler.wake_at(job.calendar, now + *outcome.next_write);
    }
    was_read.notify_all();
    try {
        release(released);
    } catch (const StoreFailure& failure) {
        if (parts.log) parts.log(std::string("job=release error=store detail=\"") + failure.what() + "\"");
    }
    if (parts.log) parts.log(log_line(report, now - began));
    pool.notify();
}

void Engine::Impl::release(const std::vector<CalendarId>& calendars) {
    for (const auto& calendar : calendars) {
        const auto waiting =
            read(parts.store, [&](const Reader& reader) { return reader.count_open_mirrors(calendar); });
        if (waiting == 0) continue;
        // Single back-offs end with the outage (L3).
        parts.store.write([&](Writer& writer) { release_writes(writer, calendar); });
    }
    const std::lock_guard lock(mutex);
    for (const auto& calendar : calendars) scheduler.wake(calendar, parts.clock.steady());
}

ThisLife& Engine::Impl::life_of(const CalendarId& id) {
    return lives.try_emplace(id, ThisLife{.unsure = born}).first->second;
}

PassReport Engine::Impl::run(
    const CalendarId& id,
    bool pull,
    std::stop_token stop,
    SteadyInstant turn_ends,
    Outcome& outcome,
    std::vector<CalendarId>& touched
) {
    PassReport report;
    report.calendar = id;
    std::optional<std::chrono::milliseconds> next_stream, no_writes;
    const auto trouble = with_desk(id, [&](Connector& connector, Desk& desk) {
        if (const auto pause = desk.bucket.paused(parts.clock.steady()); pause.count() > 0) {
            report.error = slower(pause);
            return;
        }
        std::chrono::milliseconds wait{0};
        const auto may_write = [&] {
            if (parts.clock.steady() < desk.no_writes_until) return false;
            wait = desk.bucket.take(parts.clock.steady());
            return wait.count() == 0;
        };
        const EitherStop ends(stop, leaving(desk));
        SyncPass::Options options{pull, ends.token(), may_write, jumped(id), turn_ends};
        {
            const std::lock_guard lock(mutex);
            options.life = life_of(id);
        }
        SyncPass pass(parts, settings, connector, id, std::move(options));
        pass.ask_before_facts([&] { return facts_due(id); });
        try {
            report = pass.run();
        } catch (const StoreFailure&) {
            // What was committed before may not be in the index yet.
            const std::lock_guard lock(mutex);
            missed.insert(id);
            // A booking of this very second may have been written, too.
            life_of(id).unsure = {parts.clock.steady(), parts.clock.now() + std::chrono::seconds{1}};
            refreshed.reset();
            throw;
        }
        {
            const std::lock_guard lock(mutex);
            lives[id] = pass.life();
        }
        const bool limited = report.error && report.error->code == ErrorCode::RateLimited;
        if (limited && report.error->only_writes && (!pull || pass.pulled())) {
            // Google's limit on what an account writes lasts hours; staff go on changing their calendars (G33).
            desk.no_writes_until = parts.clock.steady() + report.error->retry_after.value_or(kPauseOfWrites);
            desk.no_writes_why = report.error->detail;
            report.completed = true;
        } else if (limited) {
            // The account waits as a whole, so that no other calendar of it is refused as well (F3).
            const auto now = parts.clock.steady();
            desk.bucket.refused(now, report.error->retry_after);
            if (const auto pause = desk.bucket.paused(now); pause.count() > 0)
                report.error->retry_after = std::chrono::ceil<std::chrono::seconds>(pause);
        }
        desk.pace = desk.bucket.per_second(parts.clock.steady());
        outcome.answered = pass.answered();
        outcome.more = pass.more();
        const bool together = connector.batch() && connector.batch()->capacity() > 1;
        outcome.wait = wait.count() > 0 && together ? std::max(wait, kTogether) : wait;
        if (desk.no_writes_until > parts.clock.steady()) {
            no_writes = desk.no_writes_until - parts.clock.steady();
            if (!report.error && pass.more()) report.error = Error{ErrorCode::RateLimited, desk.no_writes_why, {}};
        }
        touched = pass.touched();
        outcome.poll_idle = hourly_poll(connector, id);
        outcome.read_back = connector.capabilities().reads_back && report.created + report.updated > 0;
        if (report.completed) keep_push(connector, id, ends.token());
        if (report.completed) next_stream = keep_stream(connector, id, ends.token());
        if (report.completed && pull) recheck_provisional(parts, id);
        if (report.completed && pull && audit_due(id)) audit(connector, id, ends.token());
    });
    if (trouble) report.error = trouble;
    outcome.changed = report.changed + report.removed + report.taken + report.created + report.updated > 0;
    const bool only_writes_wait = no_writes && report.completed;
    if (only_writes_wait) outcome.more = false;
    if (report.error && report.error->code != ErrorCode::Cancelled && !only_writes_wait) {
        outcome.failed = true;
        outcome.retry_after = report.error->retry_after;
        outcome.unavailable = advice(*report.error).counts_as_outage;
        outcome.outage = outcome.unavailable && !outcome.answered;
        outcome.slowed = report.error->code == ErrorCode::RateLimited;
    }
    if (!outcome.more) outcome.next_write = no_writes ? no_writes : until_next_write(id);
    if (next_stream) outcome.next_write = std::min(outcome.next_write.value_or(*next_stream), *next_stream);
    return report;
}

std::optional<std::chrono::seconds> Engine::Impl::hourly_poll(const Connector& connector, const CalendarId& id) const {
    if (!connector.capabilities().polled_by_hours) return std::nullopt;
    return read(parts.store, [&](const Reader& reader) -> std::optional<std::chrono::seconds> {
        const auto calendar = reader.calendar(id);
        const auto staff = calendar ? reader.staff(calendar->staff) : std::nullopt;
        if (!staff || !parts.zones.knows(staff->zone)) return std::nullopt;
        PollTimes times;
        times.busy = settings.poll_active;
        times.idle = settings.poll_idle;
        times.night = std::max(times.night, times.idle);
        return poll_interval(*staff, parts.zones.to_local(parts.clock.now(), staff->zone), times);
    });
}

std::optional<std::chrono::milliseconds> Engine::Impl::until_next_write(const CalendarId& id) const {
    const auto now = parts.clock.now();
    std::optional<Instant> first;
    parts.store.read([&](const Reader& reader) {
        for (const auto& mirror : reader.open_mirrors(id, kFarFuture, kWaitingRead)) {
            const bool waits = mirror.not_before && *mirror.not_before > now;
            if (waits && (!first || *mirror.not_before < *first)) first = mirror.not_before;
        }
    });
    if (!first) return std::nullopt;
    return *first - now;
}

}  // namespace calgate
