#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
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

/// One field list serves both ways: `Out` writes, `In` reads.
class Out {
public:
    Json json = Json::object();

    template <class T>
    void operator()(const char* name, const T& value) {
        json[name] = write(value);
    }

private:
    static Json write(const std::string& v) { return write_text(v); }
    static Json write(bool v) { return v; }
    static Json write(int v) { return v; }
    static Json write(std::int64_t v) { return v; }
    template <class Tag>
    static Json write(const Text<Tag>& v) {
        return write_text(v.value);
    }
    static Json write(const Instant& v) { return v.time_since_epoch().count(); }
    static Json write(const LocalSeconds& v) { return v.time_since_epoch().count(); }
    template <class Rep, class Period>
    static Json write(const std::chrono::duration<Rep, Period>& v) {
        return v.count();
    }
    template <class T>
    requires std::is_enum_v<T>
    static Json write(T v) { return static_cast<int>(v); }
    static Json write(const CopyDetail& v) { return number_of(v); }
    static Json write(const FieldChange& v) { return Json::array({write(v.field), write(v.from), write(v.to)}); }
    static Json write(const When& v) {
        return Json::array({static_cast<int>(v.kind), v.local.time_since_epoch().count(), write(v.zone)});
    }
    static Json write(const WorkingHours& v) { return Json::array({v.start_minute, v.end_minute}); }
    static Json write(const DayHours& v) { return Json::array({v.day.time_since_epoch().count(), write(v.hours)}); }
    static Json write(const Shown& v) {
        return Json::array({write(v.start), write(v.end), write(v.title), write(v.place), write(v.notes), v.cancelled});
    }
    template <class T>
    static Json write(const std::optional<T>& v) {
        return v ? write(*v) : Json(nullptr);
    }
    template <class T>
    static Json write(const std::vector<T>& v) {
        Json list = Json::array();
        for (const T& item : v) list.push_back(write(item));
        return list;
    }
    template <class T, std::size_t N>
    static Json write(const std::array<T, N>& v) {
        Json list = Json::array();
        for (const T& item : v) list.push_back(write(item));
        return list;
    }
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
