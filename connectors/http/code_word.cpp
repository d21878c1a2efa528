#include "connectors/http/code_word.hpp"

#include <algorithm>

namespace calgate::http {
namespace {

constexpr std::size_t kLongestWord = 60, kLongestNumber = 4;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_part_of_a_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string code_word(std::string_view text) {
    const bool number = text.size() <= kLongestNumber && std::all_of(text.begin(), text.end(), is_digit);
    const bool word = text.size() <= kLongestWord && std::all_of(text.begin(), text.end(), is_part_of_a_word);
    return number || word ? std::string(text) : std::string();
}

}  // namespace calgate::http
