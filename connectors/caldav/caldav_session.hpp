#pragma once

#include <optional>
#include <string>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/caldav/caldav_errors.hpp"
#include "connectors/caldav/caldav_wire.hpp"
#include "connectors/http/redirects.hpp"

namespace calgate::caldav {

/// A multistatus and the address that answered.
struct Listing {
    http::Url answered{};
    Instant when{};  ///< By the service's clock, where it has one and says so (RFC 9110 6.6.1); else by this host's.
    Multistatus content{};
};

/// Requests of one account, with its credentials; every refusal is already an Error.
class Session {
public:
    Session(http::HttpTransport&, const Clock&, const CaldavSettings&);

    /// Any answer, also a refusal. @return Unauthorized for 401.
    Result<http::Response> send(const Context&, http::Request) const;
    /// Each as `send` does it, at the same time where the transport can. Not for iCloud, whose partition a request may
    /// have to find first. Once a sign-in is refused the rest is not sent and Unauthorized: servers lock out who goes
    /// on.
    std::vector<Result<http::Response>> send_together(const Context&, std::vector<http::Request>) const;
    /// @param depth "0", "1" or empty for none. @return InvalidResponse when the answer is no multistatus.
    Result<Listing> ask(
        const Context&,
        Call,
        const std::string& method,
        const std::string& url,
        const std::string& depth,
        std::string body
    ) const;
    Error refused(Call, const http::Response&) const;

    bool icloud() const { return icloud_; }
    /// Ends when half of the time that is left has passed, so that something else can be tried.
    Context half_of(const Context&) const;
    /// A calendar home or a calendar as addresses are kept: at iCloud at the entry host, whatever partition it lies on,
    /// and that partition gets the coming requests. Elsewhere as it is.
    std::string kept(const std::string& url) const;

private:
    /// Where a kept address is asked: iCloud's partition of this account, found out when it is not known.
    Result<std::string> routed(const Context&, const std::string& url) const;
    Result<std::string> find_partition(const Context&, const std::string& entry) const;
    Result<http::Response> exchange(const Context&, http::Request) const;
    /// The answer to one of several that went together; what it leads to is asked alone.
    Result<http::Response> after_together(const Context&, http::Request, Result<http::Response> answer) const;
    /// Every 401 is a refusal from here on.
    Result<http::Response> let_in(http::Response) const;
    void sign(http::Request&) const;

    http::HttpTransport& transport_;
    const Clock& clock_;
    const CaldavSettings& settings_;
    const bool icloud_;
    mutable std::string partition_{};  ///< Origin; empty: not known.
    mutable bool let_in_ = false;
};

/// For a GET of an object: a compressed answer may carry a changed ETag, which If-Match then refuses for ever.
http::Headers object_headers();

/// Blanks should have been encoded (RFC 3986 2.1); some services list names as people wrote them.
std::string without_blanks(const std::string& href);

/// A listed href under the origin by which we know the calendar (iCloud's partition hosts change); nothing when it
/// belongs to another host.
std::optional<std::string> member_href(const http::Url& answered, const http::Url& calendar, const std::string& raw);
/// Both without their trailing slash.
bool same_place(std::string a, std::string b);

}  // namespace calgate::caldav
