#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/availability.hpp"
#include "core/model.hpp"
#include "core/zone.hpp"
#include "store/store.hpp"

namespace calgate {

/// A calendar feed that a phone subscribes to by an address with a token in it. The token itself is kept nowhere.
struct Feed {
    std::string id{};    ///< The first characters of `hash`.
    std::string hash{};  ///< Hex SHA-256 of the token.
    StaffId staff{};
    std::string label{};
    bool full = false;  ///< With the appointments' titles, places and notes; otherwise only when the person is busy.
    Instant created{};
    bool operator==(const Feed&) const = default;
};

/// Setting that holds all feeds, as JSON.
inline constexpr const char* kFeeds = "feeds";
inline constexpr std::size_t kMostFeeds = 1000;

std::vector<Feed> read_feeds(const Reader&);
void write_feeds(Writer&, const std::vector<Feed>&);

/// The feeds that can be read, in memory. Any thread.
class FeedRing {
public:
    explicit FeedRing(std::vector<Feed> feeds) : feeds_(std::move(feeds)) {}
    /// Every feed is compared, each in constant time.
    std::optional<Feed> find(std::string_view token) const;
    void replace(std::vector<Feed> feeds);

private:
    mutable std::mutex mutex_{};
    std::vector<Feed> feeds_;  ///< Under mutex_.
};

/// What a feed shows, and how old it is.
struct FeedText {
    std::string body{};   ///< iCalendar; says in X-CALGATE-AS-OF and DESCRIPTION how old it is.
    std::string etag{};   ///< Weak: the same for the same events, whatever their age.
    std::string as_of{};  ///< Of the oldest source; "unknown" when one was never read.
};

/// @param appointments with their intervals, shown in a full feed only. @param window what is shown of the person's
/// time. A busy-only feed holds no name of a person, customer, service or calendar.
FeedText
feed_text(const Feed&, const PersonBusy&, const std::vector<std::pair<Appointment, Interval>>& appointments, Interval window, Instant now, const ZoneResolver&);

/// Whether If-None-Match names the tag (RFC 9110 13.1.2, weak comparison).
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace calgate
