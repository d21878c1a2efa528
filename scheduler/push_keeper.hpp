#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/push_plan.hpp"
#include "store/store.hpp"

namespace calgate {

/// What a notification says about itself. Nothing of it is believed but its secret (I24).
struct PushNote {
    enum class News : std::uint8_t { Opened, Changed, Missed, Removed, Reauthorize };
    std::string_view channel{};   ///< Id of the channel.
    std::string_view secret{};    ///< That PushRequest::secret was.
    std::string_view resource{};  ///< Empty where the service sends none.
    News news = News::Changed;
};

/// Whether notifications of this calendar are missing, or about to end, because its service does not renew them.
bool is_channel_late(const Reader&, const CalendarId&);

/// Keeps one channel per calendar open, in the store and in memory. Any thread.
class PushKeeper {
public:
    /// @param url public https address of this gateway, without a slash at its end; empty: no notifications are asked
    /// for. @param log one line per call to a service.
    PushKeeper(Store&, const Clock&, Random&, std::string url, std::function<void(const std::string&)> log);

    /// Reads the store; before anything else.
    void load();
    /// Opens, prolongs, replaces and closes what is due for this calendar. Only by the thread that has the account's
    /// turn. A failure is logged and tried again later; polling covers the gap.
    /// @param kind of the account; notifications come to `url` + "/hooks/" + kind.
    /// @return a channel was opened: what changed since the last read is told by another read only.
    bool keep(const Context&, Connector&, const CalendarId&, const Href&, const std::string& kind, bool wanted);
    /// Ends every channel of a calendar that leaves, whether or not the service agrees. @param connector null: it
    /// cannot be asked. @return why the service may notify on until the channel ends by itself; here that is refused
    /// from now on.
    Status end(const Context&, Connector* connector, const CalendarId&);
    /// Whether keep() would do anything.
    bool has_work(const CalendarId&, bool wanted) const;
    std::vector<CalendarId> calendars_with_channels() const;
    /// Writes down what notifications said of their channels since this was called last, so that it outlives the
    /// process. @throw StoreFailure; then it is written with the next call.
    void save();
    /// Memory only, until save(); the secret is compared in constant time. @return the calendar that the channel
    /// belongs to.
    std::optional<CalendarId> accept(const PushNote&);

private:
    using Records = std::map<std::string, ChannelRecord>;

    std::vector<ChannelRecord> records_of(const CalendarId&) const;
    void put(const ChannelRecord&);
    void forget(const std::string& key);
    Status take(const PushStep&, const Context&, PushService&, const CalendarId&, const Href&, const std::string& kind);
    Status open(const Context&, PushService&, const CalendarId&, const Href&, const std::string& kind);
    Status renew(const Context&, PushService&, ChannelRecord);
    void postpone(const CalendarId&, const Error&);
    /// Keeps whether the calendar's channel could not be opened or prolonged when that was last due.
    void note_late(const CalendarId&, bool late);

    Store& store_;
    const Clock& clock_;
    Random& random_;
    const std::string url_;
    const std::function<void(const std::string&)> log_;
    mutable std::mutex mutex_{};     ///< Never held during a call: Graph asks us before it answers (its handshake).
    Records records_{};              ///< By key.
    std::set<std::string> heard_{};  ///< Keys of records that are not yet written as they are here.
    std::map<CalendarId, Instant> not_before_{};
};

}  // namespace calgate
