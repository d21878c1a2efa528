#include "core/icalendar_value.hpp"

#include <charconv>
#include <string>

#include "core/time.hpp"

namespace calgate {

using std::chrono::days;
using std::chrono::seconds;

std::optional<When> parse_ical_value(std::string_view text) {
    const bool utc = text.ends_with('Z');
    if (utc) text.remove_suffix(1);
    if (text.size() != 8 && text.size() != 15) return std::nullopt;
    std::string dashed =
        std::string(text.substr(0, 4)) + "-" + std::string(text.substr(4, 2)) + "-" + std::string(text.substr(6, 2));
    if (text.size() == 15) {
        const auto second = text.substr(13, 2) == "60" ? std::string("59") : std::string(text.substr(13, 2));
        dashed += std::string(1, text[8]) + std::string(text.substr(9, 2)) + ":" + std::string(text.substr(11, 2)) +
                  ":" + second;
    }
    const auto local = parse_local(dashed);
    if (!local) return std::nullopt;
    if (text.size() == 8) return When{When::Kind::Date, *local, {}};
    return When{utc ? When::Kind::Utc : When::Kind::Floating, *local, {}};
}

std::optional<IcalDuration> parse_ical_duration(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with('-')) return IcalDuration{};
    if (!text.starts_with('P')) return std::nullopt;
    text.remove_prefix(1);
    IcalDuration out;
    bool time = false;
    while (!text.empty()) {
        if (text[0] == 'T') {
            time = true;
            text.remove_prefix(1);
            continue;
        }
        long number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end == text.data() + text.size() || number > 1'000'000) return std::nullopt;
        const char unit = *end;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
        if (!time && unit == 'W')
            out.nominal += days{7 * number};
        else if (!time && unit == 'D')
            out.nominal += days{number};
        else if (time && unit == 'H')
            out.exact += std::chrono::hours{number};
        else if (time && unit == 'M')
            out.exact += std::chrono::minutes{number};
        else if (time && unit == 'S')
            out.exact += seconds{number};
        else
            return std::nullopt;
        out.timed = out.timed || time;
    }
    return out;
}

}  // namespace calgate
