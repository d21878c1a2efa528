#include <algorithm>

#include "core/time.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::seconds kKeepAlive{45};
constexpr const char* kStillOpen = "<m:ConnectionStatus>OK</m:ConnectionStatus>";
constexpr const char* kClosed = "<m:ConnectionStatus>Closed</m:ConnectionStatus>";
/// Lengths of pieces, in turn: an answer may be cut anywhere.
constexpr std::size_t kCuts[] = {1, 300, 7, 64, 2, 1500, 11};

std::vector<std::string> subscription_ids(const Element& request) {
    std::vector<std::string> out;
    for (const Element& id : request.child("SubscriptionIds").children) out.push_back(id.text);
    return out;
}

class SimStream final : public http::OpenStream {
public:
    explicit SimStream(std::shared_ptr<EwsStream> stream) : stream_(std::move(stream)) {}
    ~SimStream() override { stream_->listener.reset(); }
    SimStream(const SimStream&) = delete;
    SimStream& operator=(const SimStream&) = delete;

private:
    std::shared_ptr<EwsStream> stream_;
};

}  // namespace

void EwsSim::State::flush() {
    for (const auto& stream : streams)
        for (const std::string& id : stream->subscriptions) {
            const auto found = subscriptions.find(id);
            if (found == subscriptions.end() || found->second.waiting.empty()) continue;
            std::string events;
            for (const std::string& event : found->second.waiting) events += event;
            found->second.waiting.clear();
            // Servers say it in the namespace of the messages, whatever the schema says.
            say(*stream,
                "<m:Notifications><m:Notification><t:SubscriptionId>" + id + "</t:SubscriptionId>" + events +
                    "</m:Notification></m:Notifications>");
        }
}

void EwsSim::State::say(EwsStream& stream, const std::string& inside, const std::string& code) {
    const std::string body = ews_envelope("GetStreamingEvents", response_message("GetStreamingEvents", code, inside));
    stream.last_word = clock.steady();
    for (std::size_t at = 0; at < body.size() && stream.listener;) {
        const std::size_t size = kCuts[stream.cuts++ % std::size(kCuts)];
        if (!stream.listener->piece(std::string_view(body).substr(at, size)))
            end(stream, Error{ErrorCode::Cancelled, "The client heard enough.", {}});
        at += size;
    }
}

/// A subscription is told over the newest connection that asks for it; the one before ends.
void EwsSim::State::end_others(const EwsStream& newest) {
    for (const auto& stream : std::vector(streams)) {
        const bool shared = std::any_of(newest.subscriptions.begin(), newest.subscriptions.end(), [&](const auto& id) {
            const auto& theirs = stream->subscriptions;
            return std::find(theirs.begin(), theirs.end(), id) != theirs.end();
        });
        if (!shared || !stream->listener) continue;
        say(*stream, kClosed, "ErrorNewEventStreamConnectionOpened");
        end(*stream, ews_answer(200, "", {}));
    }
    std::erase_if(streams, [](const auto& one) { return !one->listener; });
}

void EwsSim::State::end(EwsStream& stream, const Result<http::Response>& how) {
    const auto listener = std::exchange(stream.listener, nullptr);
    if (listener) listener->ended(how);
}

Result<std::unique_ptr<http::OpenStream>> EwsSim::
    open_stream(const http::Request& request, std::shared_ptr<http::StreamListener> listener, const http::StreamLimits&) {
    State& state = *state_;
    auto stream = std::make_shared<EwsStream>();
    stream->listener = std::move(listener);
    auto handle = std::make_unique<SimStream>(stream);
    const auto over = [&](const Result<http::Response>& how) -> Result<std::unique_ptr<http::OpenStream>> {
        state.end(*stream, how);
        return std::unique_ptr<http::OpenStream>(std::move(handle));
    };
    if (state.down) return over(Error{ErrorCode::Unavailable, "No connection to mail.corp.example.", {}});
    state.exchanges.push_back(request);
    const auto admitted = state.admitted(request);
    if (const auto* const refused = std::get_if<Result<http::Response>>(&admitted)) return over(*refused);
    const Element& asked = std::get<Element>(admitted).child("Body").children.front();
    if (asked.name != "GetStreamingEvents" || !state.quirks.streams)
        return over(ews_answer(500, ews_fault("ErrorInvalidRequest"), request.url));
    int minutes = 0;
    try {
        minutes = number_of(asked.word("ConnectionTimeout"), 1, 30, 30);
    } catch (const EwsRefusal& refusal) {
        return over(ews_answer(500, ews_fault(refusal.code), request.url));
    }
    std::erase_if(state.streams, [](const auto& one) { return !one->listener; });
    const auto bad = [&](const std::string& code, const std::string& inside) {
        state.say(*stream, inside + kClosed, code);
        return over(ews_answer(200, "", request.url));
    };
    if (state.streams.size() >= state.quirks.most_streams) return bad("ErrorExceededConnectionCount", "");
    stream->subscriptions = subscription_ids(asked);
    for (const std::string& id : stream->subscriptions)
        if (!state.subscriptions.contains(id) || state.subscriptions.at(id).pull)
            return bad(
                "ErrorInvalidSubscription",
                "<m:ErrorSubscriptionIds><m:SubscriptionId>" + xml_text(id) +
                    "</m:SubscriptionId></m:ErrorSubscriptionIds>"
            );
    state.end_others(*stream);
    stream->opened = state.clock.steady();
    stream->longest = std::chrono::minutes(minutes);
    state.streams.push_back(stream);
    state.most_streams = std::max(state.most_streams, state.streams.size());
    state.say(*stream, kStillOpen);
    state.flush();
    return std::unique_ptr<http::OpenStream>(std::move(handle));
}

void EwsSim::pass_time() {
    State& state = *state_;
    const SteadyInstant now = state.clock.steady();
    for (const auto& stream : std::vector(state.streams)) {
        if (!stream->listener) continue;
        if (now - stream->opened >= stream->longest) {
            state.say(*stream, kClosed);
            state.end(*stream, ews_answer(200, "", url()));
        } else if (now - stream->last_word >= kKeepAlive) {
            state.say(*stream, kStillOpen);
        }
    }
    std::erase_if(state.streams, [](const auto& one) { return !one->listener; });
}

void EwsSim::cut_streams() {
    for (const auto& stream : std::exchange(state_->streams, {}))
        state_->end(*stream, Error{ErrorCode::InvalidResponse, "The answer broke off.", {}});
}

void EwsSim::forget_subscriptions() {
    state_->subscriptions.clear();
    for (const auto& stream : std::exchange(state_->streams, {})) {
        std::string ids;
        for (const std::string& id : stream->subscriptions)
            ids += "<m:SubscriptionId>" + xml_text(id) + "</m:SubscriptionId>";
        state_->say(
            *stream,
            "<m:ErrorSubscriptionIds>" + ids + "</m:ErrorSubscriptionIds>" + kClosed,
            "ErrorInvalidSubscription"
        );
        state_->end(*stream, ews_answer(200, "", url()));
    }
}

void EwsSim::tell_again(const std::string& folder) {
    EwsItem nothing;
    nothing.id = "AAMk-nothing-is-there";
    nothing.folder = folder;
    nothing.gone = true;
    state_->tell(nothing);
}

std::size_t EwsSim::open_streams() const {
    return static_cast<std::size_t>(std::count_if(state_->streams.begin(), state_->streams.end(), [](const auto& one) {
        return one->listener != nullptr;
    }));
}

std::size_t EwsSim::most_streams() const { return state_->most_streams; }

}  // namespace calgate::testing
