#include "gateway/chores.hpp"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>

namespace calgate {
namespace {

constexpr std::chrono::seconds kLookEvery{10};

std::string tried_setting(const std::string& chore) { return "chore.tried." + chore; }
std::string done_setting(const std::string& chore) { return "chore.done." + chore; }

/// One that throws waits for its next time as well.
bool went_well(const Chores::Chore& chore) {
    try {
        return chore.work();
    } catch (const std::exception& failure) {
        spdlog::error("job={} error=\"{}\"", chore.name, failure.what());
        return false;
    }
}

std::optional<Instant> instant_at(const Reader& reader, const std::string& setting) {
    const auto text = reader.setting(setting);
    if (!text || text->empty()) return std::nullopt;
    return Instant{std::chrono::seconds{std::strtoll(text->c_str(), nullptr, 10)}};
}

}  // namespace

Chores::Chores(Store& store, const Clock& clock, std::vector<Chore> chores)
    : store_(store), clock_(clock), chores_(std::move(chores)) {}

Chores::~Chores() { stop(); }

void Chores::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any wake;
        while (!stop.stop_requested()) {
            run_due();
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, kLookEvery, [] { return false; });
        }
    });
}

void Chores::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

int Chores::run_due() {
    int count = 0;
    for (const Chore& chore : chores_) {
        try {
            if (!due(chore)) continue;
            ++count;
            const bool good = went_well(chore);
            note(chore, good);
            spdlog::info("job={} good={}", chore.name, good);
        } catch (const std::exception& failure) {
            spdlog::error("job={} error=\"{}\"", chore.name, failure.what());
        }
    }
    return count;
}

bool Chores::due(const Chore& chore) const {
    const auto every = chore.every();
    if (every.count() <= 0) return false;
    const auto tried =
        read(store_, [&](const Reader& reader) { return instant_at(reader, tried_setting(chore.name)); });
    const Instant now = clock_.now();
    // A clock that was set back must not put it off.
    return !tried || *tried > now || now - *tried >= every;
}

void Chores::note(const Chore& chore, bool good) {
    const std::string now = std::to_string(clock_.now().time_since_epoch().count());
    store_.write([&](Writer& writer) {
        writer.put_setting(tried_setting(chore.name), now);
        if (good) writer.put_setting(done_setting(chore.name), now);
    });
}

std::optional<Instant> last_done(const Reader& reader, const std::string& chore) {
    return instant_at(reader, done_setting(chore));
}

}  // namespace calgate
