#include "tests/architecture/rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace calgate::architecture {
namespace {

struct Layer {
    std::string_view folder;
    std::vector<std::string_view> may_include;
    std::vector<std::string_view> libraries;  ///< Prefixes of third-party includes, for .cpp files.
    bool headers_are_public;                  ///< Other layers include them: no third-party include there.
};

const std::vector<Layer>& layers() {
    static const std::vector<Layer> all{
        {"core", {"core"}, {"libical/", "openssl/", "zlib.h", "nlohmann/"}, true},
        {"connectors", {"core", "connectors"}, {"curl/", "openssl/", "pugixml.hpp", "nlohmann/"}, true},
        {"store", {"core", "store"}, {"sqlite3.h", "libpq", "openssl/", "nlohmann/"}, true},
        {"scheduler", {"core", "store", "scheduler"}, {}, true},
        {"gateway",
         {"core", "connectors", "store", "scheduler", "gateway"},
         {"boost/", "openssl/", "nlohmann/", "CLI/", "toml++/", "spdlog/", "fmt/"},
         false},
    };
    return all;
}

/// Headers of core's own .cpp files around a library; no other layer includes them.
constexpr std::array kInternalHeaders{
    std::string_view("core/ical_handle.hpp"), std::string_view("store/sqlite/row_json.hpp")};
/// Parts of connectors/ that every connector may use.
constexpr std::array kSharedConnectorParts{
    std::string_view("exchange"), std::string_view("freebusy"), std::string_view("http"), std::string_view("oauth")};
constexpr std::array kOwnersOfTimeAndChance{
    std::string_view("gateway/system_clock.hpp"),
    std::string_view("gateway/system_clock.cpp"),
    std::string_view("gateway/system_random.hpp"),
    std::string_view("gateway/system_random.cpp"),
};
/// Whole words; a name that ends with '(' is a call.
constexpr std::array kTimeAndChance{
    std::string_view("system_clock::now"),
    std::string_view("steady_clock::now"),
    std::string_view("high_resolution_clock::now"),
    std::string_view("sleep_for"),
    std::string_view("sleep_until"),
    std::string_view("rand("),
    std::string_view("srand("),
    std::string_view("random_device"),
};

template <class Range>
bool has(const Range& range, std::string_view value) {
    return std::find(range.begin(), range.end(), value) != range.end();
}

std::string_view part(std::string_view path, int index) {
    for (; index > 0; --index) {
        const auto slash = path.find('/');
        if (slash == std::string_view::npos) return {};
        path.remove_prefix(slash + 1);
    }
    const auto slash = path.find('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

struct Line {
    int number = 0;
    std::string_view text;
};

std::vector<Line> lines(std::string_view text) {
    std::vector<Line> out;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        out.push_back({number, text.substr(0, end)});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string_view without_comment(std::string_view line) { return line.substr(0, line.find("//")); }

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t");
    return from == std::string_view::npos ? std::string_view{} : text.substr(from);
}

struct Include {
    std::string_view target;
    bool quoted = false;
};

std::optional<Include> include_of(std::string_view line) {
    line = trimmed(line);
    if (!line.starts_with('#')) return std::nullopt;
    line = trimmed(line.substr(1));
    if (!line.starts_with("include")) return std::nullopt;
    line = trimmed(line.substr(7));
    if (line.empty() || (line[0] != '"' && line[0] != '<')) return std::nullopt;
    const auto end = line.find(line[0] == '"' ? '"' : '>', 1);
    if (end == std::string_view::npos) return std::nullopt;
    return Include{line.substr(1, end - 1), line[0] == '"'};
}

/// Of the language or the operating system.
bool is_system(std::string_view target) {
    static constexpr std::array kSystem{
        std::string_view("arpa/"), std::string_view("net/"), std::string_view("netinet/"), std::string_view("sys/")};
    static constexpr std::array kPosix{
        std::string_view("fcntl.h"),
        std::string_view("netdb.h"),
        std::string_view("poll.h"),
        std::string_view("signal.h"),
        std::string_view("termios.h"),
        std::string_view("unistd.h"),
    };
    if (target.find_first_of("./") == std::string_view::npos) return true;
    return has(kPosix, target) ||
           std::any_of(kSystem.begin(), kSystem.end(), [&](auto prefix) { return target.starts_with(prefix); });
}

std::string wrong_own(const Layer& layer, std::string_view path, std::string_view target) {
    const auto folder = part(target, 0);
    if (folder.empty()) return "is not written from the root of the tree";
    if (!has(layer.may_include, folder))
        return "points from " + std::string(layer.folder) + "/ to " + std::string(folder) + "/";
    if (has(kInternalHeaders, target) && (layer.folder != folder || path.ends_with(".hpp")))
        return "is for " + std::string(folder) + "'s .cpp files";
    if (layer.folder == "connectors") {
        const auto from = part(path, 1), to = part(target, 1);
        if (folder == "connectors" && from != to && !has(kSharedConnectorParts, to))
            return "points from one connector to another";
    }
    return {};
}

std::string wrong_library(const Layer& layer, std::string_view path, std::string_view target) {
    if (is_system(target)) return {};
    if (path.ends_with(".hpp") && layer.headers_are_public && !has(kInternalHeaders, path))
        return "is a library in a public header";
    const auto allowed = [&](auto prefix) { return target.starts_with(prefix); };
    if (std::none_of(layer.libraries.begin(), layer.libraries.end(), allowed))
        return "is a library that " + std::string(layer.folder) + "/ does not use";
    return {};
}

bool has_word(std::string_view line, std::string_view word) {
    const auto in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
        const bool starts = at == 0 || !in_name(line[at - 1]);
        const auto end = at + word.size();
        const bool ends = word.back() == '(' || end == line.size() || !in_name(line[end]);
        if (starts && ends) return true;
    }
    return false;
}

std::string place(std::string_view path, int line) { return std::string(path) + ":" + std::to_string(line) + ": "; }

}  // namespace

std::vector<std::string> wrong_includes(std::string_view path, std::string_view text) {
    std::vector<std::string> wrong;
    const auto folder = part(path, 0);
    const auto layer =
        std::find_if(layers().begin(), layers().end(), [&](const Layer& l) { return l.folder == folder; });
    if (layer == layers().end()) return wrong;
    for (const Line& line : lines(text)) {
        const auto include = include_of(line.text);
        if (!include) continue;
        const std::string why =
            include->quoted ? wrong_own(*layer, path, include->target) : wrong_library(*layer, path, include->target);
        if (!why.empty()) wrong.push_back(place(path, line.number) + std::string(include->target) + " " + why + ".");
    }
    return wrong;
}

std::vector<std::string> real_time_and_chance(std::string_view path, std::string_view text) {
    std::vector<std::string> wrong;
    if (has(kOwnersOfTimeAndChance, path)) return wrong;
    for (const Line& line : lines(text)) {
        for (const auto word : kTimeAndChance) {
            if (!has_word(without_comment(line.text), word)) continue;
            wrong.push_back(
                place(path, line.number) + std::string(word) +
                " belongs into gateway/system_clock or gateway/system_random; take a Clock or Random."
            );
        }
    }
    return wrong;
}

}  // namespace calgate::architecture
