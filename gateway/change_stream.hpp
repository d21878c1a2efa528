#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/clock.hpp"
#include "gateway/http_server.hpp"
#include "store/store.hpp"

namespace calgate {

/// How many streams are open under each key, and in all. Any thread; outlives the seats it gives.
class StreamSeats {
public:
    StreamSeats(int per_key, int in_all) : per_key_(per_key), in_all_(in_all) {}
    /// Given back when the last copy goes. @return null: there is none left for this key, or for anybody.
    std::shared_ptr<void> take(const std::string& key);

private:
    const int per_key_;
    const int in_all_;
    std::mutex mutex_{};
    std::map<std::string, int> by_key_{};  ///< Under mutex_.
    int taken_ = 0;                        ///< Under mutex_.
};

/// The change feed as server-sent events (HTML Living Standard 9.2): each change is one event whose id is its sequence
/// number, so that Last-Event-ID goes on exactly there, also after a restart. A comment every 15 s shows that the
/// connection lives. Reads only what is committed; a piece holds a bounded number of changes.
class ChangeStream final : public BodyStream {
public:
    struct Parts {
        const Store& store;
        const Clock& clock;
        std::function<bool()> allowed;  ///< Asked before each piece; false ends the stream.
        std::shared_ptr<void> seat;     ///< From StreamSeats; shared as it gives it.
    };
    ChangeStream(Parts parts, std::int64_t after) : parts_(std::move(parts)), after_(after) {}
    std::optional<std::string> next() override;

private:
    const Parts parts_;
    std::int64_t after_;
    std::optional<SteadyInstant> spoke_{};
};

}  // namespace calgate
