#include "gateway/command_line.hpp"

#include <cstdio>

namespace calgate {

int fail(const std::string& sentence, int code) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return code;
}

int with_gateway(const std::string& directory, const std::function<int(Caller&)>& work) {
    auto caller = Caller::open(directory);
    if (!caller) return fail(caller.error().detail);
    return work(**caller);
}

std::string text_of(const nlohmann::json& record, const char* name) {
    const auto found = record.find(name);
    return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace calgate
