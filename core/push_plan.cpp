#include "core/push_plan.hpp"

#include <algorithm>
#include <utility>

namespace calgate {

namespace {

bool is_over(const ChannelRecord& record, Instant now) {
    if (record.state == ChannelState::Opening) return record.opened + kOpeningLost <= now;
    return record.state == ChannelState::Removed || record.channel.expires <= now;
}

PushStep prolonged(const ChannelRecord& newest) {
    if (newest.prolongable) return {PushAction::Renew, newest.key};
    return {PushAction::Open, {}};
}

}  // namespace

Instant renewal_of(const ChannelRecord& record) {
    unsigned spread = 0;
    for (const char c : record.key) spread = (spread * 31 + static_cast<unsigned char>(c)) % 1000;
    const auto life = record.channel.expires - record.opened;
    return record.opened + life * 60 / 100 + life * spread / 5000;
}

std::vector<PushStep> plan_push(bool wanted, const std::vector<ChannelRecord>& channels, Instant now) {
    std::vector<PushStep> steps;
    std::vector<ChannelRecord> live;
    bool opening = false;
    for (const ChannelRecord& record : channels) {
        if (is_over(record, now))
            steps.push_back({PushAction::Forget, record.key});
        else if (record.state == ChannelState::Opening)
            opening = true;
        else
            live.push_back(record);
    }
    if (!wanted) {
        for (const ChannelRecord& record : live) steps.push_back({PushAction::Close, record.key});
        return steps;
    }
    if (live.empty()) {
        if (!opening) steps.push_back({PushAction::Open, {}});
        return steps;
    }
    // What needs no confirming counts as the successor of what does, whatever the wall clock said at either's opening:
    // it may have been set back between them (I23).
    std::sort(live.begin(), live.end(), [](const auto& a, const auto& b) {
        return std::pair(a.state == ChannelState::Live, a.opened) < std::pair(b.state == ChannelState::Live, b.opened);
    });
    const ChannelRecord newest = live.back();
    live.pop_back();
    if (newest.opened + kChannelOverlap <= now)
        for (const ChannelRecord& record : live) steps.push_back({PushAction::Close, record.key});
    const bool due = newest.state == ChannelState::Reauthorize || renewal_of(newest) <= now;
    if (due && !opening) steps.push_back(prolonged(newest));
    return steps;
}

}  // namespace calgate
