#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace calgate {

/// Input that the caller has to mend; `what()` is a sentence that names the field.
class InputError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A JSON object from outside: bounded in depth, no unknown fields, each field of its type. Throws InputError.
class JsonInput {
public:
    /// @param known every field that may appear.
    JsonInput(std::string_view text, const std::vector<std::string>& known);

    bool has(const char* name) const;
    std::string text(const char* name, std::size_t most) const;  ///< Required.
    std::string text_or(const char* name, std::size_t most, std::string other) const;
    std::int64_t number_or(const char* name, std::int64_t low, std::int64_t high, std::int64_t other) const;
    bool flag_or(const char* name, bool other) const;
    std::vector<std::string> texts_or(const char* name, std::size_t most_items, std::size_t most_bytes) const;
    const nlohmann::json& raw(const char* name) const;

private:
    nlohmann::json object_;
};

}  // namespace calgate
