#include "gateway/traffic_cut.hpp"

#include "core/batch.hpp"

namespace calgate {
namespace {

const Error kCut{ErrorCode::Unavailable, "A drill has cut this service off.", {}};

class CuttableConnector final : public Connector, private BatchService {
public:
    CuttableConnector(std::unique_ptr<Connector> inner, TrafficCut& cut, std::string kind, std::string account)
        : inner_(std::move(inner)), cut_(cut), kind_(std::move(kind)), account_(std::move(account)) {}

    Capabilities capabilities() const override { return inner_->capabilities(); }
    Result<Event> read_source(const std::string& source) const override { return inner_->read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
        if (hit()) return kCut;
        return inner_->list_calendars(context);
    }
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        if (hit()) return kCut;
        return inner_->fetch_changes(context, calendar, since, known);
    }
    Result<RemoteEvent> fetch_event(const Context& context, const Href& event) override {
        if (hit()) return kCut;
        return inner_->fetch_event(context, event);
    }
    Result<RemoteEvent> find_event(const Context& context, const Href& calendar, const Uid& uid) override {
        if (hit()) return kCut;
        return inner_->find_event(context, calendar, uid);
    }
    Result<WriteReceipt> create_event(const Context& context, const Href& calendar, const Event& event) override {
        if (hit()) return kCut;
        return inner_->create_event(context, calendar, event);
    }
    Result<WriteReceipt> update_event(
        const Context& context, const Href& href, const Version& if_match, const Event& event
    ) override {
        if (hit()) return kCut;
        return inner_->update_event(context, href, if_match, event);
    }
    Status delete_event(const Context& context, const Href& event, const Version& if_match) override {
        if (hit()) return kCut;
        return inner_->delete_event(context, event, if_match);
    }
    PushService* push() override { return inner_->push(); }
    HintService* hints() override { return inner_->hints(); }
    BatchService* batch() override { return inner_->batch() ? this : nullptr; }

private:
    std::size_t capacity() const override { return inner_->batch()->capacity(); }
    std::vector<Result<WriteReceipt>> write_events(
        const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
    ) override {
        if (hit()) return {writes.size(), kCut};
        return inner_->batch()->write_events(context, calendar, writes);
    }
    std::vector<Result<bool>> find_absent(const Context& context, const Href& calendar, const std::vector<Uid>& uids)
        override {
        if (hit()) return std::vector<Result<bool>>(uids.size(), kCut);
        return inner_->batch()->find_absent(context, calendar, uids);
    }
    bool hit() { return cut_.hits(kind_, account_); }

    std::unique_ptr<Connector> inner_;
    TrafficCut& cut_;
    std::string kind_, account_;
};

}  // namespace

bool TrafficCut::cut(const std::string& kind, int percent, std::chrono::seconds lease) {
    const std::lock_guard lock(mutex_);
    const SteadyInstant now = clock_.steady();
    const auto found = cuts_.find(kind);
    const bool fresh = found == cuts_.end() || found->second.until <= now;
    cuts_[kind] = {percent, now + lease};
    return fresh;
}

void TrafficCut::lift() {
    const std::lock_guard lock(mutex_);
    cuts_.clear();
}

bool TrafficCut::hits_locked(const std::string& name) {
    const auto found = cuts_.find(name);
    if (found == cuts_.end()) return false;
    if (found->second.until <= clock_.steady()) {
        cuts_.erase(found);
        return false;
    }
    return random_.next() % 100 < static_cast<std::uint64_t>(found->second.percent);
}

bool TrafficCut::hits(const std::string& kind, const std::string& account) {
    const std::lock_guard lock(mutex_);
    return hits_locked(kind) || hits_locked(account);
}

std::map<std::string, int> TrafficCut::now() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, int> out;
    for (const auto& [name, cut] : cuts_) {
        if (cut.until > clock_.steady()) out.emplace(name, cut.percent);
    }
    return out;
}

std::unique_ptr<Connector> cuttable(
    std::unique_ptr<Connector> inner, TrafficCut& cut, const std::string& kind, const std::string& account
) {
    return std::make_unique<CuttableConnector>(std::move(inner), cut, kind, account);
}

}  // namespace calgate
