#pragma once

#include <optional>
#include <vector>

#include "store/sqlite/database.hpp"
#include "store/sqlite/rows.hpp"

namespace calgate::sqlite {

/// @param read What one row of the answer is.
template <class F>
auto all(Statement& statement, F&& read) {
    std::vector<decltype(read(statement))> out;
    while (statement.step()) out.push_back(read(statement));
    statement.reset();
    return out;
}

template <class F>
auto first(Statement& statement, F&& read) {
    std::optional<decltype(read(statement))> out;
    if (statement.step()) out = read(statement);
    statement.reset();
    return out;
}

template <class T>
T body(const Statement& statement) {
    return from_row<T>(statement.text(0));
}

template <class T>
std::vector<T> rows(Statement& statement) {
    return all(statement, body<T>);
}

template <class T>
std::optional<T> row(Statement& statement) {
    return first(statement, body<T>);
}

}  // namespace calgate::sqlite
