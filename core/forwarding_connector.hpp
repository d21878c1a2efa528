#pragma once

#include "core/connector.hpp"

namespace calgate {

/// Hands every call on to another connector, notifications and batches included. What derives from it changes a few.
class ForwardingConnector : public Connector {
public:
    /// @param inner outlives this.
    explicit ForwardingConnector(Connector& inner) : inner_(inner) {}
    /// A copy would pass by what the copied one changes: give the copied one as a Connector& instead.
    ForwardingConnector(const ForwardingConnector&) = delete;
    ForwardingConnector& operator=(const ForwardingConnector&) = delete;

    Capabilities capabilities() const override { return inner_.capabilities(); }
    Result<Event> read_source(const std::string& source) const override { return inner_.read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
        return inner_.list_calendars(context);
    }
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        return inner_.fetch_changes(context, calendar, since, known);
    }
    Result<RemoteEvent> fetch_event(const Context& context, const Href& event) override {
        return inner_.fetch_event(context, event);
    }
    Result<RemoteEvent> find_event(const Context& context, const Href& calendar, const Uid& uid) override {
        return inner_.find_event(context, calendar, uid);
    }
    Result<WriteReceipt> create_event(const Context& context, const Href& calendar, const Event& event) override {
        return inner_.create_event(context, calendar, event);
    }
    Result<WriteReceipt> update_event(
        const Context& context, const Href& href, const Version& if_match, const Event& event
    ) override {
        return inner_.update_event(context, href, if_match, event);
    }
    Status delete_event(const Context& context, const Href& href, const Version& if_match) override {
        return inner_.delete_event(context, href, if_match);
    }
    PushService* push() override { return inner_.push(); }
    HintService* hints() override { return inner_.hints(); }
    BatchService* batch() override { return inner_.batch(); }

protected:
    Connector& inner_;
};

}  // namespace calgate
