#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "core/push.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {

/// A service that can notify: what is asked of it is written down, what it answers is chosen.
struct FakePush final : PushService {
    Instant ends{};
    bool chooses_ids = false;           ///< As Graph does.
    std::string resource = "resource";  ///< Empty at Graph.
    std::optional<Error> refusal{};
    std::optional<Error> renewal{};                           ///< Refusal of renewals alone.
    std::function<void(const PushRequest&)> before_answer{};  ///< While the request is still open.
    std::vector<PushRequest> opened{};
    std::vector<std::string> renewed{}, closed{};

    Result<PushChannel> open_channel(const Context&, const PushRequest& request) override {
        opened.push_back(request);
        if (before_answer) before_answer(request);
        if (refusal) return *refusal;
        return PushChannel{chooses_ids ? "theirs-" + std::to_string(opened.size()) : request.id, resource, ends};
    }
    Result<PushChannel> renew_channel(const Context&, const PushChannel& channel, Instant until) override {
        renewed.push_back(channel.id);
        if (renewal) return *renewal;
        return PushChannel{channel.id, channel.resource, until};
    }
    Status close_channel(const Context&, const PushChannel& channel) override {
        closed.push_back(channel.id);
        return {};
    }
};

/// The connector in memory, with notifications.
class NotifyingConnector final : public Connector {
public:
    NotifyingConnector(memory::MemoryService& service, PushService& push, const std::function<void()>& in_the_middle)
        : inner_(service), push_(push), in_the_middle_(in_the_middle) {}

    Capabilities capabilities() const override { return inner_.capabilities(); }
    Result<Event> read_source(const std::string& source) const override { return inner_.read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context& c) override { return inner_.list_calendars(c); }
    Result<ChangeSet> fetch_changes(
        const Context& c, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        auto page = inner_.fetch_changes(c, calendar, since, known);
        if (in_the_middle_) in_the_middle_();
        return page;
    }
    Result<RemoteEvent> fetch_event(const Context& c, const Href& e) override { return inner_.fetch_event(c, e); }
    Result<RemoteEvent> find_event(const Context& c, const Href& calendar, const Uid& uid) override {
        return inner_.find_event(c, calendar, uid);
    }
    Result<WriteReceipt> create_event(const Context& c, const Href& calendar, const Event& e) override {
        auto receipt = inner_.create_event(c, calendar, e);
        if (in_the_middle_) in_the_middle_();
        return receipt;
    }
    Result<WriteReceipt> update_event(const Context& c, const Href& at, const Version& v, const Event& e) override {
        return inner_.update_event(c, at, v, e);
    }
    Status delete_event(const Context& c, const Href& e, const Version& v) override {
        return inner_.delete_event(c, e, v);
    }
    PushService* push() override { return &push_; }

private:
    memory::MemoryConnector inner_;
    PushService& push_;
    const std::function<void()>& in_the_middle_;
};

/// SmallBusiness at a service that notifies, with an engine that counts its passes.
struct NotifyingBusiness : SmallBusiness, ConnectorFactory {
    FakePush push{};
    std::function<void()> in_the_middle{};  ///< After the service did what it was asked, before its answer.
    std::mutex mutex{};
    std::condition_variable more{};
    int passes = 0;
    std::vector<std::string> lines{};
    std::unique_ptr<Engine> notified{};

    NotifyingBusiness() {
        push.ends = clock.now() + kChannelLife;
        Engine::Settings settings;
        settings.push_url = "https://cal.example.org";
        const auto log = [this](const std::string& line) {
            const std::lock_guard lock(mutex);
            lines.push_back(line);
            passes += line.starts_with("job=pass");
            more.notify_all();
        };
        notified =
            std::make_unique<Engine>(EngineParts{store, index, *this, zones, clock, random, keys, log}, settings);
        notified->load();
    }
    ~NotifyingBusiness() override { notified.reset(); }

    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(std::make_unique<NotifyingConnector>(service, push, in_the_middle));
    }
    /// Asked again after each line of the log, which comes after what it tells of. @return false when it does not come
    /// to that within ten seconds.
    bool wait_until(const std::function<bool()>& so) {
        std::unique_lock lock(mutex);
        return more.wait_for(lock, std::chrono::seconds(10), so);
    }
    bool wait_for_passes(int count) {
        return wait_until([&] { return passes >= count; });
    }
    std::vector<ChannelRecord> channels() const {
        return calgate::read(store, [](const Reader& r) { return r.push_channels(); });
    }
};

}  // namespace calgate::testing
