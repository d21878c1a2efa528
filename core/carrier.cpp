#include "core/carrier.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/forwarding_connector.hpp"

namespace calgate {

namespace {

constexpr std::string_view kLine = "-- calgate, please leave this line: ";

/// Where the line begins; npos: there is none.
std::size_t line_in(const std::string& notes) {
    const auto at = notes.rfind(kLine);
    return at == 0 || (at != std::string::npos && notes[at - 1] == '\n') ? at : std::string::npos;
}

class NotesReader final : public ForwardingConnector {
public:
    explicit NotesReader(std::unique_ptr<Connector> inner) : ForwardingConnector(*inner), owned_(std::move(inner)) {}

    Result<Event> read_source(const std::string& source) const override {
        auto event = inner_.read_source(source);
        if (event) take_from_notes(*event);
        return event;
    }
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        auto changes = inner_.fetch_changes(context, calendar, since, known);
        if (changes)
            for (RemoteEvent& remote : changes->changed) take_from_notes(remote.event);
        return changes;
    }
    Result<RemoteEvent> fetch_event(const Context& context, const Href& event) override {
        return with_mark(inner_.fetch_event(context, event));
    }
    Result<RemoteEvent> find_event(const Context& context, const Href& calendar, const Uid& uid) override {
        return with_mark(inner_.find_event(context, calendar, uid));
    }

private:
    static Result<RemoteEvent> with_mark(Result<RemoteEvent> remote) {
        if (remote) take_from_notes(remote->event);
        return remote;
    }
    std::unique_ptr<Connector> owned_;
};

}  // namespace

void carry_in_notes(Event& event) {
    if (event.mark.empty()) return;
    std::string& notes = event.master.notes;
    if (!notes.empty()) notes += '\n';
    notes += std::string(kLine) + event.mark + (event.capsule.empty() ? "" : " " + event.capsule);
    event.mark.clear();
    event.capsule.clear();
}

void take_from_notes(Event& event) {
    std::string& notes = event.master.notes;
    const auto at = event.mark.empty() ? line_in(notes) : std::string::npos;
    if (at == std::string::npos) return;
    const auto end = std::min(notes.find_first_of("\r\n", at), notes.size());
    const std::string words = notes.substr(at + kLine.size(), end - at - kLine.size());
    const auto space = std::min(words.find(' '), words.size());
    event.mark = words.substr(0, space);
    if (space < words.size())
        event.capsule = words.substr(space + 1, words.find_first_of(" \t", space + 1) - space - 1);
    notes.erase(at == 0 ? 0 : at - 1, end - (at == 0 ? 0 : at - 1));
}

std::unique_ptr<Connector> reading_notes(std::unique_ptr<Connector> inner) {
    return std::make_unique<NotesReader>(std::move(inner));
}

}  // namespace calgate
