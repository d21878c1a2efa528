#include "connectors/http/http_date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace calgate::http {

namespace {

constexpr std::chrono::seconds kMaxRetryAfter{3600};

}  // namespace

std::optional<Instant> http_date(const std::string& text) {
    int day = 0, year = 0, hour = 0, minute = 0, second = 0;
    std::array<char, 4> month{};
    if (std::sscanf(
            text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month.data(), &year, &hour, &minute, &second
        ) != 6)
        return std::nullopt;
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto at = kMonths.find(month.data());
    if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year(year),
        std::chrono::month(static_cast<unsigned>(at / 3 + 1)),
        std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

std::optional<std::chrono::seconds> retry_after(const std::string& header, Instant now) {
    long seconds = 0;
    const char* const end = header.data() + header.size();
    if (const auto [at, failure] = std::from_chars(header.data(), end, seconds); failure == std::errc{} && at == end)
        return std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kMaxRetryAfter);
    const auto when = http_date(header);
    if (!when) return std::nullopt;
    return std::clamp(*when - now, std::chrono::seconds(0), kMaxRetryAfter);
}

}  // namespace calgate::http
