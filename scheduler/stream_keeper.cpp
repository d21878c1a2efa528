#include "scheduler/stream_keeper.hpp"

#include <algorithm>

namespace calgate {

/// Hears one stream. Deaf once it is closed, however long the stream goes on talking.
class StreamKeeper::Ear final : public HintListener {
public:
    struct End {
        SteadyInstant at{};
        Status status{};
    };
    Ear(const Clock& clock, Wake wake, std::map<Href, CalendarId> calendars)
        : clock_(clock), wake_(std::move(wake)), calendars_(std::move(calendars)) {}

    void changed(const Href& calendar) override {
        const std::lock_guard lock(mutex_);
        const auto found = calendars_.find(calendar);
        if (wake_ && !end_ && found != calendars_.end()) wake_(found->second, Cause::Changed);
    }
    void ended(const Status& status) override {
        const std::lock_guard lock(mutex_);
        if (end_) return;
        end_ = End{clock_.steady(), status};
        if (wake_ && !calendars_.empty()) wake_(calendars_.begin()->second, Cause::Ended);
    }
    /// Waits for a call that goes on.
    void close() {
        const std::lock_guard lock(mutex_);
        wake_ = nullptr;
    }
    std::optional<End> end() const {
        const std::lock_guard lock(mutex_);
        return end_;
    }

private:
    const Clock& clock_;
    mutable std::mutex mutex_{};
    Wake wake_;
    const std::map<Href, CalendarId> calendars_;
    std::optional<End> end_{};
};

StreamKeeper::StreamKeeper(const Clock& clock, Wake wake, std::function<void(const std::string&)> log)
    : clock_(clock), wake_(std::move(wake)), log_(std::move(log)) {}

StreamKeeper::~StreamKeeper() { close_others({}); }

void StreamKeeper::log(const AccountId& account, const std::string& what) const {
    if (log_) log_("job=stream account=" + account.value + " " + what);
}

int StreamKeeper::open_of(const Account& account) const {
    return static_cast<int>(std::count_if(lines_.begin(), lines_.end(), [&](const auto& entry) {
        const Account& other = entry.second->account;
        return entry.second->ear && other.url == account.url && other.user == account.user;
    }));
}

bool StreamKeeper::looked_after(Line& line) {
    const auto end = line.ear ? line.ear->end() : std::nullopt;
    if (!end) return line.ear != nullptr;
    line.ear->close();
    line.ear.reset();
    line.stream.reset();
    if (end->status)
        line.pace.ended(end->at);
    else
        line.pace.refused(end->at, end->status.error().retry_after);
    log(line.account.id,
        "action=ended" + (end->status ? std::string() : std::string(" error=") + to_string(end->status.error().code)));
    return false;
}

StreamKeeper::Kept StreamKeeper::keep(
    const Context& context, Connector& connector, const Account& account, const std::map<Href, CalendarId>& calendars
) {
    HintService* const service = connector.hints();
    if (!service || calendars.empty()) return {};
    std::shared_ptr<Line> line;
    std::shared_ptr<Ear> ear;
    {
        const std::lock_guard lock(mutex_);
        auto& slot = lines_[account.id];
        if (!slot) slot = std::make_shared<Line>();
        line = slot;
        const bool same = line->account == account && line->calendars == calendars;
        if (looked_after(*line) && same) return {};
        if (line->ear) line->ear->close();
        line->ear.reset();
        line->stream.reset();
        const SteadyInstant now = clock_.steady();
        if (!line->pace.may_open(now)) return {false, line->pace.next()};
        if (open_of(account) >= kMostPerSignIn) return {};
        line->account = account;
        line->calendars = calendars;
        line->pace.opened(now);
        line->ear = ear = std::make_shared<Ear>(clock_, wake_, calendars);
    }
    std::vector<Href> hrefs;
    for (const auto& [href, id] : calendars) hrefs.push_back(href);
    auto stream = service->listen(context, hrefs, ear);
    const std::lock_guard lock(mutex_);
    if (line->ear != ear) return {};  // Closed meanwhile.
    if (stream) {
        line->stream = std::move(*stream);
        log(account.id, "action=opened");
        return {true, {}};
    }
    line->ear.reset();
    line->pace.refused(clock_.steady(), stream.error().retry_after);
    log(account.id, std::string("action=refused error=") + to_string(stream.error().code));
    return {false, line->pace.next()};
}

void StreamKeeper::close_others(const std::set<AccountId>& kept) {
    const std::lock_guard lock(mutex_);
    for (auto line = lines_.begin(); line != lines_.end();) {
        if (kept.contains(line->first)) {
            ++line;
            continue;
        }
        if (line->second->ear) line->second->ear->close();
        line->second->ear.reset();
        line->second->stream.reset();
        line = lines_.erase(line);
    }
}

std::size_t StreamKeeper::open() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [](const auto& entry) {
        return entry.second->stream != nullptr;
    }));
}

}  // namespace calgate
