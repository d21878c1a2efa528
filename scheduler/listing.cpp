#include "scheduler/listing.hpp"

#include <algorithm>
#include <map>

namespace calgate {
namespace {

constexpr int kMaxPages = 10'000;
constexpr int kMaxFailuresInARow = 20;
constexpr std::chrono::seconds kLongestWait{900};

bool passes(ErrorCode code) {
    return code == ErrorCode::RateLimited || code == ErrorCode::Unavailable || code == ErrorCode::Timeout ||
           code == ErrorCode::InvalidResponse;
}

std::chrono::seconds wait_for(const Error& error, int failures) {
    if (error.retry_after) return std::min(*error.retry_after, kLongestWait);
    return std::chrono::seconds{1 << std::min(failures, 6)};
}

}  // namespace

Result<std::vector<RemoteEvent>> list_calendar(
    Connector& connector, const Clock& clock, const Href& calendar, const ListingOptions& options
) {
    std::map<Href, RemoteEvent> found;
    std::optional<SyncToken> since;
    int failures = 0;
    for (int pages = 0; pages < kMaxPages;) {
        const Context context{clock.steady() + options.call_timeout, options.stop};
        const auto page = connector.fetch_changes(context, calendar, since, [](const Href&) -> std::optional<Version> {
            return std::nullopt;
        });
        if (!page && page.error().code == ErrorCode::SyncTokenExpired && since && ++failures < kMaxFailuresInARow) {
            found.clear();
            since.reset();
            continue;
        }
        if (!page) {
            const bool again = options.wait && passes(page.error().code) && ++failures < kMaxFailuresInARow &&
                               options.wait(page.error(), wait_for(page.error(), failures));
            if (!again) return page.error();
            continue;
        }
        failures = 0;
        ++pages;
        for (const auto& event : page->changed) found[event.href] = event;
        for (const auto& href : page->removed) found.erase(href);
        for (const auto& href : page->unread) found[href] = {href, std::nullopt, {}, "Its content did not come."};
        if (options.progress) options.progress(found.size());
        if (!page->more) {
            std::vector<RemoteEvent> out;
            out.reserve(found.size());
            for (auto& [href, event] : found) out.push_back(std::move(event));
            return out;
        }
        if (!page->next || page->next == since) break;
        since = page->next;
    }
    return Error{ErrorCode::InvalidResponse, "The listing did not come to an end. Try again later.", {}};
}

}  // namespace calgate
