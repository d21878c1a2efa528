#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "connectors/http/curl_transport.hpp"

namespace calgate::http {

enum class Authentication : std::uint8_t { Basic, Digest, Ntlm };

/// One request on its way. Shared by the waiting caller and the loop: whichever leaves first leaves the other whole.
struct Exchange {
    Request request{};
    std::string origin{};
    Authentication authentication = Authentication::Basic;
    std::chrono::milliseconds timeout{};
    bool private_allowed = false;
    std::shared_ptr<StreamListener> listener{};  ///< Of a stream: hears the answer instead of a waiting caller.
    std::chrono::seconds silence{};              ///< Of a stream.

    std::atomic<bool> abandoned = false;  ///< The caller went away.
    std::atomic<bool> sent = false;       ///< Connected; the request may have reached the service.

    std::mutex mutex{};
    std::condition_variable_any changed{};
    std::optional<Result<Response>> outcome{};

    void finish(Result<Response>);
};

/// The thread that owns curl's handles.
class CurlTransport::Loop {
public:
    explicit Loop(const Settings&);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void start(std::shared_ptr<Exchange>);
    void wake();
    /// What this origin asked for, other than Basic, when it let us in.
    Authentication wanted(const std::string& origin);
    void remember(const std::string& origin, Authentication);

private:
    struct Transfer;
    void run(const std::stop_token&);
    void take_incoming();
    void begin(std::shared_ptr<Exchange>);
    /// What waited for its origin, in the order in which it came.
    void begin_waiting();
    void end(const Transfer&);
    void drop_abandoned();
    void collect_finished();
    void finish_all();

    const Settings& settings_;
    void* multi_;
    std::mutex mutex_{};
    std::deque<std::shared_ptr<Exchange>> incoming_{};
    std::map<std::string, Authentication> wanted_{};
    std::map<void*, std::unique_ptr<Transfer>> transfers_;
    std::map<std::string, int> under_way_{};  ///< By origin; a stream has a connection of its own and does not count.
    std::deque<std::shared_ptr<Exchange>> waiting_{};
    std::jthread thread_{};
};

}  // namespace calgate::http
