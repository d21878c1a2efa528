#include "tests/sim/seed_connector.hpp"

#include <algorithm>

namespace calgate::seeds {

namespace {

using std::chrono::seconds;

void drop_version(Result<WriteReceipt>& answer) {
    if (answer) answer->version.reset();
}
void drop_version(Status&) {}
void drop_version(Result<std::vector<Result<WriteReceipt>>>& answers) {
    if (!answers) return;
    for (auto& answer : *answers) drop_version(answer);
}

Error no_event() { return {ErrorCode::NotFound, "There is no such event any more.", {}}; }

}  // namespace

template <class Answer>
Answer WalledConnector::read(const Context& context, const Call<Answer>& call) {
    if (auto error = wall_.refused(false, false)) return *error;
    Answer answer = call(*inner_, context);
    wall_.around_.crash.point();
    if (wall_.take(Fault::CutAnswer)) return Error{ErrorCode::InvalidResponse, "The answer broke off.", {}};
    return answer;
}

template <class Answer>
Answer WalledConnector::perform(const Context& context, const Href& calendar, const Call<Answer>& call) {
    ++wall_.around_.statistics.writes;
    const auto before = wall_.host_.texts(calendar);
    Answer answer = call(*inner_, context);
    const auto after = wall_.host_.texts(calendar);
    wall_.around_.witness.wrote(calendar, before, after);
    return answer;
}

template <class Answer>
Answer WalledConnector::write(const Context& context, const Href& calendar, const Call<Answer>& call) {
    if (wall_.take(Fault::AppliedLater)) {
        auto& clock = wall_.around_.clock;
        const seconds late(wall_.around_.random.between(30, 840));
        // Within the consistency window, as services promise it.
        wall_.late_.push_back({clock.steady() + late, calendar, [call, &clock](Connector& connector) {
                                   static_cast<void>(call(connector, {clock.steady() + seconds(60), {}}));
                               }});
        return wall_.timeout();
    }
    Answer answer = perform(context, calendar, call);
    if (wall_.take(Fault::Twice)) {
        Answer second = perform(context, calendar, call);
        if (wall_.around_.random.one_in(2)) answer = std::move(second);
    }
    wall_.stand_still();
    wall_.around_.crash.point();
    if (wall_.take(Fault::TimeoutApplied)) return wall_.timeout();
    if (wall_.take(Fault::CutAnswer)) return Error{ErrorCode::InvalidResponse, "The answer broke off.", {}};
    if (wall_.take(Fault::NoVersion)) drop_version(answer);
    return answer;
}

Result<std::vector<RemoteCalendar>> WalledConnector::list_calendars(const Context& context) {
    return read<Result<std::vector<RemoteCalendar>>>(context, [](Connector& inner, const Context& c) {
        return inner.list_calendars(c);
    });
}

Result<ChangeSet> WalledConnector::fetch_changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    const bool between_pages = since && wall_.paging_.contains(calendar.value);
    if (between_pages && wall_.take(Fault::ChangeBetweenPages)) wall_.around_.person(calendar);
    if (since && wall_.take(Fault::DeadToken))
        return Error{ErrorCode::SyncTokenExpired, "The token is no longer accepted.", {}};
    const bool stands_still = since && !between_pages && wall_.around_.random.one_in(2);
    if (stands_still && wall_.take(Fault::LaggingReads)) {
        ChangeSet nothing;
        nothing.next = since;
        wall_.around_.witness.listed(calendar, wall_.around_.clock.now());
        return nothing;
    }
    auto page = read<Result<ChangeSet>>(context, [&](Connector& inner, const Context& c) {
        return inner.fetch_changes(c, calendar, since, known);
    });
    if (!page) return page;
    if (wall_.lag(*page) && since) {
        page->next = since;
        page->more = false;
    }
    wall_.spoil(*page, calendar);
    break_page(*page, since.has_value());
    for (const auto& event : page->changed) wall_.around_.witness.delivered(event);
    wall_.around_.witness.told_gone(calendar, *page);
    if (!page->more) wall_.around_.witness.listed(calendar, wall_.around_.clock.now());
    wall_.stand_still();
    return page;
}

void WalledConnector::break_page(ChangeSet& page, bool incremental) {
    const Canary canary = wall_.around_.canary;
    if (canary == Canary::AbsenceIsDeletion && page.snapshot && !page.unchanged.empty()) {
        wall_.hidden_ = page.unchanged.front().value;
        page.removed.push_back(page.unchanged.front());
        page.unchanged.erase(page.unchanged.begin());
    }
    if (canary == Canary::TokenBeforePage && incremental && !page.snapshot) page.changed.clear();
    for (auto& event : page.changed) break_read(event);
}

void WalledConnector::break_read(RemoteEvent& remote) {
    const Canary canary = wall_.around_.canary;
    if (canary == Canary::None || remote.unreadable) return;
    const auto mark = read_mark(remote.event.mark, wall_.around_.keys);
    if (!mark) return;
    if (canary == Canary::MarkerIgnored && mark->appointment.value == "marker")
        wall_.markers_.insert_or_assign(remote.href.value, remote);
    // Without it the engine cannot tell what it wrote over from an edit.
    if (canary == Canary::EchoAsEdit) remote.event.capsule.clear();
    if (canary == Canary::IdIgnored)
        remote.event.uid = wall_.names_.emplace(remote.event.mark, remote.event.uid).first->second;
    if (canary == Canary::EditAsEcho && remote.event.master.title.starts_with("By hand")) {
        if (const auto written = open_capsule(remote.event.capsule, wall_.around_.keys))
            remote.event.master.title = written->title;
    }
}

Result<RemoteEvent> WalledConnector::fetch_event(const Context& context, const Href& event) {
    if (wall_.hidden_ == event.value) return no_event();
    const auto* before = wall_.lagging(event);
    if (before) wall_.take(Fault::LaggingReads);
    auto answer = read<Result<RemoteEvent>>(context, [&](Connector& inner, const Context& c) -> Result<RemoteEvent> {
        if (!before) return inner.fetch_event(c, event);
        if (!before->event) return no_event();
        return *before->event;
    });
    if (answer) break_read(*answer);
    if (answer) wall_.around_.witness.delivered(*answer);
    const bool gone = !answer && answer.error().code == ErrorCode::NotFound;
    if (const auto marker = wall_.markers_.find(event.value); gone && marker != wall_.markers_.end())
        return marker->second;
    return answer;
}

Result<RemoteEvent> WalledConnector::find_event(const Context& context, const Href& calendar, const Uid& uid) {
    const Wall::Before* before = nullptr;
    for (const auto& [href, one] : wall_.before_) {
        if (one.uid == uid && wall_.host_.calendar_of(Href{href}) == calendar) before = wall_.lagging(Href{href});
    }
    if (before) wall_.take(Fault::LaggingReads);
    auto answer = read<Result<RemoteEvent>>(context, [&](Connector& inner, const Context& c) -> Result<RemoteEvent> {
        if (!before) return inner.find_event(c, calendar, uid);
        if (!before->event) return no_event();
        return *before->event;
    });
    if (answer && wall_.hidden_ == answer->href.value) return no_event();
    if (answer) break_read(*answer);
    if (answer) wall_.around_.witness.delivered(*answer);
    return answer;
}

bool WalledConnector::is_used_up(const Texts& present, const Href& calendar, const Uid& uid) const {
    const auto place = wall_.host_.place_of(calendar, uid);
    return wall_.names_burn_ && wall_.names_used_.contains(uid.value) && place && !present.contains(place->value);
}

Event WalledConnector::broken_before_create(Event event) {
    const Canary canary = wall_.around_.canary;
    if (!read_mark(event.mark, wall_.around_.keys)) return event;
    const bool again = !wall_.tried_.insert(event.uid.value).second;
    if (canary == Canary::RetryBlindly && again) event.uid.value += "r";
    if (canary == Canary::ShowTooMuch) {
        if (const auto appointment = open_capsule(event.capsule, wall_.around_.keys))
            event.master.notes += appointment->customer;
    }
    return event;
}

Result<WriteReceipt> WalledConnector::create_event(const Context& context, const Href& calendar, const Event& given) {
    using Answer = Result<WriteReceipt>;
    if (auto error = wall_.refused(true, true)) return *error;
    const Event event = wall_.around_.canary == Canary::None ? given : broken_before_create(given);
    if (is_used_up(wall_.host_.texts(calendar), calendar, event.uid)) {
        wall_.around_.statistics.fire(Fault::NameUsedUp);
        return Error{ErrorCode::AlreadyExists, "This name was used before.", {}};
    }
    const auto place = wall_.host_.place_of(calendar, event.uid);
    if (wall_.around_.canary == Canary::SwallowCreate && place) return WriteReceipt{*place, Version{"swallowed"}};
    if (place) wall_.remember_before(*inner_, *place, event.uid);
    auto answer = write<Answer>(
        context,
        calendar,
        [calendar, event, wall = &wall_](Connector& inner, const Context& c) -> Answer {
            auto receipt = inner.create_event(c, calendar, event);
            if (receipt) wall->names_used_.insert(event.uid.value);
            return receipt;
        }
    );
    if (answer && !place) wall_.remember_absent(answer->href, event.uid);
    if (answer && wall_.around_.canary == Canary::EchoDuplicate) {
        Event echo = event;
        echo.uid.value = "echo" + event.uid.value;
        static_cast<void>(perform<Answer>(context, calendar, [&](Connector& inner, const Context& c) {
            return inner.create_event(c, calendar, echo);
        }));
    }
    return answer;
}

std::vector<Result<WriteReceipt>> WalledConnector::write_events(
    const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
) {
    if (inner_->batch()) return write_together(context, calendar, writes);
    std::vector<Result<WriteReceipt>> outcomes;
    for (const EventWrite& write : writes) outcomes.push_back(write_alone(*this, context, calendar, write));
    if (wall_.take(Fault::CutAnswer))
        for (auto& outcome : outcomes) outcome = Error{ErrorCode::InvalidResponse, "The answer broke off.", {}};
    return outcomes;
}

std::size_t WalledConnector::capacity() const {
    constexpr std::size_t kMost = 5;
    return inner_->batch() ? std::min(kMost, inner_->batch()->capacity()) : kMost;
}

std::vector<Result<WriteReceipt>> WalledConnector::write_together(
    const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
) {
    using Answer = Result<std::vector<Result<WriteReceipt>>>;
    if (auto error = wall_.refused(true, true)) return std::vector<Result<WriteReceipt>>(writes.size(), *error);
    for (const EventWrite& one : writes) {
        if (one.kind == EventWrite::Kind::Create) {
            if (const auto place = wall_.host_.place_of(calendar, one.event.uid))
                wall_.remember_before(*inner_, *place, one.event.uid);
            continue;
        }
        if (wall_.take(Fault::EditWhileWriting)) wall_.around_.person(one.href);
        wall_.remember_before(*inner_, one.href, one.event.uid);
    }
    auto answer = write<Answer>(context, calendar, [calendar, writes](Connector& inner, const Context& c) -> Answer {
        return inner.batch()->write_events(c, calendar, writes);
    });
    if (!answer) return std::vector<Result<WriteReceipt>>(writes.size(), answer.error());
    for (std::size_t i = 0; i < writes.size(); ++i)
        if (writes[i].kind == EventWrite::Kind::Create && (*answer)[i])
            wall_.remember_absent((*answer)[i]->href, writes[i].event.uid);
    return std::move(*answer);
}

std::vector<Result<bool>> WalledConnector::find_absent(
    const Context& context, const Href& calendar, const std::vector<Uid>& uids
) {
    if (inner_->batch()) {
        using Answer = Result<std::vector<Result<bool>>>;
        auto answer = read<Answer>(context, [&](Connector& inner, const Context& c) -> Answer {
            return inner.batch()->find_absent(c, calendar, uids);
        });
        if (!answer) return std::vector<Result<bool>>(uids.size(), answer.error());
        for (const auto& [href, before] : wall_.before_)
            for (std::size_t i = 0; i < uids.size(); ++i)
                if (before.uid == uids[i] && wall_.lagging(Href{href}) && !before.event) (*answer)[i] = true;
        return std::move(*answer);
    }
    std::vector<Result<bool>> outcomes;
    for (const Uid& uid : uids) outcomes.push_back(absent_alone(*this, context, calendar, uid));
    return outcomes;
}

Result<WriteReceipt> WalledConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    using Answer = Result<WriteReceipt>;
    if (auto error = wall_.refused(true, true)) return *error;
    if (wall_.take(Fault::EditWhileWriting)) wall_.around_.person(href);
    wall_.remember_before(*inner_, href, event.uid);
    const Href calendar = wall_.host_.calendar_of(href);
    const auto texts = wall_.host_.texts(calendar);
    if (const auto found = texts.find(href.value); found != texts.end()) wall_.first_text_.emplace(*found);
    auto answer = write<Answer>(
        context,
        calendar,
        [href, if_match, event, canary = wall_.around_.canary](Connector& inner, const Context& c) -> Answer {
            auto receipt = inner.update_event(c, href, if_match, event);
            if (receipt || receipt.error().code != ErrorCode::VersionMismatch) return receipt;
            const bool plays = canary == Canary::SwallowMismatch || canary == Canary::BlindOverwrite;
            if (!plays) return receipt;
            const auto present = inner.fetch_event(c, href);
            if (!present || !present->version) return receipt;
            if (canary == Canary::SwallowMismatch) return WriteReceipt{href, present->version};
            return inner.update_event(c, href, *present->version, event);
        }
    );
    if (answer) break_after_update(href);
    return answer;
}

void WalledConnector::break_after_update(const Href& event) {
    const Href calendar = wall_.host_.calendar_of(event);
    const auto before = wall_.host_.texts(calendar);
    if (wall_.around_.canary == Canary::OldRevision) wall_.host_.put(event, wall_.first_text_.at(event.value));
    if (wall_.around_.canary == Canary::TouchForeign) {
        const auto foreign = std::find_if(before.begin(), before.end(), [](const auto& entry) {
            return entry.second.find("UID:foreign-") != std::string::npos;
        });
        if (foreign != before.end()) wall_.host_.put(Href{foreign->first}, foreign->second + "\r\n");
    }
    const auto after = wall_.host_.texts(calendar);
    if (before != after) wall_.around_.witness.wrote(calendar, before, after);
}

Status WalledConnector::delete_event(const Context& context, const Href& href, const Version& if_match) {
    if (auto error = wall_.refused(true, false)) return *error;
    if (wall_.take(Fault::EditWhileWriting)) wall_.around_.person(href);
    wall_.remember_before(*inner_, href, {});
    const Href calendar = wall_.host_.calendar_of(href);
    return write<Status>(context, calendar, [href, if_match](Connector& inner, const Context& c) {
        return inner.delete_event(c, href, if_match);
    });
}

}  // namespace calgate::seeds
