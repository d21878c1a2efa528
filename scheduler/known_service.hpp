#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/carrier.hpp"
#include "core/connector.hpp"
#include "core/icalendar.hpp"
#include "core/identity.hpp"
#include "store/store.hpp"

/// A calendar service as a store knows it, for drills that call nobody.
namespace calgate {

/// The service as the store knows it. It takes every write, and lists what is known and what was written.
class KnownService {
public:
    KnownService(
        const Store& store, const Connector& living, const ZoneResolver& zones, const Clock& clock, Random& random
    )
        : store_(store), living_(living), zones_(zones), clock_(clock), random_(random) {}

    Capabilities capabilities() const {
        Capabilities offered = living_.capabilities();
        offered.incremental = offered.conditional_writes = true;
        offered.reads_back = false;
        return offered;
    }
    bool fails() {
        ++calls;
        return percent > 0 && random_.next() % 100 < static_cast<std::uint64_t>(percent);
    }
    /// The account's own texts, and those that the drill wrote.
    Result<Event> read_source(const std::string& source) const {
        auto event = living_.read_source(source);
        return event ? event : read_icalendar(source, {zones_, {}, {}});
    }
    std::vector<RemoteCalendar> calendars() const {
        std::vector<RemoteCalendar> out;
        store_.read([&](const Reader& reader) {
            for (const Calendar& row : reader.calendars()) out.push_back({row.href, row.name});
        });
        return out;
    }

    ChangeSet changes(const Href& calendar, bool everything) {
        ChangeSet page;
        page.next = SyncToken{"simulated"};
        page.snapshot = everything;
        for (auto& [href, object] : objects_) {
            if (object.calendar != calendar || (object.told && !everything)) continue;
            page.changed.push_back(remote(href, object));
            object.told = true;
        }
        if (!everything)
            page.removed = std::exchange(removed_[calendar.value], {});
        else
            add_known(calendar, page);
        return page;
    }
    Result<RemoteEvent> event(const Href& href) const {
        const auto found = objects_.find(href.value);
        if (found != objects_.end()) return remote(found->first, found->second);
        if (erased_.contains(href.value)) return kGone;
        return kNotKept;
    }
    Result<RemoteEvent> named(const Uid& uid) const {
        for (const auto& [href, object] : objects_)
            if (object.event.uid == uid) return remote(href, object);
        return kGone;
    }
    Result<WriteReceipt> create(const Href& calendar, const Event& event) {
        const Href href{calendar.value + "simulated/" + event.uid.value};
        if (objects_.contains(href.value)) return kTaken;
        return keep(href, calendar, event);
    }
    Result<WriteReceipt> update(const Href& href, const Event& event) { return keep(href, calendar_of(href), event); }
    void erase(const Href& href) {
        ++writes;
        removed_[calendar_of(href).value].push_back(href);
        objects_.erase(href.value);
        erased_.insert(href.value);
    }
    /// By appointment, those in a calendar that carry our mark.
    std::map<AppointmentId, std::vector<Event>> copies(const Href& calendar, const Keys& keys) const {
        std::map<AppointmentId, std::vector<Event>> out;
        for (const auto& [href, object] : objects_) {
            if (object.calendar != calendar) continue;
            Event event = object.event;
            take_from_notes(event);
            const auto mark = read_mark(event.mark, keys);
            if (mark) out[mark->appointment].push_back(std::move(event));
        }
        return out;
    }

    int percent = 0;  ///< Of the calls that fail.
    std::int64_t calls = 0, writes = 0;

private:
    struct Object {
        Href calendar{};
        Event event{};
        std::int64_t version = 0;
        bool told = false;
    };
    static RemoteEvent remote(const std::string& href, const Object& object) {
        return {Href{href}, Version{std::to_string(object.version)}, object.event, {}};
    }
    Result<WriteReceipt> keep(const Href& href, const Href& calendar, const Event& event) {
        const auto version = ++writes;
        Object object{calendar, event, version, false};
        object.event.source.clear();
        const auto text = write_icalendar(object.event, zones_, clock_.now());
        if (!text) return text.error();
        object.event.source = *text;
        objects_[href.value] = std::move(object);
        return WriteReceipt{href, Version{std::to_string(version)}};
    }
    Href calendar_of(const Href& href) const {
        const auto found = objects_.find(href.value);
        if (found != objects_.end()) return found->second.calendar;
        return read(store_, [&](const Reader& reader) {
            for (const Calendar& row : reader.calendars())
                if (row.marker == href || reader.mirror_by_href(row.id, href)) return row.href;
            return Href{};
        });
    }
    /// What stood there before the drill.
    void add_known(const Href& calendar, ChangeSet& page) const {
        std::set<std::string> known;
        store_.read([&](const Reader& reader) {
            for (const Calendar& row : reader.calendars()) {
                if (row.href != calendar) continue;
                if (row.marker) known.insert(row.marker->value);
                for (const Mirror& mirror : reader.mirrors_on(row.id))
                    if (mirror.href) known.insert(mirror.href->value);
                for (const auto& [href, version] : reader.cached_versions(row.id)) known.insert(href.value);
            }
        });
        for (const std::string& href : known)
            if (!objects_.contains(href) && !erased_.contains(href)) page.unchanged.push_back(Href{href});
    }

    inline static const Error kGone{ErrorCode::NotFound, "The drill wrote nothing there.", {}};
    inline static const Error kTaken{ErrorCode::AlreadyExists, "The drill wrote it before.", {}};
    inline static const Error kNotKept{ErrorCode::InvalidResponse, "The drill knows only that it is there.", {}};
    const Store& store_;
    const Connector& living_;
    const ZoneResolver& zones_;
    const Clock& clock_;
    Random& random_;
    std::map<std::string, Object> objects_{};
    std::set<std::string> erased_{};
    std::map<std::string, std::vector<Href>> removed_{};
};

/// One account's way to the known service.
class KnownConnector final : public Connector {
public:
    explicit KnownConnector(KnownService& service) : service_(service) {}

    Capabilities capabilities() const override { return service_.capabilities(); }
    Result<Event> read_source(const std::string& source) const override { return service_.read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override {
        if (service_.fails()) return kAway;
        return service_.calendars();
    }
    Result<ChangeSet>
    fetch_changes(const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion&)
        override {
        if (service_.fails()) return kAway;
        // What a token of the service's own would name is not known, and counts as nothing.
        return service_.changes(calendar, !since);
    }
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override {
        if (service_.fails()) return kAway;
        return service_.event(event);
    }
    Result<RemoteEvent> find_event(const Context&, const Href&, const Uid& uid) override {
        if (service_.fails()) return kAway;
        return service_.named(uid);
    }
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event& event) override {
        if (service_.fails()) return kAway;
        return service_.create(calendar, event);
    }
    Result<WriteReceipt> update_event(const Context&, const Href& href, const Version&, const Event& event) override {
        if (service_.fails()) return kAway;
        return service_.update(href, event);
    }
    Status delete_event(const Context&, const Href& href, const Version&) override {
        if (service_.fails()) return kAway;
        service_.erase(href);
        return {};
    }

private:
    inline static const Error kAway{ErrorCode::Unavailable, "A drill has cut this service off.", {}};
    KnownService& service_;
};

}  // namespace calgate
