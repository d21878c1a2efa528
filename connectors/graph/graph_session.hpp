#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/graph/graph_batch.hpp"
#include "connectors/graph/graph_connector.hpp"
#include "connectors/graph/graph_errors.hpp"
#include "connectors/graph/graph_wire.hpp"
#include "connectors/oauth/parts.hpp"

namespace calgate::graph {

struct Ask {
    Call call = Call::Read;
    std::string method = "GET";
    std::string url{};  ///< As Session::mailbox_url makes it, or a link of the service.
    std::string body{};
    std::string if_match{};
    bool paged_by_header = false;  ///< Delta: odata.maxpagesize instead of $top.
};

/// Requests of one mailbox; the one place that makes headers, so that every page and call gets the same (Graph: Prefer
/// is not remembered in links).
class Session {
public:
    Session(http::HttpTransport&, const Clock&, oauth::TokenSource&, const GraphSettings&);

    /// Any answer but 401, also a refusal. A token that was refused is replaced once (401 InvalidAuthenticationToken).
    Result<http::Response> send(const Context&, const Ask&) const;
    /// Only a 2xx; everything else as its Error.
    Result<http::Response> done(const Context&, const Ask&) const;
    /// Several calls in one request; what comes back is for each of them as `send` gives it, or nothing where its
    /// answer is missing.
    Result<oauth::PartAnswers> send_together(const Context&, const std::vector<Ask>&) const;
    /// A DELETE. What is gone already was deleted too.
    Status gone(const Context&, const Ask&) const;
    Error refused(Call, const http::Response&) const;

    /// @param path below the mailbox, encoded. @param query pairs, not encoded.
    std::string mailbox_url(const std::string& path, const std::vector<std::pair<std::string, std::string>>& query = {})
        const;
    std::string root_url(const std::string& path) const;
    /// "me" or "users/{id}", not encoded.
    std::string mailbox() const;
    /// A link of the service may lead nowhere but to the service: the access token goes with it.
    Status check_address(const std::string& url) const;
    /// What a delta link depends on besides its calendar.
    std::string fingerprint() const;

private:
    std::string preferences(bool paged_by_header) const;
    /// All that a call says but the access token.
    http::Headers headers_of(const Ask&) const;
    Result<http::Response> exchange(const Context&, const Ask&, const std::string& token) const;
    Result<oauth::PartAnswers> batch(const Context&, const std::vector<Ask>&) const;

    http::HttpTransport& transport_;
    const Clock& clock_;
    oauth::TokenSource& tokens_;
    const GraphSettings& settings_;
};

/// Whether text is "calendars/{id}" or "calendars/{id}/events/{id}" with encoded ids.
bool is_calendar_href(std::string_view href);
bool is_event_href(std::string_view href);
Href calendar_href(const std::string& id);
Href event_href(const Href& calendar, const std::string& id);
/// The calendar part of an event's href.
Href calendar_of(const Href& event);

}  // namespace calgate::graph
