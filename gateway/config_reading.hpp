#pragma once

#include <fmt/format.h>

#include <stdexcept>

namespace calgate::config {
/// toml++ 3.3 meets some texts that are no TOML, such as "[&gateway]", with an assertion instead of a parse_error.
inline void assertion_of_toml_failed() { throw std::logic_error("this is not TOML"); }
}  // namespace calgate::config
#define TOML_ASSERT(holds) (static_cast<bool>(holds) ? void() : calgate::config::assertion_of_toml_failed())
#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace calgate::config {

template <class E>
using Names = std::vector<std::pair<std::string, E>>;

template <class E>
std::string name_of(const Names<E>& names, E value) {
    for (const auto& [name, each] : names) {
        if (each == value) return name;
    }
    return {};
}

/// As TOML writes a text.
inline std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (code < 0x20 || code == 0x7f)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(code));
        else
            out += c;
    }
    return out + "\"";
}

/// Reads keys of one file; keeps the first thing that is wrong.
class Reading {
public:
    Reading(const toml::table& root, std::string file) : root_(root), file_(std::move(file)) {}

    void text(const char* section, const char* key, std::string& out) {
        const auto* node = find(section, key);
        if (!node) return;
        if (const auto value = node->value_exact<std::string>())
            out = *value;
        else
            fail(*node, fmt::format("{} is no text; write it in quotes", key));
    }
    template <class T>
    void number(const char* section, const char* key, std::int64_t low, std::int64_t high, T& out) {
        const auto* node = find(section, key);
        if (!node) return;
        const auto value = node->value_exact<std::int64_t>();
        if (value && *value >= low && *value <= high)
            out = static_cast<T>(*value);
        else
            fail(*node, fmt::format("{} is out of range; write a whole number from {} to {}", key, low, high));
    }
    void seconds(const char* section, const char* key, std::int64_t low, std::int64_t high, std::chrono::seconds& out) {
        std::int64_t value = out.count();
        number(section, key, low, high, value);
        out = std::chrono::seconds{value};
    }
    template <class Out>
    void flag(const char* section, const char* key, Out& out) {
        const auto* node = find(section, key);
        if (!node) return;
        if (const auto value = node->value_exact<bool>())
            out = *value;
        else
            fail(*node, fmt::format("{} is neither; write true or false", key));
    }
    template <class E, class Out>
    void choice(const char* section, const char* key, const Names<E>& names, Out& out) {
        const auto* node = find(section, key);
        if (!node) return;
        const auto value = node->value_exact<std::string>();
        std::string all;
        for (const auto& [name, each] : names) {
            if (value && *value == name) {
                out = each;
                return;
            }
            all += (all.empty() ? "\"" : ", \"") + name + "\"";
        }
        fail(*node, fmt::format("{} has a value nobody knows; write one of {}", key, all));
    }
    /// @param check says what is wrong with an entry, or nothing.
    template <class Check>
    void texts(const char* section, const char* key, std::size_t most, std::vector<std::string>& out, Check check) {
        const auto* node = find(section, key);
        if (!node) return;
        const auto* list = node->as_array();
        if (!list || list->size() > most)
            return fail(*node, fmt::format("{} is no list of at most {} texts; write [\"…\"]", key, most));
        for (const auto& item : *list) {
            const auto value = item.value_exact<std::string>();
            const std::string wrong = value ? check(*value) : fmt::format("{} holds something that is no text", key);
            if (!wrong.empty()) return fail(item, wrong);
            out.push_back(*value);
        }
    }
    /// A secret that somebody wrote into the file itself.
    void refuse_secret(const char* section, const char* key) {
        const auto* node = find(section, key);
        if (!node) return;
        fail(
            *node,
            fmt::format(
                "{} does not belong into this file; put it into a file of its own, run chmod 600 on that, and name it "
                "in {}_file",
                key,
                key
            )
        );
    }
    void refuse_unknown() {
        for (const auto& [section, node] : root_) {
            const std::string name(section.str());
            const auto* table = node.as_table();
            if (!table || !known_.contains(name)) {
                fail(
                    node,
                    fmt::format(
                        "[{}] is no section; use [gateway], [limits], [sync], [policy], [kit], [booking], "
                        "[callbacks], [holidays], [retention], [google], [microsoft] or [network]",
                        name
                    )
                );
                continue;
            }
            for (const auto& [key, value] : *table) {
                const std::string full = name + "." + std::string(key.str());
                if (!known_.contains(full)) fail(value, fmt::format("{} is no setting; correct or remove it", full));
            }
        }
    }
    void fail_at(unsigned line, const std::string& what) {
        if (!error_) error_ = Error{ErrorCode::Rejected, fmt::format("{}:{}: {}.", file_, line, what), {}};
    }
    void fail(const toml::node& node, const std::string& what) { fail_at(node.source().begin.line, what); }
    unsigned line(const char* section, const char* key) const {
        const auto node = root_[section][key];
        return node ? node.node()->source().begin.line : 1;
    }
    const std::optional<Error>& error() const { return error_; }
    /// The tables of `[section.key."name"]`, each a section of its own there.
    std::optional<Reading> tables(const char* section, const char* key) {
        const auto* node = find(section, key);
        if (!node) return std::nullopt;
        const auto* table = node->as_table();
        const bool all =
            table && std::all_of(table->begin(), table->end(), [](const auto& one) { return one.second.is_table(); });
        if (all) return Reading(*table, file_);
        fail(*node, fmt::format("{} holds something that is no table; write [{}.{}.\"…\"]", key, section, key));
        return std::nullopt;
    }
    std::vector<std::string> sections() const {
        std::vector<std::string> out;
        for (const auto& [section, node] : root_) out.emplace_back(section.str());
        return out;
    }
    void take_error_of(const Reading& other) {
        if (!error_) error_ = other.error_;
    }

private:
    const toml::node* find(const char* section, const char* key) {
        known_.insert(section);
        known_.insert(std::string(section) + "." + key);
        return root_[section][key].node();
    }

    const toml::table& root_;
    std::string file_;
    std::set<std::string> known_{};
    std::optional<Error> error_{};
};

}  // namespace calgate::config
