#pragma once

#include "store/erase.hpp"

namespace calgate {

/// How long what names customers is kept; 0: for ever.
struct Retention {
    std::chrono::days customers{0};  ///< Words of an appointment, after it ended.
    std::chrono::days versions{0};   ///< Revisions that were replaced, so also how far back undo reaches.
    std::chrono::days words{0};      ///< Reasons and personal fields in the change feed.
    std::chrono::days answers{7};    ///< Under an Idempotency-Key.
    bool operator==(const Retention&) const = default;
};

/// What `calgate init` writes into a new configuration. A gateway that was set up before keeps everything until it is
/// told otherwise.
inline constexpr Retention kRetentionOfNew{std::chrono::days{1095}, std::chrono::days{365}, std::chrono::days{1095}};

struct RetentionReport {
    int nameless = 0;  ///< Appointments whose words were taken out; their copies are rewritten.
    std::int64_t versions = 0;
    std::int64_t words = 0;
    std::vector<CalendarId> targets{};  ///< To wake.
};
/// Removes what has had its time, a few appointments a transaction, a bounded number a call; the next call goes on.
RetentionReport apply_retention(const EraseParts&, const Retention&);

}  // namespace calgate
