#include "core/time.hpp"

#include <algorithm>
#include <array>

namespace calgate {
namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    using namespace std::chrono;
    const auto y = digits(text, 0, 4);
    const auto m = digits(text, 5, 2);
    const auto d = digits(text, 8, 2);
    if (!y || !m || !d || text[4] != '-' || text[7] != '-') return std::nullopt;
    const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
    if (!date.ok() || *y < 1) return std::nullopt;
    return sys_days{date};
}

/// Answers hold thousands of times: digits put in place take a tenth of what a format string does.
void put_two(char* at, unsigned value) {
    at[0] = static_cast<char>('0' + value / 10 % 10);
    at[1] = static_cast<char>('0' + value % 10);
}

std::array<char, 20> midnight_of(std::chrono::sys_days day) {
    const std::chrono::year_month_day date{day};
    const auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999));
    std::array<char, 20> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0',
                              'T', '0', '0', ':', '0', '0', ':', '0', '0', 'Z'};
    put_two(&text[0], year / 100);
    put_two(&text[2], year);
    put_two(&text[5], static_cast<unsigned>(date.month()));
    put_two(&text[8], static_cast<unsigned>(date.day()));
    return text;
}

/// "YYYY-MM-DDTHH:MM:SSZ"; years outside 0 to 9999 are shown as the nearest of them.
std::array<char, 20> digits_of(std::chrono::sys_seconds time) {
    using namespace std::chrono;
    // Answers name hundreds of instants, and most lie on the day of the one before.
    thread_local sys_days last{};
    thread_local std::array<char, 20> last_text = midnight_of(last);
    const auto midnight = floor<days>(time);
    const auto seconds = static_cast<unsigned>((time - midnight).count());
    if (midnight != last) {
        last = midnight;
        last_text = midnight_of(midnight);
    }
    std::array<char, 20> text = last_text;
    put_two(&text[11], seconds / 3600);
    put_two(&text[14], seconds / 60 % 60);
    put_two(&text[17], seconds % 60);
    return text;
}

}  // namespace

std::optional<LocalSeconds> parse_local(std::string_view text) {
    using namespace std::chrono;
    if (text.size() != 10 && text.size() != 16 && text.size() != 19) return std::nullopt;
    const auto date = parse_day(text);
    if (!date) return std::nullopt;
    const LocalSeconds midnight{date->time_since_epoch()};
    if (text.size() == 10) return midnight;
    const auto hour = digits(text, 11, 2);
    const auto minute = digits(text, 14, 2);
    const auto second = text.size() == 19 ? digits(text, 17, 2) : std::optional<int>{0};
    if (text[10] != 'T' || text[13] != ':' || (text.size() == 19 && text[16] != ':')) return std::nullopt;
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return midnight + hours{*hour} + minutes{*minute} + seconds{*second};
}

std::string format_local(LocalSeconds local) { return {digits_of(Instant{local.time_since_epoch()}).data(), 19}; }
std::string format_date(LocalSeconds local) { return {digits_of(Instant{local.time_since_epoch()}).data(), 10}; }

std::optional<Instant> parse_instant(std::string_view text) {
    using namespace std::chrono;
    if (text.size() < 20) return std::nullopt;
    const auto local = parse_local(text.substr(0, 19));
    if (!local) return std::nullopt;
    const Instant as_utc{local->time_since_epoch()};
    const std::string_view offset = text.substr(19);
    if (offset == "Z" || offset == "z") return as_utc;
    if (offset.size() != 6 || (offset[0] != '+' && offset[0] != '-') || offset[3] != ':') return std::nullopt;
    const auto hour = digits(offset, 1, 2);
    const auto minute = digits(offset, 4, 2);
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    const seconds ahead = hours{*hour} + minutes{*minute};
    return offset[0] == '+' ? as_utc - ahead : as_utc + ahead;
}

std::string format_instant(Instant instant) { return {digits_of(instant).data(), 20}; }
void append_instant(std::string& out, Instant instant) { out.append(digits_of(instant).data(), 20); }

}  // namespace calgate
