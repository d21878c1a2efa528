#pragma once

#include <map>
#include <string>

#include "connectors/ews/ews_connector.hpp"
#include "connectors/ews/ews_errors.hpp"

namespace calgate::ews {

struct Ask {
    Call call = Call::Read;
    std::string operation{};  ///< "GetItem"
    Element body{};           ///< What stands in the SOAP body; prefixes m: and t:.
    std::string zone{};       ///< IANA; for TimeZoneContext. Empty: none.
};

/// Requests of one account; every refusal of a whole request is already an Error.
class Session {
public:
    Session(http::HttpTransport&, const Clock&, const EwsSettings&, oauth::TokenSource* tokens);

    /// The operation's own answer, "GetItemResponse" and so on. A version that the server does not speak is stepped
    /// down once and for all.
    Result<Element> ask(const Context&, const Ask&);
    /// As `ask`, for operations with one response message, which has to be a success.
    Result<Element> ask_one(const Context&, const Ask&);
    /// A request that is not sent here.
    Result<http::Request> request(const Context&, const Ask&);
    http::HttpTransport& transport() { return transport_; }
    Error refused(Call, const Verdict&) const;
    /// Of the last request: the server named a code for not doing it, or not its first item.
    bool was_refused() const { return !code_.empty(); }
    /// The last request failed in a way in which some servers say that they do not know it, and the one before was
    /// answered well: an error without a name or a hint, which an outage gives as well.
    bool may_be_unknown() const { return nameless_ && answered_before_; }
    bool is_nameless() const { return nameless_; }
    /// The last answer: the account is locked, and trying again keeps it so.
    bool locked_out() const { return locked_out_; }
    /// The last request took the server too long: a smaller one may not (EWS: ErrorTimeoutExpired).
    bool timed_out() const { return code_ == "ErrorTimeoutExpired"; }
    bool zone_was_refused() const { return is_unknown_zone(code_); }
    /// What refusals mean; outlives the session, not the clock.
    struct Refusals {
        Ask ask{};
        const Clock& clock;
        std::string where{};
        Error of(const Verdict&) const;
        Error of(const http::Response&) const;
        /// The operation's own answer, or the Fault in its place.
        Result<Element> understood(const http::Response&) const;
    };
    Refusals refusals(const Ask& ask) const { return {ask, clock_, where_}; }
    /// Whatever else than user and server makes a stored SyncState worthless.
    std::string fingerprint() const;

private:
    Result<http::Response> exchange(const Context&, const Ask&);
    std::string envelope(const Ask&) const;
    void keep_affinity(const http::Response&);

    http::HttpTransport& transport_;
    const Clock& clock_;
    const EwsSettings& settings_;
    oauth::TokenSource* const tokens_;
    std::string where_{};
    std::size_t version_ = 0;
    bool locked_out_ = false;
    bool answered_ = false, answered_before_ = false;  ///< The last request and the one before, each well.
    bool nameless_ = false;                            ///< ErrorInternalServerError, or 500 and 501 without SOAP.
    std::string code_{};                               ///< Of the last refusal.
    std::map<std::string, std::string> affinity_{};    ///< Cookies that name the server which knows our subscription.
};

/// The Windows name of a zone, or "UTC" where it has none.
std::string windows_zone(const std::string& iana);

}  // namespace calgate::ews
