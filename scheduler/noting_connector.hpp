#pragma once

#include <utility>
#include <vector>

#include "core/forwarding_connector.hpp"
#include "scheduler/preview.hpp"

namespace calgate {

/// Reads at the service, and answers every write as if it had been done. Nothing is written there.
class NotingConnector final : public ForwardingConnector {
public:
    using Noted =
        std::vector<std::pair<PlannedWrite::Kind, std::string>>;  ///< With the uid; of a deletion the address.

    NotingConnector(Connector& living, Noted& noted) : ForwardingConnector(living), noted_(noted) {}

    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event& event) override {
        noted_.emplace_back(PlannedWrite::Kind::Create, event.uid.value);
        return WriteReceipt{Href{calendar.value + event.uid.value}, std::nullopt};
    }
    Result<WriteReceipt> update_event(const Context&, const Href& href, const Version&, const Event& event) override {
        noted_.emplace_back(PlannedWrite::Kind::Update, event.uid.value);
        return WriteReceipt{href, std::nullopt};
    }
    Status delete_event(const Context&, const Href& event, const Version&) override {
        noted_.emplace_back(PlannedWrite::Kind::Delete, event.value);
        return {};
    }
    PushService* push() override { return nullptr; }
    BatchService* batch() override { return nullptr; }
    HintService* hints() override { return nullptr; }  // A stream of its own would end the living one.

private:
    Noted& noted_;
};

}  // namespace calgate
