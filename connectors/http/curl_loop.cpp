#include "connectors/http/curl_loop.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <span>

#include "connectors/http/address_guard.hpp"
#include "connectors/http/url.hpp"

namespace calgate::http {

namespace {

constexpr int kPollMilliseconds = 1000;
constexpr std::size_t kMaxHeaderBytes = 256 * 1024;
/// Answers of one exchange after which something is sent again: a challenge, a nonce that is stale, and one more.
constexpr int kMostSteps = 3;

struct SlistFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct EasyFree {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Slist = std::unique_ptr<curl_slist, SlistFree>;

void append(Slist& list, const std::string& text) {
    if (curl_slist* longer = curl_slist_append(list.get(), text.c_str())) {
        static_cast<void>(list.release());
        list.reset(longer);
    }
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::span<const std::uint8_t> address_bytes(const sockaddr& address) {
    const auto* raw = reinterpret_cast<const std::uint8_t*>(&address);
    if (address.sa_family == AF_INET) return {raw + offsetof(sockaddr_in, sin_addr), 4};
    if (address.sa_family == AF_INET6) return {raw + offsetof(sockaddr_in6, sin6_addr), 16};
    return {};
}

}  // namespace

void Exchange::finish(Result<Response> result) {
    if (listener) {
        if (!abandoned) listener->ended(result);
        return;
    }
    const std::lock_guard lock(mutex);
    if (!outcome) outcome.emplace(std::move(result));
    changed.notify_all();
}

/// One easy handle and what its callbacks write.
struct CurlTransport::Loop::Transfer {
    std::shared_ptr<Exchange> exchange;
    std::unique_ptr<CURL, EasyFree> easy{curl_easy_init()};
    Slist headers{};
    Slist connect_to{};
    Response response{};
    std::size_t header_bytes = 0;
    std::size_t headers_when_sent = 0;
    int steps = 0;  ///< Of a sign-in.
    bool too_large = false;
    std::string forbidden{};

    Transfer(std::shared_ptr<Exchange> exchange, const Settings&);
    Result<Response> result(CURLcode);

    template <class T>
    void set(CURLoption option, T value) {
        CALGATE_ASSERT(curl_easy_setopt(easy.get(), option, value) == CURLE_OK);
    }
    void set_request();
    void set_limits(const Settings&);

    static std::size_t on_body(char* data, std::size_t, std::size_t count, void* self);
    static std::size_t on_header(char* data, std::size_t, std::size_t count, void* self);
    static curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* address);
    static int on_sending(void* self, char*, char*, int, int);
};

CurlTransport::Loop::Transfer::Transfer(std::shared_ptr<Exchange> given, const Settings& settings)
    : exchange(std::move(given)) {
    CALGATE_ASSERT(easy != nullptr);
    set_limits(settings);
    set_request();
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(CURLOPT_OPENSOCKETFUNCTION, &on_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(CURLOPT_PREREQFUNCTION, &on_sending);
    set(CURLOPT_PREREQDATA, static_cast<void*>(this));
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
}

void CurlTransport::Loop::Transfer::set_request() {
    const Request& request = exchange->request;
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    for (const auto& [name, value] : request.headers) append(headers, value.empty() ? name + ";" : name + ": " + value);
    append(headers, "Expect:");
    if (request.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else if (!request.body.empty()) {
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_POSTFIELDS, request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_HTTPHEADER, headers.get());
    // Compression would hold back what a stream says.
    if (!exchange->listener) set(CURLOPT_ACCEPT_ENCODING, "");
    if (!request.credentials) return;
    set(CURLOPT_USERNAME, request.credentials->user.c_str());
    set(CURLOPT_PASSWORD, request.credentials->password.c_str());
    switch (exchange->authentication) {
        case Authentication::Basic:
            return set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        case Authentication::Digest:
            return set(CURLOPT_HTTPAUTH, CURLAUTH_DIGEST);
        case Authentication::Ntlm:  // It signs in a connection, which HTTP/2 shares.
            set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
            return set(CURLOPT_HTTPAUTH, CURLAUTH_NTLM);
    }
}

void CurlTransport::Loop::Transfer::set_limits(const Settings& settings) {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(exchange->timeout.count(), 1)));
    if (exchange->listener) {
        set(CURLOPT_LOW_SPEED_LIMIT, 1L);
        set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(exchange->silence.count()));
    }
    set(CURLOPT_USERAGENT, settings.user_agent.c_str());
    if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str());
    for (const auto& entry : settings.connect_to) append(connect_to, entry);
    if (connect_to) set(CURLOPT_CONNECT_TO, connect_to.get());
}

std::size_t CurlTransport::Loop::Transfer::on_body(char* data, std::size_t, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.exchange->listener) {
        long status = 0;
        curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
        if (status == 200)
            return !transfer.exchange->abandoned && transfer.exchange->listener->piece({data, count}) ? count : 0;
    }
    std::string& body = transfer.response.body;
    if (count > transfer.exchange->request.max_response_bytes -
                    std::min(body.size(), transfer.exchange->request.max_response_bytes)) {
        transfer.too_large = true;
        return 0;
    }
    body.append(data, count);
    return count;
}

std::size_t CurlTransport::Loop::Transfer::on_header(char* data, std::size_t, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, count);
    if (line.starts_with("HTTP/")) {
        transfer.response.headers.clear();
        transfer.response.body.clear();
    }
    if ((transfer.header_bytes += count) > kMaxHeaderBytes) {
        transfer.too_large = true;
        return 0;
    }
    if (const auto colon = line.find(':'); colon != std::string_view::npos && !line.starts_with("HTTP/"))
        transfer.response.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    return count;
}

curl_socket_t CurlTransport::Loop::Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string why = forbidden_address(address_bytes(address->addr));
    if (!why.empty() && !transfer.exchange->private_allowed) {
        transfer.forbidden = why;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransport::Loop::Transfer::on_sending(void* self, char*, char*, int, int) {
    auto& transfer = *static_cast<Transfer*>(self);
    Exchange& exchange = *transfer.exchange;
    // After an answer to the last sending this is the next step of a sign-in.
    const bool answered = transfer.header_bytes > std::exchange(transfer.headers_when_sent, transfer.header_bytes);
    // libcurl begins NTLM anew for as long as a server, or a proxy before it, ends the connection that it signs in.
    if (answered && ++transfer.steps > kMostSteps) return CURL_PREREQFUNC_ABORT;
    const bool again = exchange.sent.exchange(true) && !answered;
    // libcurl repeats what was sent on a kept connection that then ended; it may have been done (RFC 9110 9.2.2).
    const bool idempotent = exchange.request.method != "POST" && exchange.request.method != "PATCH";
    return again && !idempotent ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

Result<Response> CurlTransport::Loop::Transfer::result(CURLcode code) {
    const auto url = parse_url(exchange->request.url);
    const std::string where = url ? url->origin() : "the service";
    const auto error = [](ErrorCode kind, std::string sentence) { return Error{kind, std::move(sentence), {}}; };
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
        response.status = static_cast<int>(status);
        response.url = exchange->request.url;
        return std::move(response);
    }
    if (too_large)
        return error(
            ErrorCode::InvalidResponse, "The answer of " + where + " is larger than the limit; it was not read."
        );
    const std::string reason = std::string(" (") + curl_easy_strerror(code) + ")";
    if (!exchange->sent) {
        if (!forbidden.empty())
            return error(
                ErrorCode::Rejected,
                where + " leads to " + forbidden +
                    "; if the service really is there, enter that address as the URL of the account."
            );
        if (code == CURLE_PEER_FAILED_VERIFICATION)
            return error(
                ErrorCode::Unavailable,
                "The certificate of " + where +
                    " is another host's, has ended, or is signed by nobody that this machine trusts; renew it, or name "
                    "the authority with ca_file under [network] in calgate.toml."
            );
        if (code == CURLE_SSL_CONNECT_ERROR)
            return error(
                ErrorCode::Unavailable,
                where + " does not speak TLS as it should" + reason + "; check the port and the server's TLS."
            );
        return error(
            ErrorCode::Unavailable,
            "No connection to " + where + reason + "; check the address and whether that server is up."
        );
    }
    if (steps > kMostSteps)
        return error(  // What was not answered between two steps may have been done.
            ErrorCode::Timeout,
            where +
                " ends the connection in the middle of each sign-in, which NTLM does not bear; let the proxy before "
                "it keep connections open, or allow Basic there over https."
        );
    const bool answering = header_bytes > 0;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error(
            ErrorCode::Timeout, where + " did not answer in time; it may be busy or down, so try again later."
        );
    if (answering) return error(ErrorCode::InvalidResponse, "The answer of " + where + " broke off" + reason + ".");
    return error(
        ErrorCode::Timeout,
        where + " closed the connection without an answer" + reason +
            "; check the address, its port and whether it begins with https."
    );
}

CurlTransport::Loop::Loop(const Settings& settings) : settings_(settings) {
    static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    CALGATE_ASSERT(kInitialised == CURLE_OK);
    multi_ = curl_multi_init();
    CALGATE_ASSERT(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

CurlTransport::Loop::~Loop() {
    thread_.request_stop();
    wake();
    thread_.join();
    curl_multi_cleanup(multi_);
}

void CurlTransport::Loop::start(std::shared_ptr<Exchange> exchange) {
    {
        const std::lock_guard lock(mutex_);
        incoming_.push_back(std::move(exchange));
    }
    wake();
}

void CurlTransport::Loop::wake() { curl_multi_wakeup(multi_); }

Authentication CurlTransport::Loop::wanted(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    const auto found = wanted_.find(origin);
    return found == wanted_.end() ? Authentication::Basic : found->second;
}

void CurlTransport::Loop::remember(const std::string& origin, Authentication authentication) {
    const std::lock_guard lock(mutex_);
    wanted_[origin] = authentication;
}

void CurlTransport::Loop::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        take_incoming();
        drop_abandoned();
        begin_waiting();
        int running = 0;
        curl_multi_perform(multi_, &running);
        collect_finished();
        begin_waiting();
        curl_multi_poll(multi_, nullptr, 0, kPollMilliseconds, nullptr);
    }
    finish_all();
}

void CurlTransport::Loop::take_incoming() {
    std::deque<std::shared_ptr<Exchange>> taken;
    {
        const std::lock_guard lock(mutex_);
        taken.swap(incoming_);
    }
    waiting_.insert(waiting_.end(), taken.begin(), taken.end());
}

void CurlTransport::Loop::begin_waiting() {
    std::deque<std::shared_ptr<Exchange>> still;
    for (auto& exchange : waiting_) {
        if (exchange->abandoned) continue;
        const auto others = under_way_.find(exchange->origin);
        const bool room =
            exchange->listener || others == under_way_.end() || others->second < exchange->request.connections;
        if (room)
            begin(std::move(exchange));
        else
            still.push_back(std::move(exchange));
    }
    waiting_.swap(still);
}

void CurlTransport::Loop::begin(std::shared_ptr<Exchange> exchange) {
    if (!exchange->listener) ++under_way_[exchange->origin];
    auto transfer = std::make_unique<Transfer>(std::move(exchange), settings_);
    CURL* easy = transfer->easy.get();
    curl_multi_add_handle(multi_, easy);
    transfers_.emplace(easy, std::move(transfer));
}

void CurlTransport::Loop::end(const Transfer& transfer) {
    if (transfer.exchange->listener) return;
    const auto found = under_way_.find(transfer.exchange->origin);
    if (--found->second == 0) under_way_.erase(found);
}

void CurlTransport::Loop::drop_abandoned() {
    std::erase_if(transfers_, [this](const auto& entry) {
        if (!entry.second->exchange->abandoned) return false;
        curl_multi_remove_handle(multi_, entry.first);
        end(*entry.second);
        return true;
    });
}

void CurlTransport::Loop::collect_finished() {
    int waiting = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &waiting)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* easy = message->easy_handle;
        const CURLcode code = message->data.result;
        const auto found = transfers_.find(easy);
        CALGATE_ASSERT(found != transfers_.end());
        curl_multi_remove_handle(multi_, easy);
        const std::unique_ptr<Transfer> transfer = std::move(found->second);
        transfers_.erase(found);
        end(*transfer);
        transfer->exchange->finish(transfer->result(code));
    }
}

void CurlTransport::Loop::finish_all() {
    take_incoming();
    const Error stopping{ErrorCode::Cancelled, "The gateway is stopping.", {}};
    for (const auto& exchange : waiting_) exchange->finish(stopping);
    for (auto& [easy, transfer] : transfers_) {
        curl_multi_remove_handle(multi_, easy);
        transfer->exchange->finish(stopping);
    }
    waiting_.clear();
    transfers_.clear();
}

}  // namespace calgate::http
