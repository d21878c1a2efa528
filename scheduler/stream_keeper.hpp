#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/clock.hpp"
#include "core/hints.hpp"
#include "core/model.hpp"
#include "core/stream_pace.hpp"

namespace calgate {

/// Keeps one connection per account open over which its service tells that something happened (EWS:
/// GetStreamingEvents). Nothing is stored: after a restart they are opened anew. Any thread; a service never holds
/// another account up.
class StreamKeeper {
public:
    /// What a stream causes: the calendar is to be read, or, when it ended, its account wants a turn.
    enum class Cause : std::uint8_t { Changed, Ended };
    using Wake = std::function<void(const CalendarId&, Cause)>;
    /// EWS lets a user keep ten (HangingConnectionLimit), those of the user's other programs included.
    static constexpr int kMostPerSignIn = 6;

    /// @param wake called by any thread, with no lock of a caller held. @param log one line per opening and end.
    StreamKeeper(const Clock&, Wake wake, std::function<void(const std::string&)> log);
    ~StreamKeeper();
    StreamKeeper(const StreamKeeper&) = delete;
    StreamKeeper& operator=(const StreamKeeper&) = delete;

    struct Kept {
        bool opened = false;  ///< What changed before is not told: the calendars are to be read once more.
        std::optional<SteadyInstant> again{};  ///< Another turn is wanted then.
    };
    /// Opens what is due. Only by the thread that has the account's turn. A failure is logged and tried again later;
    /// polling covers the gap.
    Kept keep(const Context&, Connector&, const Account&, const std::map<Href, CalendarId>& calendars);
    /// Ends the streams of all accounts but these.
    void close_others(const std::set<AccountId>& kept);
    std::size_t open() const;

private:
    class Ear;
    struct Line {
        Account account{};  ///< As it was when the stream was opened; what changes of it opens another one.
        std::map<Href, CalendarId> calendars{};
        StreamPace pace{};
        std::shared_ptr<Ear> ear{};
        std::unique_ptr<HintStream> stream{};
    };
    /// @return whether the line's stream is open; one that ended is put away.
    bool looked_after(Line&);
    int open_of(const Account&) const;
    void log(const AccountId&, const std::string& what) const;

    const Clock& clock_;
    const Wake wake_;
    const std::function<void(const std::string&)> log_;
    mutable std::mutex mutex_{};                          ///< Never held during a call to a service.
    std::map<AccountId, std::shared_ptr<Line>> lines_{};  ///< Shared: one at work outlives its removal.
};

}  // namespace calgate
