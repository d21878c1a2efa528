#pragma once

#include <map>
#include <set>

#include "core/batch.hpp"
#include "core/carrier.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {

/// What a calendar service does to what is written into it.
struct Habits {
    bool drops_mark = false;
    std::size_t capsule_limit = 1'000'000;  ///< Longer ones are cut.
    std::size_t notes_limit = 1'000'000;
    bool refuses_long = false;  ///< Longer ones are refused instead.
    bool forgets_free = false;
    bool no_version = false;
    bool wrong_version = false;
    bool burns_names = false;
    bool no_events_then = false;  ///< Takes nothing that early.
    int sign_in_tries = 1;
    bool dies_after_create = false;
    bool reads_lag = false;
    std::set<Href> without_content{};  ///< A listing names these, and what they say does not come.
    std::set<Uid> hidden{};            ///< Reads do not show these, nor will a listing name them.
    int blind_reads = 0;               ///< So many readings of a new event do not see it.
    bool takes_any_version = false;
    bool writes_together = false;  ///< Takes several writes in one call, each as it takes it alone.
};

/// The service in memory, with habits.
class HabitualConnector final : public Connector, private BatchService {
public:
    HabitualConnector(memory::MemoryService& service, Habits& habits, std::set<Uid>& burnt)
        : inner_(service), habits_(habits), burnt_(burnt) {}

    Capabilities capabilities() const override {
        Capabilities offered = inner_.capabilities();
        offered.sign_in_tries = habits_.sign_in_tries;
        return offered;
    }
    Result<Event> read_source(const std::string& source) const override { return inner_.read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context& c) override { return inner_.list_calendars(c); }
    Result<ChangeSet> fetch_changes(
        const Context& c, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        auto page = inner_.fetch_changes(c, calendar, since, known);
        if (!page) return page;
        std::erase_if(page->changed, [&](const RemoteEvent& event) {
            const bool unread = habits_.without_content.contains(event.href);
            if (unread) page->unread.push_back(event.href);
            return unread || hides(event.event.uid);
        });
        return page;
    }
    Result<RemoteEvent> fetch_event(const Context& c, const Href& event) override {
        if (habits_.without_content.contains(event)) return Error{ErrorCode::Unavailable, "Not now.", {}};
        if (habits_.reads_lag || readings_[event.value]++ < habits_.blind_reads)
            return Error{ErrorCode::NotFound, "Not shown yet.", {}};
        return inner_.fetch_event(c, event);
    }
    Result<RemoteEvent> find_event(const Context& c, const Href& calendar, const Uid& uid) override {
        if (hides(uid)) return Error{ErrorCode::NotFound, "Not shown yet.", {}};
        return inner_.find_event(c, calendar, uid);
    }
    Result<WriteReceipt> create_event(const Context& c, const Href& calendar, const Event& given) override {
        Event event = given;
        if (burnt_.contains(event.uid)) return Error{ErrorCode::AlreadyExists, "The name is used up.", {}};
        const bool early = event.master.start.local < SmallBusiness::at(1, 0) - std::chrono::hours{24 * 365 * 20};
        if (habits_.no_events_then && early) return Error{ErrorCode::Rejected, "Too early.", {}};
        if (event.capsule.size() > habits_.capsule_limit) {
            if (habits_.refuses_long) return Error{ErrorCode::Rejected, "Too long.", {}};
            event.capsule.resize(habits_.capsule_limit);
        }
        if (habits_.drops_mark) event.mark.clear();
        if (habits_.drops_mark) event.capsule.clear();
        if (event.master.notes.size() > habits_.notes_limit) event.master.notes.resize(habits_.notes_limit);
        if (habits_.forgets_free) event.master.transparency = Transparency::Opaque;
        auto receipt = inner_.create_event(c, calendar, event);
        if (habits_.dies_after_create) throw StoreFailure("killed");
        if (receipt && habits_.burns_names) burnt_.insert(event.uid);
        if (receipt && habits_.no_version) receipt->version.reset();
        if (receipt && habits_.wrong_version) receipt->version = Version{"\"wrong\""};
        return receipt;
    }
    Result<WriteReceipt> update_event(const Context& c, const Href& href, const Version& v, const Event& event)
        override {
        if (!habits_.takes_any_version) return inner_.update_event(c, href, v, event);
        const auto current = inner_.fetch_event(c, href);
        return current ? inner_.update_event(c, href, *current->version, event) : current.error();
    }
    Status delete_event(const Context& c, const Href& href, const Version& v) override {
        return inner_.delete_event(c, href, v);
    }

    BatchService* batch() override { return habits_.writes_together ? this : nullptr; }

private:
    std::size_t capacity() const override { return 10; }
    std::vector<Result<WriteReceipt>> write_events(
        const Context& c, const Href& calendar, const std::vector<EventWrite>& writes
    ) override {
        std::vector<Result<WriteReceipt>> out;
        for (const EventWrite& write : writes) out.push_back(write_alone(*this, c, calendar, write));
        return out;
    }
    std::vector<Result<bool>> find_absent(const Context& c, const Href& calendar, const std::vector<Uid>& uids)
        override {
        std::vector<Result<bool>> out;
        for (const Uid& uid : uids) out.push_back(absent_alone(*this, c, calendar, uid));
        return out;
    }
    bool hides(const Uid& uid) const { return habits_.hidden.contains(uid); }

    memory::MemoryConnector inner_;
    Habits& habits_;
    std::set<Uid>& burnt_;
    std::map<std::string, int> readings_{};
};

struct HabitualFactory final : ConnectorFactory {
    HabitualFactory(memory::MemoryService& given, Habits& with) : service(given), habits(with) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return reading_notes(std::make_unique<HabitualConnector>(service, habits, burnt));
    }
    memory::MemoryService& service;
    Habits& habits;
    std::set<Uid> burnt{};
};

}  // namespace calgate::testing
