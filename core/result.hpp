#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace calgate {

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: broken assumption: %s\n", file, line, what);
    std::abort();
}

/// Our own bug: on in every build; the process restarts from the store.
#define CALGATE_ASSERT(condition) ((condition) ? void(0) : ::calgate::assertion_failed(#condition, __FILE__, __LINE__))

/// What a calendar service can do to us; only distinctions that change what the scheduler does next.
enum class ErrorCode {
    Unauthorized,      ///< 401, invalid_grant: pause the account, tell its owner.
    Forbidden,         ///< 403 that is not about quota: park the calendar.
    NotFound,          ///< The calendar or event is gone.
    VersionMismatch,   ///< 412, ErrorIrresolvableConflict: fetch, reconcile, try again.
    AlreadyExists,     ///< A create met an event under the same name: fetch it, adopt it if it is ours.
    SyncTokenExpired,  ///< 410, valid-sync-token: forget the token, list everything.
    RateLimited,       ///< 429, quota 403, ErrorServerBusy: wait for retry_after.
    Unavailable,       ///< 5xx, DNS, TLS, refused: back off; counts against the breaker.
    Timeout,           ///< As Unavailable, but the write may have happened: fetch before repeating it.
    InvalidResponse,   ///< Answered, and we cannot read it: back off; a write may have happened.
    Rejected,          ///< 400, 422: our event will never be accepted; park it with the reason.
    QuotaExceeded,     ///< 413, 507 on a write: park until a person made room.
    Unsupported,       ///< See Capabilities.
    Cancelled,         ///< Context::stop was requested.
};

const char* to_string(ErrorCode code);

struct Error {
    ErrorCode code{};
    std::string detail{};  ///< A sentence for people. Never holds credentials.
    std::optional<std::chrono::seconds> retry_after{};
    bool only_writes = false;  ///< RateLimited: reading is another allowance, and goes on.
};

/// A value or one Error; member names follow std::expected. Not thread-safe, as any value.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & { return checked(); }
    const T& value() const& { return const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(checked()); }
    T& operator*() & { return checked(); }
    const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
    T&& operator*() && { return std::move(checked()); }
    T* operator->() { return &checked(); }
    const T* operator->() const { return &const_cast<Result*>(this)->checked(); }
    T value_or(T other) const { return has_value() ? value() : std::move(other); }

    const Error& error() const {
        CALGATE_ASSERT(!has_value());
        return std::get<1>(state_);
    }

private:
    T& checked() {
        CALGATE_ASSERT(has_value());
        return std::get<0>(state_);
    }
    std::variant<T, Error> state_;
};

/// Success without a value, or one Error.
class [[nodiscard]] Status {
public:
    Status() = default;
    Status(Error error) : error_(std::move(error)) {}

    bool has_value() const { return !error_; }
    explicit operator bool() const { return has_value(); }
    const Error& error() const {
        CALGATE_ASSERT(error_.has_value());
        return *error_;
    }

private:
    std::optional<Error> error_{};
};

#define CALGATE_CONCAT_INNER(a, b) a##b
#define CALGATE_CONCAT(a, b) CALGATE_CONCAT_INNER(a, b)
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration takes none.
/// `CALGATE_TRY(auto page, fetch())`: binds the value, or returns the Error to the caller.
#define CALGATE_TRY(declaration, expression) \
    CALGATE_TRY_INNER(CALGATE_CONCAT(calgate_result_, __LINE__), declaration, expression)
#define CALGATE_TRY_INNER(name, declaration, expression) \
    auto name = (expression);                            \
    if (!name) return name.error();                      \
    declaration = std::move(name).value()
// NOLINTEND(bugprone-macro-parentheses)
/// For a Status.
#define CALGATE_TRY_STATUS(expression) \
    if (auto calgate_status = (expression); !calgate_status) return calgate_status.error()

}  // namespace calgate
