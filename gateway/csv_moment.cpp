#include "gateway/csv_moment.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <map>

namespace calgate {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

/// "December 2, 2020 9:00 am" to "2020-12-2 9:00 am"; anything else as it is.
std::string with_number_of_month(std::string_view text) {
    static constexpr std::array kMonths = {
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
    std::array<char, 16> name{};
    int day = 0, year = 0, used = 0;
    const std::string copy(text.substr(0, 60));
    const int got = std::sscanf(copy.c_str(), "%15[A-Za-z] %2d, %4d%n", name.data(), &day, &year, &used);
    const auto month = std::find(kMonths.begin(), kMonths.end(), lower(std::string(name.data()).substr(0, 3)));
    if (got != 3 || used == 0 || month == kMonths.end() || year < 1000 || day < 1) return std::string(text);
    const auto number = month - kMonths.begin() + 1;
    return std::to_string(year) + "-" + std::to_string(number) + "-" + std::to_string(day) +
           copy.substr(static_cast<std::size_t>(used));
}

/// "2026-12-01", "01/12/2026", "1.12.2026" as the order says, to "2026-12-01".
std::optional<std::string> date_from(std::string_view text, const std::string& order) {
    std::array<int, 3> parts{};
    std::array<std::size_t, 3> digits{};
    std::size_t at = 0;
    for (const char c : text) {
        if (std::isdigit(static_cast<unsigned char>(c))) {
            parts.at(at) = parts.at(at) * 10 + (c - '0');
            if (++digits.at(at) > 4) return std::nullopt;
        } else if ((c != '-' && c != '/' && c != '.') || ++at > 2) {
            return std::nullopt;
        }
    }
    const std::string used = digits[0] == 4 ? "ymd" : order;
    std::map<char, int> named;
    for (std::size_t i = 0; i < 3; ++i) named[used.at(i)] = parts.at(i);
    if (at != 2 || digits.at(used.find('y')) != 4) return std::nullopt;
    std::array<char, 40> out{};
    std::snprintf(out.data(), out.size(), "%04d-%02d-%02d", named['y'], named['m'], named['d']);
    return out.data();
}

/// "9:00", "09:00:00", "1:30 PM" to "09:00:00".
std::optional<std::string> time_from(std::string text) {
    text = lower(std::move(text));
    int later = -1;
    if (text.size() > 2 && text.ends_with('m')) {
        later = text[text.size() - 2] == 'p' ? 12 : text[text.size() - 2] == 'a' ? 0 : -1;
        if (later < 0) return std::nullopt;
        text.resize(text.size() - 2);
        while (text.ends_with(' ')) text.pop_back();
    }
    int hour = -1, minute = -1, second = 0;
    char rest = 0;
    const int got = std::sscanf(text.c_str(), "%2d:%2d:%2d%c", &hour, &minute, &second, &rest);
    const bool shape = (got == 2 && text.find(':') == text.rfind(':')) || got == 3;
    if (!shape || hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
    if (later >= 0 && (hour < 1 || hour > 12)) return std::nullopt;
    if (later >= 0) hour = hour % 12 + later;
    if (hour > 23) return std::nullopt;
    std::array<char, 40> out{};
    std::snprintf(out.data(), out.size(), "%02d:%02d:%02d", hour, minute, second);
    return out.data();
}

}  // namespace

std::optional<LocalSeconds> csv_moment(std::string_view cell, const std::string& order) {
    const std::string text = with_number_of_month(cell);
    const auto gap = text.find_first_of("T ");
    const auto date = date_from(std::string_view(text).substr(0, gap), order);
    const auto time = time_from(gap == std::string::npos ? "0:00" : text.substr(gap + 1));
    return date && time ? parse_local(*date + "T" + *time) : std::nullopt;
}

}  // namespace calgate
