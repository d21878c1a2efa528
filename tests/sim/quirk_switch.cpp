#include "tests/sim/quirk_switch.hpp"

#include <charconv>
#include <cstdint>

namespace calgate::testing {

namespace {

template <class Number>
void take_number(Number& into, const std::string& value) {
    Number number = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failure != std::errc{} || end != value.data() + value.size() || number > 1'000'000'000 || value.front() == '-')
        throw std::invalid_argument("Give this quirk a number from 0 to 1000000000.");
    into = number;
}

}  // namespace

void take_quirk(bool& into, const std::string& value) {
    if (value != "true" && value != "false") throw std::invalid_argument("Give this quirk true or false.");
    into = value == "true";
}

void take_quirk(int& into, const std::string& value) { take_number(into, value); }
void take_quirk(std::size_t& into, const std::string& value) { take_number(into, value); }
void take_quirk(std::string& into, const std::string& value) { into = value; }
void take_quirk(std::chrono::seconds& into, const std::string& value) {
    std::int64_t seconds = into.count();
    take_number(seconds, value);
    into = std::chrono::seconds(seconds);
}

}  // namespace calgate::testing
