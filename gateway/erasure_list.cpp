#include "gateway/erasure_list.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "gateway/keys.hpp"
#include "store/erase.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostListBytes = 64 * 1024 * 1024;

std::string written_list(const std::vector<Erasure>& list) {
    Json erased = Json::array();
    for (const Erasure& one : list) erased.push_back({{"customer", one.customer}, {"at", format_instant(one.at)}});
    return Json{{"format", 1}, {"erased", erased}}.dump(1) + "\n";
}

Result<std::vector<Erasure>> list_in(const std::string& text, const std::string& file) {
    const Error damaged{
        ErrorCode::Rejected,
        "The list of erased customers in " + file + " is damaged; bring back that file from the latest backup.",
        {}};
    const Json content = Json::parse(text, nullptr, false);
    if (!content.is_object() || !content.contains("erased") || !content["erased"].is_array()) return damaged;
    std::vector<Erasure> list;
    for (const Json& one : content["erased"]) {
        if (!one.is_object() || !one.contains("customer") || !one.contains("at")) return damaged;
        if (!one["customer"].is_string() || !one["at"].is_string()) return damaged;
        const auto at = parse_instant(one["at"].get<std::string>());
        if (!at) return damaged;
        list.push_back({one["customer"].get<std::string>(), *at, false, {}});
    }
    return list;
}

}  // namespace

std::string erasure_file(const std::string& directory) { return directory + "/erased.json"; }

Status match_erasure_list(const std::string& directory, Store& store) {
    const std::string file = erasure_file(directory);
    std::string text;
    if (std::filesystem::exists(file)) {
        CALGATE_TRY(text, read_file(file, kMostListBytes));
        CALGATE_TRY(const auto list, list_in(text, file));
        const auto known = read(store, [](const Reader& reader) { return reader.erasures(); });
        if (written_list(known) != text) store.write([&](Writer& writer) { take_erasures(writer, list); });
    }
    const auto list = read(store, [](const Reader& reader) { return reader.erasures(); });
    if (list.empty() || written_list(list) == text) return {};
    return write_private_file(file, written_list(list));
}

}  // namespace calgate
