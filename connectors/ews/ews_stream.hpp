#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ews/ews_session.hpp"
#include "core/hints.hpp"

namespace calgate::ews {

/// Cuts an answer that does not end into the envelopes that it is made of, wherever its pieces were cut.
class EnvelopeSplitter {
public:
    /// Much more than a notification of 200 subscriptions.
    static constexpr std::size_t kMaxEnvelope = 1024 * 1024;
    /// @return false when an envelope is larger than that; nothing more can be read then.
    bool add(std::string_view piece, const std::function<void(std::string_view envelope)>& each);

private:
    std::string begun_{};
    std::size_t searched_ = 0;  ///< No envelope ends before here.
};

/// What one envelope of a GetStreamingEvents answer says.
struct StreamNews {
    std::vector<std::string> folders{};  ///< Where something happened; both, for what was moved. Each once.
    bool anywhere = false;               ///< Something happened, in a folder that it does not name.
    bool closed = false;                 ///< ConnectionStatus Closed: the end of the answer.
    std::optional<Verdict> refused{};
};
/// An envelope that cannot be read says nothing: events are hints only.
StreamNews read_stream_news(std::string_view envelope);

/// Streaming notifications (Subscribe and GetStreamingEvents, Exchange 2010 SP1 and later) of some calendars of a
/// mailbox. A subscription is used again until the service does not know it any more.
class Streaming final : public HintService {
public:
    explicit Streaming(Session& session) : session_(session) {}
    Result<std::unique_ptr<HintStream>>
    listen(const Context&, const std::vector<Href>& calendars, std::shared_ptr<HintListener>) override;

private:
    struct Subscription;
    class Listener;
    class Open;
    Session& session_;
    std::shared_ptr<Subscription> subscription_{};
};

}  // namespace calgate::ews
