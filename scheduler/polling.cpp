#include "scheduler/polling.hpp"

#include <algorithm>

namespace calgate {
namespace {

constexpr int kHour = 60;
constexpr int kNightBegins = 22 * kHour, kNightEnds = 6 * kHour;
constexpr WorkingHours kUsual{7 * kHour, 21 * kHour};

}  // namespace

std::chrono::seconds poll_interval(const Staff& staff, LocalSeconds local, const PollTimes& times) {
    using namespace std::chrono;
    const auto day = floor<days>(local);
    const int minute = static_cast<int>(duration_cast<minutes>(local - day).count());
    const bool unlimited =
        std::all_of(staff.week.begin(), staff.week.end(), [](const auto& hours) { return hours.empty(); });
    const auto works_at = [&](const WorkingHours& hours, int margin) {
        return minute >= hours.start_minute - margin && minute < hours.end_minute + margin;
    };
    if (unlimited && works_at(kUsual, 0)) return times.busy;
    const auto& today = staff.week.at(weekday{day}.iso_encoding() - 1);
    if (std::any_of(today.begin(), today.end(), [&](const WorkingHours& h) { return works_at(h, kHour); }))
        return times.busy;
    return minute >= kNightBegins || minute < kNightEnds ? times.night : times.idle;
}

}  // namespace calgate
