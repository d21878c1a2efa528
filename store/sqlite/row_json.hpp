#pragma once

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/model.hpp"

/// Values of records as JSON and back. For the .cpp files of this folder.
namespace calgate::sqlite {

using Json = nlohmann::json;

/// JSON strings are UTF-8. Text from a service that is not keeps every byte, as a character each, in an object.
inline Json write_text(const std::string& text) {
    Json plain = text;
    try {
        (void)plain.dump();
        return plain;
    } catch (const Json::type_error&) {
    }
    std::string wide;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            wide += c;
        } else {
            wide += static_cast<char>(0xc0 | (byte >> 6));
            wide += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return Json{{"bytes", wide}};
}

inline std::string read_text(const Json& json) {
    if (!json.is_object()) return json.get<std::string>();
    const auto wide = json.at("bytes").get<std::string>();
    std::string text;
    for (std::size_t i = 0; i < wide.size(); ++i) {
        const auto byte = static_cast<unsigned char>(wide[i]);
        const bool two = byte >= 0x80 && i + 1 < wide.size();
        text += two ? static_cast<char>((byte & 0x03) << 6 | (static_cast<unsigned char>(wide[++i]) & 0x3f)) : wide[i];
    }
    return text;
}

/// As a JSON string. Plain ASCII, which most text is, is copied as it stands.
inline void append_text(std::string& out, std::string_view text) {
    const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    const auto ascii = [](char c) { return c >= 0; };
    if (!std::all_of(text.begin(), text.end(), ascii)) {
        out += write_text(std::string(text)).dump();
        return;
    }
    out += '"';
    while (!text.empty()) {
        const auto special = std::find_if_not(text.begin(), text.end(), plain);
        const auto length = static_cast<std::size_t>(special - text.begin());
        out += text.substr(0, length);
        if (special == text.end()) break;
        switch (*special) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            default: {
                constexpr const char* kHex = "0123456789abcdef";
                const auto byte = static_cast<unsigned char>(*special);
                ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
            }
        }
        text.remove_prefix(length + 1);
    }
    out += '"';
}

/// One field list serves both ways: `Out` writes, `In` reads. Rows are written as text at once: a tree of values costs
/// ten times as much.
class Out {
public:
    template <class T>
    void operator()(const char* name, const T& value) {
        ((text_ += text_.size() > 1 ? ",\"" : "\"") += name) += "\":";
        write(value);
    }
    /// The object; this one is spent.
    std::string take() {
        text_ += '}';
        return std::move(text_);
    }

private:
    void write(const std::string& v) { append_text(text_, v); }
    void write(bool v) { text_ += v ? "true" : "false"; }
    void write(int v) { text_ += std::to_string(v); }
    void write(std::int64_t v) { text_ += std::to_string(v); }
    template <class Tag>
    void write(const Text<Tag>& v) {
        append_text(text_, v.value);
    }
    void write(const Instant& v) { text_ += std::to_string(v.time_since_epoch().count()); }
    void write(const LocalSeconds& v) { text_ += std::to_string(v.time_since_epoch().count()); }
    template <class Rep, class Period>
    void write(const std::chrono::duration<Rep, Period>& v) {
        text_ += std::to_string(v.count());
    }
    template <class T>
    requires std::is_enum_v<T>
    void write(T v) { write(static_cast<int>(v)); }
    void write(const CopyDetail& v) { text_ += std::to_string(number_of(v)); }
    void write(const FieldChange& v) { list(v.field, v.from, v.to); }
    void write(const When& v) { list(v.kind, v.local, v.zone); }
    void write(const WorkingHours& v) { list(v.start_minute, v.end_minute); }
    void write(const DayHours& v) { list(static_cast<std::int64_t>(v.day.time_since_epoch().count()), v.hours); }
    void write(const Shown& v) { list(v.start, v.end, v.title, v.place, v.notes, v.cancelled); }
    template <class T>
    void write(const std::optional<T>& v) {
        v ? write(*v) : void(text_ += "null");
    }
    template <class T>
    void write(const std::vector<T>& v) {
        all(v);
    }
    template <class T, std::size_t N>
    void write(const std::array<T, N>& v) {
        all(v);
    }
    template <class... T>
    void list(const T&... v) {
        text_ += '[';
        (item(v), ...);
        end_list();
    }
    template <class T>
    void all(const T& v) {
        text_ += '[';
        for (const auto& one : v) item(one);
        end_list();
    }
    template <class T>
    void item(const T& v) {
        write(v);
        text_ += ',';
    }
    void end_list() { text_.back() == ',' ? void(text_.back() = ']') : void(text_ += ']'); }

    std::string text_ = "{";
};

class In {
public:
    explicit In(Json json) : json_(std::move(json)) {}

    template <class T>
    void operator()(const char* name, T& value) {
        const auto found = json_.find(name);
        if (found != json_.end()) read(*found, value);
    }

private:
    static void read(const Json& j, std::string& v) { v = read_text(j); }
    static void read(const Json& j, bool& v) { v = j.get<bool>(); }
    static void read(const Json& j, int& v) { v = j.get<int>(); }
    static void read(const Json& j, std::int64_t& v) { v = j.get<std::int64_t>(); }
    template <class Tag>
    static void read(const Json& j, Text<Tag>& v) {
        v.value = read_text(j);
    }
    static void read(const Json& j, Instant& v) { v = Instant{std::chrono::seconds{j.get<std::int64_t>()}}; }
    static void read(const Json& j, LocalSeconds& v) { v = LocalSeconds{std::chrono::seconds{j.get<std::int64_t>()}}; }
    template <class Rep, class Period>
    static void read(const Json& j, std::chrono::duration<Rep, Period>& v) {
        v = std::chrono::duration<Rep, Period>{j.get<Rep>()};
    }
    template <class T>
    requires std::is_enum_v<T>
    static void read(const Json& j, T& v) { v = static_cast<T>(j.get<int>()); }
    static void read(const Json& j, CopyDetail& v) { v = copy_detail_of(j.get<int>()).value_or(CopyDetail::kBusy); }
    static void read(const Json& j, FieldChange& v) {
        read(j.at(0), v.field);
        read(j.at(1), v.from);
        read(j.at(2), v.to);
    }
    static void read(const Json& j, When& v) {
        read(j.at(0), v.kind);
        read(j.at(1), v.local);
        read(j.at(2), v.zone);
    }
    static void read(const Json& j, WorkingHours& v) {
        v.start_minute = j.at(0).get<int>();
        v.end_minute = j.at(1).get<int>();
    }
    static void read(const Json& j, DayHours& v) {
        v.day = std::chrono::local_days{std::chrono::days{j.at(0).get<std::int64_t>()}};
        read(j.at(1), v.hours);
    }
    static void read(const Json& j, Shown& v) {
        read(j.at(0), v.start);
        read(j.at(1), v.end);
        read(j.at(2), v.title);
        read(j.at(3), v.place);
        read(j.at(4), v.notes);
        read(j.at(5), v.cancelled);
    }
    template <class T>
    static void read(const Json& j, std::optional<T>& v) {
        if (j.is_null()) {
            v.reset();
        } else {
            v.emplace();
            read(j, *v);
        }
    }
    template <class T>
    static void read(const Json& j, std::vector<T>& v) {
        v.clear();
        for (const Json& item : j) read(item, v.emplace_back());
    }
    template <class T, std::size_t N>
    static void read(const Json& j, std::array<T, N>& v) {
        for (std::size_t i = 0; i < N; ++i) read(j.at(i), v.at(i));
    }

    Json json_;
};

}  // namespace calgate::sqlite
