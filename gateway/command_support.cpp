#include "gateway/command_support.hpp"

#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace calgate {
namespace {

constexpr std::chrono::milliseconds kTurn{250};
constexpr int kTurns = 400;

}  // namespace

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

std::optional<std::chrono::seconds> length_of(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string unit(end, text.data() + text.size());
    const std::int64_t factor = unit.empty() || unit == "s" ? 1
                                : unit == "m"               ? 60
                                : unit == "h"               ? 3600
                                : unit == "d"               ? 86'400
                                                            : 0;
    if (error != std::errc{} || factor == 0 || number < 1 || number > 365 * 86'400 / factor) return std::nullopt;
    return std::chrono::seconds{number * factor};
}

void pause_for(std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, time);
}

Caller::Answer post_in_turn(Caller& caller, const std::string& path, const nlohmann::json& body) {
    auto answer = caller.call("POST", path, body);
    for (int left = kTurns; left > 0 && text_of(answer.body, "title") == kBusyConnecting; --left) {
        if (left == kTurns) std::fprintf(stderr, "Another account is just being connected; this one waits its turn.\n");
        pause_for(kTurn);
        answer = caller.call("POST", path, body);
    }
    return answer;
}

}  // namespace calgate
