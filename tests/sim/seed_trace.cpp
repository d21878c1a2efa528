#include "tests/sim/seed_trace.hpp"

#include <array>

#include "core/batch.hpp"

namespace calgate::seeds {

namespace {

template <class Identifier>
std::string text_of(const std::optional<Identifier>& given) {
    return given ? given->value : "-";
}
std::string text_of(const std::optional<Instant>& at) { return at ? format_instant(*at) : "-"; }

std::string told(const Error& error) { return std::string(to_string(error.code)) + " " + error.detail; }
std::string told(const RemoteEvent& event) {
    return event.href.value + " " + text_of(event.version) + " " + event.event.source + event.unreadable.value_or("");
}
std::string told(const WriteReceipt& receipt) { return receipt.href.value + " " + text_of(receipt.version); }
std::string told(const std::vector<RemoteCalendar>& calendars) {
    std::string all;
    for (const auto& calendar : calendars) all += calendar.href.value + "\n";
    return all;
}
std::string told(const ChangeSet& page) {
    std::string all = page.snapshot ? "everything" : "news";
    for (const auto& event : page.changed) all += "\nchanged " + told(event);
    for (const auto& href : page.removed) all += "\nremoved " + href.value;
    for (const auto& href : page.unchanged) all += "\nunchanged " + href.value;
    for (const auto& href : page.unread) all += "\nunread " + href.value;
    return all + "\nnext " + text_of(page.next) + (page.more ? " more" : "");
}
std::string told(bool absent) { return absent ? "absent" : "there"; }

template <class Value>
std::string told(const Result<Value>& answer) {
    return answer ? told(*answer) : told(answer.error());
}
std::string told(const Status& answer) { return answer ? "done" : told(answer.error()); }

/// A text that one call of the gateway wrote: its source alone does not say what was to change.
std::string written(const Event& event) {
    const auto shown = [](const When& when) { return format_local(when.local) + when.zone; };
    return event.uid.value + " " + event.master.title + " " + shown(event.master.start) + " " +
           shown(event.master.end) + " " + event.mark + " " + event.capsule;
}

class TracedConnector final : public Connector, private BatchService {
public:
    TracedConnector(std::unique_ptr<Connector> inner, Trace& trace) : inner_(std::move(inner)), trace_(trace) {}

    Capabilities capabilities() const override { return inner_->capabilities(); }
    Result<Event> read_source(const std::string& source) const override { return inner_->read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
        trace_.add("list calendars");
        return answered(inner_->list_calendars(context));
    }
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        trace_.add("fetch changes " + calendar.value + " since " + text_of(since));
        return answered(inner_->fetch_changes(context, calendar, since, known));
    }
    Result<RemoteEvent> fetch_event(const Context& context, const Href& event) override {
        trace_.add("fetch " + event.value);
        return answered(inner_->fetch_event(context, event));
    }
    Result<RemoteEvent> find_event(const Context& context, const Href& calendar, const Uid& uid) override {
        trace_.add("find " + uid.value + " in " + calendar.value);
        return answered(inner_->find_event(context, calendar, uid));
    }
    Result<WriteReceipt> create_event(const Context& context, const Href& calendar, const Event& event) override {
        trace_.add("create in " + calendar.value + " " + written(event));
        return answered(inner_->create_event(context, calendar, event));
    }
    Result<WriteReceipt> update_event(
        const Context& context, const Href& href, const Version& if_match, const Event& event
    ) override {
        trace_.add("update " + href.value + " at " + if_match.value + " " + written(event));
        return answered(inner_->update_event(context, href, if_match, event));
    }
    Status delete_event(const Context& context, const Href& event, const Version& if_match) override {
        trace_.add("delete " + event.value + " at " + if_match.value);
        return answered(inner_->delete_event(context, event, if_match));
    }
    PushService* push() override { return inner_->push(); }
    BatchService* batch() override { return inner_->batch() ? this : nullptr; }

private:
    std::size_t capacity() const override { return inner_->batch()->capacity(); }
    std::vector<Result<WriteReceipt>> write_events(
        const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
    ) override {
        for (const auto& one : writes)
            trace_.add(
                "write " + std::to_string(static_cast<int>(one.kind)) + " in " + calendar.value + " " + one.href.value +
                " at " + one.if_match.value + " " + written(one.event)
            );
        auto answers = inner_->batch()->write_events(context, calendar, writes);
        for (const auto& answer : answers) trace_.add(told(answer));
        return answers;
    }
    std::vector<Result<bool>> find_absent(const Context& context, const Href& calendar, const std::vector<Uid>& uids)
        override {
        for (const auto& uid : uids) trace_.add("is absent " + uid.value + " in " + calendar.value);
        auto answers = inner_->batch()->find_absent(context, calendar, uids);
        for (const auto& answer : answers) trace_.add(told(answer));
        return answers;
    }

    template <class Answer>
    Answer answered(Answer answer) {
        trace_.add(told(answer));
        return answer;
    }

    std::unique_ptr<Connector> inner_;
    Trace& trace_;
};

}  // namespace

void Trace::mix(std::string_view bytes) {
    constexpr std::uint64_t kPrime = 0x100000001b3;
    for (const char byte : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * kPrime;
    hash_ = (hash_ ^ 0xff) * kPrime;  // Where one ends counts, too.
}

void Trace::mix(std::uint64_t number) { mix(std::to_string(number)); }

void Trace::add(std::string_view what) {
    mix(what);
    mix(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
    mix(static_cast<std::uint64_t>(clock_.steady().time_since_epoch().count()));
}

void Trace::add_rows(const Reader& reader) {
    for (const auto& appointment : reader.appointments({}, 10'000)) {
        add("appointment " + appointment.id.value + " " + appointment.title + " " + format_local(appointment.start));
        mix(static_cast<std::uint64_t>(appointment.revision));
    }
    for (const auto& calendar : reader.calendars()) {
        add("calendar " + calendar.id.value + " " + to_string(calendar.state) + " " + text_of(calendar.sync_token) +
            " " + text_of(calendar.as_of) + " " + text_of(calendar.marker_written));
        for (const auto& mirror : reader.mirrors_on(calendar.id)) {
            add("mirror " + mirror.uid.value + " " + text_of(mirror.href) + " " + text_of(mirror.version) + " " +
                to_string(mirror.state) + " " + text_of(mirror.missing_since) + " " + text_of(mirror.not_before) + " " +
                mirror.remote_text);
            mix(static_cast<std::uint64_t>(mirror.wanted));
            mix(static_cast<std::uint64_t>(mirror.confirmed));
        }
        for (const auto& event : reader.cached_events(calendar.id)) add("cached " + event.href.value + event.text);
    }
    for (const auto& conflict : reader.conflicts(false))
        add("conflict " + std::to_string(conflict.id) + " " + conflict.why + text_of(conflict.resolved));
}

void Trace::add_commit(const Reader& reader) {
    const auto head = reader.audit_at(reader.last_change());
    add("commit " + std::to_string(reader.last_change()) + " " + (head ? head->link : ""));
}

std::string Trace::hash() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(hash_ >> shift) & 15U];
    return text;
}

std::unique_ptr<Connector> traced(std::unique_ptr<Connector> inner, Trace& trace) {
    return std::make_unique<TracedConnector>(std::move(inner), trace);
}

}  // namespace calgate::seeds
