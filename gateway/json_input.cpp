#include "gateway/json_input.hpp"

#include <algorithm>
#include <set>

namespace calgate {
namespace {

constexpr int kMaxDepth = 8;

nlohmann::json bounded(std::string_view text) {
    using Event = nlohmann::json::parse_event_t;
    std::vector<std::set<std::string>> open;  // Names so far, of every object that is not closed yet.
    const auto check = [&](int depth, Event event, nlohmann::json& value) {
        if (depth > kMaxDepth) throw InputError("The JSON is nested too deeply; send a flat object.");
        if (event == Event::object_start) open.emplace_back();
        if (event == Event::object_end) open.pop_back();
        if (event == Event::key && !open.back().insert(value.get<std::string>()).second) {
            throw InputError(
                "The field \"" + value.get<std::string>().substr(0, 60) + "\" is there twice; send it once."
            );
        }
        return true;
    };
    try {
        return nlohmann::json::parse(text, check);
    } catch (const nlohmann::json::exception&) {
        throw InputError("The body is no JSON; send one JSON object in UTF-8.");
    }
}

/// What neither iCalendar (RFC 5545 3.3.11) nor XML 1.0 can carry: one such copy would make a whole report unreadable.
bool has_control(std::string_view text) {
    const bool control = std::any_of(text.begin(), text.end(), [](unsigned char c) {
        return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    });
    return control || text.find("\xef\xbf\xbe") != std::string_view::npos ||
           text.find("\xef\xbf\xbf") != std::string_view::npos;
}

}  // namespace

JsonInput::JsonInput(std::string_view text, const std::vector<std::string>& known) : object_(bounded(text)) {
    if (!object_.is_object()) throw InputError("The body is no JSON object; send one.");
    for (const auto& [name, value] : object_.items()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            throw InputError("The field \"" + name.substr(0, 60) + "\" is not known here; remove it or mend its name.");
        }
    }
}

bool JsonInput::has(const char* name) const { return object_.contains(name) && !object_[name].is_null(); }

std::string JsonInput::text(const char* name, std::size_t most) const {
    if (!has(name)) throw InputError("The field \"" + std::string(name) + "\" is missing; send it.");
    if (!object_[name].is_string()) throw InputError("The field \"" + std::string(name) + "\" has to be a text.");
    auto value = object_[name].get<std::string>();
    if (value.size() > most)
        throw InputError(
            "The field \"" + std::string(name) + "\" is longer than " + std::to_string(most) + " bytes; shorten it."
        );
    if (has_control(value))
        throw InputError("The field \"" + std::string(name) + "\" contains a control character; remove it.");
    return value;
}

std::string JsonInput::text_or(const char* name, std::size_t most, std::string other) const {
    return has(name) ? text(name, most) : std::move(other);
}

std::int64_t JsonInput::number_or(const char* name, std::int64_t low, std::int64_t high, std::int64_t other) const {
    if (!has(name)) return other;
    const auto& value = object_[name];
    if (!value.is_number_integer() || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
        throw InputError(
            "The field \"" + std::string(name) + "\" has to be a whole number from " + std::to_string(low) + " to " +
            std::to_string(high) + "."
        );
    }
    return value.get<std::int64_t>();
}

bool JsonInput::flag_or(const char* name, bool other) const {
    if (!has(name)) return other;
    if (!object_[name].is_boolean())
        throw InputError("The field \"" + std::string(name) + "\" has to be true or false.");
    return object_[name].get<bool>();
}

std::vector<std::string> JsonInput::texts_or(const char* name, std::size_t most_items, std::size_t most_bytes) const {
    std::vector<std::string> out;
    if (!has(name)) return out;
    if (!object_[name].is_array() || object_[name].size() > most_items) {
        throw InputError(
            "The field \"" + std::string(name) + "\" has to be a list of at most " + std::to_string(most_items) +
            " texts."
        );
    }
    for (const auto& item : object_[name]) {
        if (!item.is_string() || item.get<std::string>().size() > most_bytes) {
            throw InputError(
                "The field \"" + std::string(name) + "\" has to be a list of texts of at most " +
                std::to_string(most_bytes) + " bytes."
            );
        }
        out.push_back(item.get<std::string>());
    }
    return out;
}

const nlohmann::json& JsonInput::raw(const char* name) const { return object_.at(name); }

}  // namespace calgate
