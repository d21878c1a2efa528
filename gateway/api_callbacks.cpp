#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/callbacks.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kLongestOverlap = 30 * 86'400;

}  // namespace

Json Api::callbacks_json(const Reader& reader) const {
    const CallbackState state = callback_state(reader);
    return Json{
        {"url_set", !parts_.callback_url.empty()},
        {"secret_set", state.has_secret},
        {"cursor", state.cursor},
        {"behind", state.behind},
        {"waiting", state.waiting},
        {"parked", state.parked},
        {"trouble", state.trouble}};
}

std::string Api::callback_metrics(const Reader& reader) {
    const CallbackState state = callback_state(reader);
    const auto line = [](const char* name, std::int64_t value) {
        return std::string("# TYPE ") + name + " gauge\n" + name + " " + std::to_string(value) + "\n";
    };
    return line("calgate_callbacks_behind", state.behind) + line("calgate_callbacks_waiting", state.waiting) +
           line("calgate_callbacks_parked", state.parked);
}

HttpResponse Api::get_callbacks(const HttpRequest&, const PathValues&) {
    return answer(200, read(parts_.store, [&](const Reader& reader) { return callbacks_json(reader); }));
}

HttpResponse Api::replay_callbacks(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"after"});
    if (!in.has("after")) throw InputError("The field \"after\" is a sequence number of the feed; 0 is its beginning.");
    const auto after = in.number_or("after", 0, std::numeric_limits<std::int64_t>::max(), 0);
    return write(parts_.store, [&](Writer& writer) {
        if (after > writer.last_change())
            return problem(
                422,
                "Unprocessable Content",
                "The feed ends at " + std::to_string(writer.last_change()) + "; name a number before that."
            );
        calgate::replay_callbacks(writer, after, parts_.clock.now());
        const auto at = parts_.clock.now();
        writer.append(Change{0, at, "callbacks.replayed", std::to_string(after), who(request), "", 0});
        return answer(200, callbacks_json(writer));
    });
}

HttpResponse Api::rotate_callback_secret(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"overlap_s"});
    const std::chrono::seconds overlap{in.number_or("overlap_s", 0, kLongestOverlap, 86'400)};
    const Instant now = parts_.clock.now();
    const std::string secret = write(parts_.store, [&](Writer& writer) {
        writer.append(Change{0, now, "callbacks.secret_made", "", who(request), "", 0});
        return calgate::rotate_callback_secret(writer, parts_.connectors.vault(), parts_.random, now, overlap);
    });
    return answer(201, Json{{"secret", secret}, {"overlap_s", overlap.count()}});
}

}  // namespace calgate
