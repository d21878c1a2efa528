#include "gateway/change_stream.hpp"

#include <nlohmann/json.hpp>

#include "gateway/api_json.hpp"

namespace calgate {
namespace {

constexpr std::size_t kChangesInAPiece = 200;
constexpr std::chrono::seconds kHeartbeat{15};
constexpr const char* kGreeting = "retry: 2000\n\n";  // How long a client waits before it connects again, in ms.

}  // namespace

std::shared_ptr<void> StreamSeats::take(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (taken_ >= in_all_) return nullptr;
    const auto mine = by_key_.find(key);
    if (mine != by_key_.end() && mine->second >= per_key_) return nullptr;
    ++taken_;
    ++by_key_[key];
    // Shared: the stream and the piece that is being made end at different moments.
    return {this, [key](StreamSeats* seats) {
                const std::lock_guard again(seats->mutex_);
                --seats->taken_;
                if (--seats->by_key_[key] == 0) seats->by_key_.erase(key);
            }};
}

std::optional<std::string> ChangeStream::next() {
    if (!parts_.allowed()) return std::nullopt;
    const SteadyInstant now = parts_.clock.steady();
    std::string piece = spoke_ ? "" : kGreeting;
    const auto page = read(parts_.store, [&](const Reader& r) { return r.changes(after_, kChangesInAPiece); });
    for (const Change& change : page) {
        piece += "id: " + std::to_string(change.sequence) + "\nevent: " + change.kind +
                 "\ndata: " + shown(change).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n\n";
        after_ = change.sequence;
    }
    if (piece.empty() && now - *spoke_ >= kHeartbeat) piece = ": \n\n";
    if (!piece.empty()) spoke_ = now;
    return piece;
}

}  // namespace calgate
