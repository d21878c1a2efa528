#include "tests/sim/seed_wall.hpp"

#include <algorithm>

#include "tests/sim/seed_connector.hpp"

namespace calgate::seeds {

using std::chrono::seconds;

Wall::Wall(Host& host, Surroundings around) : host_(host), around_(std::move(around)) {
    names_burn_ = around_.random.one_in(3) && around_.may_burn && host_.holds_anything();
}

std::unique_ptr<Connector> Wall::connect() { return std::make_unique<WalledConnector>(*this, host_.connect()); }

void Wall::arm(Fault fault, int calls) { armed_.push_back({fault, calls, std::nullopt}); }

void Wall::arm_for(Fault fault, seconds time) {
    if (fault == Fault::LaggingReads && !acting(fault)) before_.clear();
    armed_.push_back({fault, 0, around_.clock.steady() + time});
}

bool Wall::holds(const Armed& armed) const {
    return armed.until ? *armed.until > around_.clock.steady() : armed.calls > 0;
}

bool Wall::acting(Fault fault) const {
    return std::any_of(armed_.begin(), armed_.end(), [&](const Armed& a) { return a.fault == fault && holds(a); });
}

bool Wall::take(Fault fault) {
    std::erase_if(armed_, [&](const Armed& armed) { return !holds(armed); });
    const auto found =
        std::find_if(armed_.begin(), armed_.end(), [&](const Armed& armed) { return armed.fault == fault; });
    if (found == armed_.end()) return false;
    if (!found->until) --found->calls;
    around_.statistics.fire(fault);
    return true;
}

void Wall::apply_late(bool all) {
    while (!late_.empty()) {
        const auto due = std::find_if(late_.begin(), late_.end(), [&](const Late& late) {
            return all || late.due <= around_.clock.steady();
        });
        if (due == late_.end()) return;
        const Late late = std::move(*due);
        late_.erase(due);
        const auto connector = host_.connect();
        const auto before = host_.texts(late.calendar);
        late.apply(*connector);
        const auto after = host_.texts(late.calendar);
        around_.witness.wrote_late(late.calendar, before, after);
    }
}

void Wall::clear() {
    armed_.clear();
    before_.clear();
    host_.clear_wire();
    apply_late(true);
}

void Wall::drop(const Href& event) {
    never_named_.insert(event.value);
    host_.erase(event);
    around_.statistics.fire(Fault::DroppedEvent);
}

void Wall::notify_from_now_on(testing::SeededRandom& random) {
    channels_.emplace(
        host_,
        around_.clock,
        random,
        [this]() -> std::optional<Error> {
            if (auto error = refused(false, false)) return error;
            return std::nullopt;
        },
        [this]() -> std::optional<Error> {
            around_.crash.point();
            if (take(Fault::TimeoutApplied)) return timeout();
            return std::nullopt;
        }
    );
}

void Wall::stand_still() {
    if (take(Fault::Paused)) around_.paused();
}

Error Wall::timeout() const { return {ErrorCode::Timeout, "No answer came in time.", {}}; }

std::optional<Error> Wall::refused(bool write, bool adds) {
    ++around_.statistics.calls;
    around_.crash.point();
    if (acting(Fault::Paused) && around_.random.one_in(2)) stand_still();
    if (take(Fault::Outage) || take(Fault::ShortError)) return Error{ErrorCode::Unavailable, "No connection.", {}};
    if (take(Fault::RateLimit)) {
        Error error{ErrorCode::RateLimited, "Too many calls.", {}};
        if (around_.random.one_in(2)) error.retry_after = seconds(around_.random.between(5, 90));
        return error;
    }
    if (take(Fault::TimeoutNotApplied)) return timeout();
    if (take(Fault::AccessRevoked)) return Error{ErrorCode::Unauthorized, "The password is no longer accepted.", {}};
    if (write && take(Fault::ReadOnly)) return Error{ErrorCode::Forbidden, "The calendar is read-only.", {}};
    if (adds && take(Fault::Quota)) return Error{ErrorCode::QuotaExceeded, "The mailbox is full.", {}};
    return std::nullopt;
}

void Wall::remember_before(Connector& inner, const Href& event, const Uid& uid) {
    if (!acting(Fault::LaggingReads) || before_.contains(event.value)) return;
    const Context context{around_.clock.steady() + seconds(60), {}};
    auto now = inner.fetch_event(context, event);
    before_[event.value] = {now ? now->event.uid : uid, now ? std::optional(std::move(*now)) : std::nullopt};
}

void Wall::remember_absent(const Href& event, const Uid& uid) {
    if (acting(Fault::LaggingReads)) before_.try_emplace(event.value, Before{uid, std::nullopt});
}

const Wall::Before* Wall::lagging(const Href& event) const {
    if (!acting(Fault::LaggingReads)) return nullptr;
    const auto found = before_.find(event.value);
    return found == before_.end() ? nullptr : &found->second;
}

bool Wall::lag(ChangeSet& page) const {
    std::erase_if(page.changed, [&](const RemoteEvent& event) {
        const auto* before = lagging(event.href);
        return before && !before->event;
    });
    for (auto& event : page.changed) {
        if (const auto* before = lagging(event.href)) event = *before->event;
    }
    std::erase_if(page.unchanged, [&](const Href& href) {
        const auto* before = lagging(href);
        return before && !before->event;
    });
    return std::erase_if(page.removed, [&](const Href& href) { return lagging(href) != nullptr; }) > 0;
}

void Wall::spoil(ChangeSet& page, const Href& calendar) {
    auto& random = around_.random;
    std::erase_if(page.removed, [&](const Href& href) { return never_named_.contains(href.value); });
    if (!page.changed.empty() && take(Fault::MixedAnswer)) {
        page.unread.push_back(page.changed.back().href);
        page.changed.pop_back();
    }
    if (page.snapshot && !(page.changed.empty() && page.unchanged.empty()) && take(Fault::ShortList)) {
        const int share = random.between(0, 2);  // nothing, half, all but one
        const auto keep = [&](std::size_t size) { return share == 0 ? 0 : share == 1 ? size / 2 : size - 1; };
        const auto kept = keep(page.changed.size());
        for (std::size_t i = kept; i < page.changed.size(); ++i) around_.witness.omitted(page.changed[i].href);
        if (!page.changed.empty()) page.changed.resize(kept);
        if (!page.unchanged.empty()) page.unchanged.resize(keep(page.unchanged.size()));
    }
    if (page.more)
        paging_.insert(calendar.value);
    else
        paging_.erase(calendar.value);
}

}  // namespace calgate::seeds
