#include "scheduler/scheduler.hpp"

#include <algorithm>

namespace calgate {

using std::chrono::milliseconds;

Scheduler::Scheduler(Settings settings, Random& random) : settings_(settings), random_(random) {}

Scheduler::ServiceState& Scheduler::service(const std::string& name) {
    const auto [found, added] = services_.try_emplace(name);
    if (added) {
        CircuitBreaker::Settings breaker;
        breaker.probe_every = settings_.probe_every;
        found->second.breaker = CircuitBreaker(breaker);
    }
    return found->second;
}

void Scheduler::queue(LaneState& lane, SteadyInstant due) {
    unqueue(lane);
    lane.due = due;
    due_.emplace(due, lane.lane.calendar);
}

void Scheduler::unqueue(const LaneState& lane) { due_.erase({lane.due, lane.lane.calendar}); }

milliseconds Scheduler::jittered(milliseconds interval) {
    // Uniform in 80 % to 120 %.
    const auto spread = static_cast<std::uint64_t>(interval.count()) * 2 / 5;
    const auto add = spread == 0 ? 0 : static_cast<std::int64_t>(random_.next() % (spread + 1));
    return milliseconds(interval.count() * 4 / 5 + add);
}

SteadyInstant Scheduler::next_of(const LaneState& lane) const {
    const SteadyInstant wanted = lane.push ? std::min(lane.poll_at, lane.blocked_until) : lane.poll_at;
    return std::max(wanted, lane.blocked_until);
}

void Scheduler::set_lanes(const std::vector<Lane>& wanted, SteadyInstant now) {
    std::set<CalendarId> kept;
    for (const auto& lane : wanted) {
        if (kept.size() >= settings_.max_lanes) break;
        kept.insert(lane.calendar);
        const auto [found, added] = lanes_.try_emplace(lane.calendar);
        LaneState& state = found->second;
        if (!added && state.lane == lane) continue;
        if (!added && state.running) continue;
        if (!added) unqueue(state);
        state = {};
        state.lane = lane;
        state.poll_at = now;
        state.push = true;
        queue(state, now);
    }
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
        if (kept.contains(lane->first) || lane->second.running) {
            ++lane;
            continue;
        }
        unqueue(lane->second);
        lane = lanes_.erase(lane);
    }
}

bool Scheduler::has(const CalendarId& calendar) const { return lanes_.contains(calendar); }

void Scheduler::wake(const CalendarId& calendar, SteadyInstant now) {
    const auto found = lanes_.find(calendar);
    if (found == lanes_.end()) return;
    LaneState& lane = found->second;
    if (lane.running) {
        lane.again = true;
        return;
    }
    lane.push = true;
    queue(lane, std::max(now, lane.blocked_until));
}

void Scheduler::poll(const CalendarId& calendar, SteadyInstant at) {
    const auto found = lanes_.find(calendar);
    if (found == lanes_.end()) return;
    LaneState& lane = found->second;
    if (lane.running) {
        lane.again_poll = true;
        return;
    }
    lane.poll_at = std::min(lane.poll_at, at);
    queue(lane, std::min(lane.due, std::max(at, lane.blocked_until)));
}

void Scheduler::wake_at(const CalendarId& calendar, SteadyInstant at) {
    const auto found = lanes_.find(calendar);
    if (found == lanes_.end() || found->second.running) return;
    LaneState& lane = found->second;
    lane.push = true;
    if (at < lane.due) queue(lane, std::max(at, lane.blocked_until));
}

std::optional<Job> Scheduler::take(SteadyInstant now) {
    std::vector<std::pair<CalendarId, SteadyInstant>> postponed;
    std::optional<Job> job;
    for (const auto& [due, calendar] : due_) {
        if (due > now) break;
        LaneState& lane = lanes_.at(calendar);
        if (busy_accounts_.contains(lane.lane.account)) continue;
        ServiceState& state = service(lane.lane.service);
        if (state.running >= (lane.lane.at_large ? settings_.jobs_at_large : settings_.jobs_per_service)) continue;
        const bool closed = state.breaker.state() == CircuitBreaker::State::Closed;
        if (!state.breaker.allow(now)) {
            // It waits with all others of this service; the first success releases them.
            postponed.emplace_back(calendar, std::max(state.breaker.next_probe(), now + milliseconds(1)));
            continue;
        }
        if (lane.attempts == 0) {
            state.retries.record_call();
        } else if (closed && !may_retry(state, now)) {
            // Spread, so that the next retry is not always the same lane's.
            postponed.emplace_back(calendar, state.next_retry + jittered(std::chrono::seconds(1)));
            continue;
        }
        job = Job{calendar, lane.lane.account, lane.lane.service, lane.poll_at <= now || !closed, !closed};
        break;
    }
    for (const auto& [calendar, at] : postponed) queue(lanes_.at(calendar), at);
    if (!job) return job;
    LaneState& lane = lanes_.at(job->calendar);
    unqueue(lane);
    lane.running = true;
    lane.push = false;
    lane.again = lane.again_poll = false;
    busy_accounts_.insert(job->account);
    ++service(job->service).running;
    return job;
}

bool Scheduler::may_retry(ServiceState& state, SteadyInstant now) const {
    if (state.retries.take_retry()) return true;
    if (now < state.next_retry) return false;
    state.next_retry = now + settings_.probe_every;
    return true;
}

bool Scheduler::over(ServiceState& state, const Outcome& outcome, SteadyInstant now) const {
    if (outcome.outage) state.breaker.record_failure(now);
    if (outcome.unavailable) state.troubled = true;
    if (outcome.outage || !outcome.answered) return false;
    const bool closed_now = state.breaker.record_success(now);
    const bool calm = state.troubled && !outcome.failed && now >= state.next_release;
    if (!closed_now && !calm) return false;
    state.troubled = false;
    state.next_release = now + settings_.probe_every;
    return true;
}

std::vector<CalendarId> Scheduler::finish(const Job& job, const Outcome& outcome, SteadyInstant now) {
    std::vector<CalendarId> released;
    busy_accounts_.erase(job.account);
    ServiceState& state = service(job.service);
    --state.running;
    const bool outage_over = over(state, outcome, now);
    const auto found = lanes_.find(job.calendar);
    if (found != lanes_.end()) {
        LaneState& lane = found->second;
        lane.running = false;
        lane.push = lane.again || outcome.more || outcome.failed;
        if (outcome.changed) {
            lane.active_until = now + settings_.active_for;
            // What was written is read back soon, and in small portions.
            lane.poll_at = std::min(lane.poll_at, now + jittered(settings_.poll_active));
        }
        if (job.pull) {
            const auto interval =
                now < lane.active_until ? settings_.poll_active : outcome.poll_idle.value_or(settings_.poll_idle);
            lane.poll_at = now + jittered(interval);
        }
        if (outcome.read_back) lane.poll_at = std::min(lane.poll_at, now + jittered(settings_.read_back_after));
        if (lane.again_poll) lane.poll_at = now;
        lane.hinted = outcome.failed && outcome.retry_after && !outcome.unavailable;
        if (outcome.failed) {
            const auto wait =
                backoff(++lane.attempts, settings_.retry_base, settings_.retry_cap, outcome.retry_after, random_);
            lane.blocked_until = now + (outcome.slowed && outcome.retry_after ? *outcome.retry_after : wait);
            // While the service is away its breaker alone says when to try: no lane's own wait outlives the outage
            // (L3).
            if (outcome.outage && !outcome.retry_after && state.breaker.state() != CircuitBreaker::State::Closed)
                lane.blocked_until = std::min(lane.blocked_until, std::max(state.breaker.next_probe(), now));
            if (job.pull) lane.poll_at = lane.blocked_until + (outcome.slowed ? settings_.retry_base : milliseconds{0});
        } else {
            lane.attempts = 0;
            lane.blocked_until = outcome.more ? now + outcome.wait : now;
        }
        queue(lane, next_of(lane));
    }
    if (!outage_over) return released;
    for (auto& [calendar, lane] : lanes_) {
        if (lane.lane.service != job.service) continue;
        if (lane.hinted && now < lane.blocked_until) continue;  // Its account is slowed, not the service (F3).
        released.push_back(calendar);
        if (lane.running || calendar == job.calendar) continue;
        lane.attempts = 0;
        lane.blocked_until = now;
        lane.push = true;
        lane.poll_at = std::min(lane.poll_at, now + jittered(std::chrono::seconds(10)));
        queue(lane, now);
    }
    return released;
}

std::optional<SteadyInstant> Scheduler::next_due() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first;
}

bool Scheduler::service_up(const std::string& name) const {
    const auto found = services_.find(name);
    return found == services_.end() || found->second.breaker.state() == CircuitBreaker::State::Closed;
}

}  // namespace calgate
