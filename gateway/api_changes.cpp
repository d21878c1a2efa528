#include <charconv>
#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/change_stream.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

/// Where the feed is to go on: Last-Event-ID, else `after`, else its beginning.
std::int64_t position_of(const HttpRequest& request) {
    const bool resumed = !request.header("last-event-id").empty();
    const std::string_view text = resumed ? request.header("last-event-id") : request.parameter("after");
    std::int64_t after = 0;
    if (text.empty()) return after;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
    if (error != std::errc{} || end != text.data() + text.size() || after < 0)
        throw InputError(
            std::string(resumed ? "The header Last-Event-ID" : "The parameter \"after\"") +
            " is a sequence number of the feed."
        );
    return after;
}

bool wants_events(const HttpRequest& request) {
    return request.header("accept").find("text/event-stream") != std::string_view::npos;
}

}  // namespace

HttpResponse Api::list_changes(const HttpRequest& request, const PathValues&) {
    const std::int64_t after = position_of(request);
    if (after > read(parts_.store, [](const Reader& r) { return r.last_change(); }))
        return problem(
            410,
            "Gone",
            "The feed does not reach this far; the store is younger than the reader. Read the feed from the start."
        );
    if (wants_events(request)) return stream_changes(request, after);
    const std::size_t limit = limit_of(request);
    return read(parts_.store, [&](const Reader& reader) {
        Json list = Json::array();
        const auto page = reader.changes(after, limit);
        for (const Change& change : page) list.push_back(shown(change));
        return answer(200, Json{{"changes", list}, {"next", page.empty() ? after : page.back().sequence}});
    });
}

HttpResponse Api::stream_changes(const HttpRequest& request, std::int64_t after) {
    const std::string caller = caller_of(request);
    auto seat = stream_seats_.take(caller);
    if (!seat) {
        auto full = problem(
            429, "Too Many Requests", "Too many streams are open under this key; close some, or read by \"after\"."
        );
        full.headers.emplace_back("Retry-After", "5");
        return full;
    }
    HttpResponse response;
    response.type = "text/event-stream";
    response.headers.emplace_back("X-Accel-Buffering", "no");  // Or nginx would keep events back.
    const auto allowed = [this, caller] { return keys_.find(caller, parts_.clock.now()).has_value(); };
    response.stream = std::make_shared<ChangeStream>(
        ChangeStream::Parts{parts_.store, parts_.clock, allowed, std::move(seat)}, after
    );
    return response;
}

}  // namespace calgate
