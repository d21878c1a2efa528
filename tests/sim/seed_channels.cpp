#include "tests/sim/seed_channels.hpp"

namespace calgate::seeds {

namespace {

constexpr const char* kResource = "resource";
constexpr std::chrono::seconds kUnwritten{30};  ///< A store that is busy three times included.

}  // namespace

Result<PushChannel> Channels::open_channel(const Context&, const PushRequest& request) {
    if (auto error = before_()) return *error;
    told_ended_.erase(request.calendar);
    silent_.erase(request.calendar);
    open_[request.id] = {request, request.until, host_.texts(request.calendar)};
    if (auto error = after_()) return *error;
    return PushChannel{request.id, kResource, request.until};
}

Result<PushChannel> Channels::renew_channel(const Context&, const PushChannel& channel, Instant until) {
    if (auto error = before_()) return *error;
    if (!prolongs_) return Error{ErrorCode::Unsupported, "Open another channel.", {}};
    const auto found = open_.find(channel.id);
    if (found == open_.end()) return Error{ErrorCode::NotFound, "There is no such channel.", {}};
    found->second.expires = until;
    if (auto error = after_()) return *error;
    return PushChannel{channel.id, kResource, until};
}

Status Channels::close_channel(const Context&, const PushChannel& channel) {
    if (auto error = before_()) return *error;
    open_.erase(channel.id);
    if (auto error = after_()) return *error;
    return {};
}

bool Channels::tell(Engine& engine, const Channel& channel, PushNote::News news) const {
    return engine.notified({channel.request.id, channel.request.secret, kResource, news});
}

void Channels::ring(Engine& engine) {
    for (auto& [id, channel] : open_) {
        if (channel.expires <= clock_.now() || random_.one_in(4)) continue;
        Texts now = host_.texts(channel.request.calendar);
        if (now == channel.told) continue;
        channel.told = std::move(now);
        for (int times = random_.between(1, 2); times > 0; --times) tell(engine, channel, PushNote::News::Changed);
    }
}

int Channels::end_all(Engine& engine) {
    const int ended = static_cast<int>(open_.size());
    switch (random_.between(1, 8)) {
        case 1:
            for (const auto& [id, channel] : open_) silent_.insert(channel.request.calendar);
            open_.clear();
            break;
        case 2:
        case 3:
        case 4:
            for (const auto& [id, channel] : open_)
                if (tell(engine, channel, PushNote::News::Removed))
                    told_ended_.insert_or_assign(channel.request.calendar, clock_.steady());
            open_.clear();
            break;
        case 5:
        case 6:
            for (const auto& [id, channel] : open_) tell(engine, channel, PushNote::News::Reauthorize);
            break;
        default:
            for (const auto& [id, channel] : open_) tell(engine, channel, PushNote::News::Missed);
    }
    return ended;
}

void Channels::forget_words(bool unwritten) {
    for (const auto& [calendar, told] : told_ended_)
        if (unwritten || clock_.steady() - told < kUnwritten) silent_.insert(calendar);
}

void Channels::stood_still(std::chrono::minutes by) {
    for (auto& [calendar, told] : told_ended_) told += by;
}

void Channels::lose_track() {
    for (const auto& [id, channel] : open_) silent_.insert(channel.request.calendar);
    for (const auto& [calendar, told] : told_ended_) silent_.insert(calendar);
}

bool Channels::is_heard(Engine& engine, const Href& calendar) {
    for (const auto& [id, channel] : open_) {
        const bool here = channel.request.calendar == calendar && channel.expires > clock_.now();
        if (here && tell(engine, channel, PushNote::News::Opened)) return true;
    }
    return false;
}

}  // namespace calgate::seeds
