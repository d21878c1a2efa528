#pragma once

#include <memory>

#include "core/batch.hpp"
#include "tests/sim/seed_wall.hpp"

namespace calgate::seeds {

/// A connector behind a wall.
class WalledConnector final : public Connector, private BatchService {
public:
    WalledConnector(Wall& wall, std::unique_ptr<Connector> inner) : wall_(wall), inner_(std::move(inner)) {}

    Capabilities capabilities() const override { return inner_->capabilities(); }
    Result<Event> read_source(const std::string& source) const override { return inner_->read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override;
    Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override;
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override;
    Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid& uid) override;
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) override;
    Result<WriteReceipt> update_event(const Context&, const Href& event, const Version& if_match, const Event&)
        override;
    Status delete_event(const Context&, const Href& event, const Version& if_match) override;
    PushService* push() override { return wall_.channels(); }
    BatchService* batch() override { return wall_.around_.batches ? this : nullptr; }

private:
    std::size_t capacity() const override;
    /// As the service itself takes them together, where it does. Elsewhere each part meets faults of its own, and the
    /// process may end between two of them; then the whole answer may be cut off.
    std::vector<Result<WriteReceipt>> write_events(
        const Context&, const Href& calendar, const std::vector<EventWrite>& writes
    ) override;
    std::vector<Result<bool>> find_absent(const Context&, const Href& calendar, const std::vector<Uid>& uids) override;

    std::vector<Result<WriteReceipt>> write_together(
        const Context&, const Href& calendar, const std::vector<EventWrite>& writes
    );

    template <class Answer>
    using Call = std::function<Answer(Connector&, const Context&)>;

    template <class Answer>
    Answer read(const Context&, const Call<Answer>&);
    template <class Answer>
    Answer write(const Context&, const Href& calendar, const Call<Answer>&);
    template <class Answer>
    Answer perform(const Context&, const Href& calendar, const Call<Answer>&);
    bool is_used_up(const Texts& present, const Href& calendar, const Uid&) const;
    void break_after_update(const Href& event);
    /// For canaries.
    Event broken_before_create(Event);
    void break_page(ChangeSet&, bool incremental);
    void break_read(RemoteEvent&);

    Wall& wall_;
    std::unique_ptr<Connector> inner_;
};

}  // namespace calgate::seeds
