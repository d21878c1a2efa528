#include <cstring>

#include "store/sqlite/rows.hpp"

namespace calgate::sqlite {

namespace {
constexpr std::size_t kPackedInterval = 17;
}

std::string pack(const std::vector<BusyInterval>& intervals) {
    std::string out(intervals.size() * kPackedInterval, '\0');
    char* at = out.data();
    for (const BusyInterval& interval : intervals) {
        const std::int64_t start = interval.start.time_since_epoch().count();
        const std::int64_t end = interval.end.time_since_epoch().count();
        std::memcpy(at, &start, 8);
        std::memcpy(at + 8, &end, 8);
        at[16] = static_cast<char>(interval.kind);
        at += kPackedInterval;
    }
    return out;
}

std::vector<BusyInterval> unpack(std::string_view bytes) {
    if (bytes.size() % kPackedInterval != 0)
        throw StoreFailure("A row of the store has a wrong length; bring back a backup.");
    std::vector<BusyInterval> out(bytes.size() / kPackedInterval);
    const char* at = bytes.data();
    for (BusyInterval& interval : out) {
        std::int64_t start = 0;
        std::int64_t end = 0;
        std::memcpy(&start, at, 8);
        std::memcpy(&end, at + 8, 8);
        interval = {
            Instant{std::chrono::seconds{start}},
            Instant{std::chrono::seconds{end}},
            at[16] ? BusyKind::Tentative : BusyKind::Busy};
        at += kPackedInterval;
    }
    return out;
}

}  // namespace calgate::sqlite
