#include "connectors/ews/ews_stream.hpp"

#include <algorithm>
#include <atomic>
#include <map>

#include "connectors/ews/ews_items.hpp"
#include "connectors/ews/ews_requests.hpp"

namespace calgate::ews {

namespace {

/// Shorter than the longest that is allowed, as proxies cut what lasts.
constexpr int kMinutes = 29;
constexpr std::size_t kMaxRefusal = 64 * 1024;

bool is_event(const Element& element) { return element.name.ends_with("Event") && element.name != "StatusEvent"; }

void add_folder(const Element& event, std::string_view name, StreamNews& out) {
    const std::string& id = event.child(name).attribute("Id");
    const bool known = std::find(out.folders.begin(), out.folders.end(), id) != out.folders.end();
    if (!id.empty() && !known) out.folders.push_back(id);
}

void read_event(const Element& event, StreamNews& out) {
    const std::size_t before = out.folders.size();
    add_folder(event, "ParentFolderId", out);
    add_folder(event, "OldParentFolderId", out);
    const bool named = event.has("ParentFolderId") || event.has("OldParentFolderId");
    if (out.folders.size() == before && !named) out.anywhere = true;
}

}  // namespace

bool EnvelopeSplitter::add(std::string_view piece, const std::function<void(std::string_view)>& each) {
    constexpr std::string_view kName = "Envelope";
    begun_ += piece;
    std::size_t begin = 0, at = begun_.find(kName, searched_);
    for (; at != std::string::npos; at = begun_.find(kName, searched_)) {
        const std::size_t end = begun_.find('>', at + kName.size());
        if (end == std::string::npos) break;
        searched_ = end + 1;
        // "</s:Envelope >", whatever the prefix.
        const std::size_t tag = begun_.rfind('<', at);
        if (tag == std::string::npos || tag < begin || begun_.compare(tag, 2, "</") != 0) continue;
        each(std::string_view(begun_).substr(begin, searched_ - begin));
        begin = searched_;
    }
    // The name itself may be cut.
    if (at == std::string::npos && begun_.size() > kName.size())
        searched_ = std::max(searched_, begun_.size() - kName.size());
    begun_.erase(0, begin);
    searched_ -= begin;
    return begun_.size() <= kMaxEnvelope;
}

StreamNews read_stream_news(std::string_view envelope) {
    StreamNews out;
    const std::size_t first = envelope.find('<');
    const auto root = parse_xml(envelope.substr(std::min(first, envelope.size())));
    if (!root) return out;
    if (const Element* const fault = root->find("Fault")) {
        out.refused = verdict_of_fault(*fault);
        return out;
    }
    const Element* const response = root->find("GetStreamingEventsResponse");
    if (!response) return out;
    for (const Element* message : messages_of(*response)) {
        const Verdict verdict = verdict_of(*message);
        if (!verdict.success()) out.refused = verdict;
        out.closed = out.closed || message->word("ConnectionStatus") == "Closed";
        for (const Element& notification : message->child("Notifications").children)
            for (const Element& event : notification.children)
                if (is_event(event)) read_event(event, out);
    }
    return out;
}

struct Streaming::Subscription {
    std::string id{};
    std::vector<std::string> folders{};
    std::atomic<bool> dead = false;  ///< Set by the thread that hears so.
};

/// Between the transport and whoever listens for hints.
class Streaming::Listener final : public http::StreamListener {
public:
    Listener(
        std::shared_ptr<HintListener> hints,
        std::map<std::string, Href> calendars,
        std::shared_ptr<Subscription> subscription,
        Session::Refusals refusals
    )
        : hints_(std::move(hints)),
          calendars_(std::move(calendars)),
          subscription_(std::move(subscription)),
          refusals_(std::move(refusals)) {}

    bool piece(std::string_view bytes) override {
        return splitter_.add(bytes, [this](std::string_view envelope) { hear(read_stream_news(envelope)); }) && !over_;
    }
    void ended(const Result<http::Response>& response) override {
        if (!over_ && response && response->status != 200) error_ = refusals_.of(*response);
        hints_->ended(error_ ? Status{*error_} : Status{});
    }

private:
    void hear(const StreamNews& news) {
        for (const auto& [folder, href] : calendars_) {
            const bool named = std::find(news.folders.begin(), news.folders.end(), folder) != news.folders.end();
            if (named || news.anywhere) hints_->changed(href);
        }
        over_ = over_ || news.closed || news.refused;
        if (!news.refused) return;
        // Another subscription is made at once; everything else is a refusal.
        subscription_->dead = true;
        if (!is_dead_subscription(*news.refused)) error_ = refusals_.of(*news.refused);
    }

    std::shared_ptr<HintListener> hints_;
    std::map<std::string, Href> calendars_;
    std::shared_ptr<Subscription> subscription_;
    Session::Refusals refusals_;
    EnvelopeSplitter splitter_{};
    bool over_ = false;
    std::optional<Error> error_{};
};

class Streaming::Open final : public HintStream {
public:
    explicit Open(std::unique_ptr<http::OpenStream> stream) : stream_(std::move(stream)) {}

private:
    std::unique_ptr<http::OpenStream> stream_;
};

Result<std::unique_ptr<HintStream>> Streaming::listen(
    const Context& context, const std::vector<Href>& calendars, std::shared_ptr<HintListener> hints
) {
    std::map<std::string, Href> by_folder;
    std::vector<std::string> folders;
    for (const Href& calendar : calendars) {
        const std::string folder = folder_in(calendar);
        if (!folder.empty() && by_folder.emplace(folder, calendar).second) folders.push_back(folder);
    }
    if (folders.empty()) return Error{ErrorCode::Unsupported, "No calendar here can be subscribed to.", {}};
    if (!subscription_ || subscription_->dead || subscription_->folders != folders) {
        const Ask ask{Call::Read, "Subscribe", subscribe_streaming(folders), {}};
        CALGATE_TRY(const Element message, session_.ask_one(context, ask));
        const std::string id = message.word("SubscriptionId");
        if (id.empty())
            return Error{ErrorCode::InvalidResponse, "The Exchange server did not name its subscription.", {}};
        subscription_ = std::make_shared<Subscription>();
        subscription_->id = id;
        subscription_->folders = folders;
    }
    const Ask ask{Call::Read, "GetStreamingEvents", get_streaming_events(subscription_->id, kMinutes), {}};
    CALGATE_TRY(http::Request request, session_.request(context, ask));
    request.max_response_bytes = kMaxRefusal;
    request.headers.emplace(request.headers.begin(), "X-PreferServerAffinity", "true");
    // The connector may be gone when the answer ends, so nothing of it is held.
    auto listener =
        std::make_shared<Listener>(std::move(hints), std::move(by_folder), subscription_, session_.refusals(ask));
    CALGATE_TRY(
        auto stream,
        session_.transport().open_stream(
            request, std::move(listener), {http::StreamLimits{}.silence, std::chrono::minutes(kMinutes + 1)}
        )
    );
    return std::unique_ptr<HintStream>(std::make_unique<Open>(std::move(stream)));
}

}  // namespace calgate::ews
