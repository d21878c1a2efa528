#pragma once

#include <string>
#include <type_traits>
#include <unordered_map>

#include "store/sqlite/answers.hpp"
#include "store/store.hpp"

namespace calgate::sqlite {

/// Records that every booking asks for, by the text of their rows: the same text is parsed once.
template <class T>
class Parsed {
public:
    /// @param parse Makes the record of a text that is not known yet.
    template <class F>
    const T& of(std::string text, F&& parse) {
        const auto found = known_.find(text);
        if (found != known_.end()) return found->second;
        T record = parse(text);
        if (known_.size() >= kMost) known_.clear();
        return known_.emplace(std::move(text), std::move(record)).first->second;
    }

private:
    static constexpr std::size_t kMost = 256;
    std::unordered_map<std::string, T> known_{};
};

/// As `body`, of the writing connection, which lives on and reads the same rows for every booking.
template <class Base, class T>
auto known_body([[maybe_unused]] Parsed<T>& known) {
    if constexpr (std::is_same_v<Base, Writer>)
        return [&known](const Statement& statement) -> T { return known.of(statement.text(0), from_row<T>); };
    else
        return [](const Statement& statement) -> T { return body<T>(statement); };
}

}  // namespace calgate::sqlite
