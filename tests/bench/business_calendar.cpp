#include "tests/bench/business_calendar.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <random>

namespace calgate::bench {
namespace {

constexpr std::array<const char*, 6> kZones = {
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"};

std::string stamp(int day, int minute) {
    using namespace std::chrono;
    const year_month_day date{sys_days{year{2026} / January / 1} + days{day}};
    std::array<char, 32> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "%04d%02u%02uT%02d%02d00",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        minute / 60,
        minute % 60
    );
    return text.data();
}

}  // namespace

std::vector<std::string> business_calendar(std::size_t events, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::string> objects;
    objects.reserve(events);
    for (std::size_t i = 0; i < events; ++i) {
        const int kind = static_cast<int>(random() % 100);
        const int day = static_cast<int>(random() % 730);
        const int minute = static_cast<int>(random() % 40) * 15 + 480;
        const std::string zone = kZones.at(random() % kZones.size());
        const std::string name = zone == "UTC" ? "" : ";TZID=" + zone;
        const std::string suffix = zone == "UTC" ? "Z" : "";
        const std::string uid = "bench-" + std::to_string(seed) + "-" + std::to_string(i);
        std::string body = "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Event " +
                           std::to_string(i) + "\r\n";
        std::string detached;
        if (kind >= 70 && kind < 80) {
            body += "DTSTART;VALUE=DATE:" + stamp(day, 0).substr(0, 8) +
                    "\r\nDTEND;VALUE=DATE:" + stamp(day + 1, 0).substr(0, 8) + "\r\n";
        } else {
            body += "DTSTART" + name + ":" + stamp(day, minute) + suffix + "\r\nDTEND" + name + ":" +
                    stamp(day, minute + 45) + suffix + "\r\n";
        }
        if (kind >= 80) body += (random() % 3) == 0 ? "RRULE:FREQ=DAILY;COUNT=40\r\n" : "RRULE:FREQ=WEEKLY\r\n";
        if (kind >= 95) {
            body += "EXDATE" + name + ":" + stamp(day + 7, minute) + suffix + "\r\n";
            detached = "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID" + name + ":" +
                       stamp(day + 14, minute) + suffix + "\r\nDTSTART" + name + ":" + stamp(day + 14, minute + 60) +
                       suffix + "\r\nDTEND" + name + ":" + stamp(day + 14, minute + 105) + suffix +
                       "\r\nSUMMARY:Moved\r\nEND:VEVENT\r\n";
        }
        if (random() % 10 == 0) body += "TRANSP:TRANSPARENT\r\n";
        objects.push_back(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n" + body + "END:VEVENT\r\n" + detached +
            "END:VCALENDAR\r\n"
        );
    }
    return objects;
}

}  // namespace calgate::bench
