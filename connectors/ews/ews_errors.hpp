#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/ews/ews_xml.hpp"
#include "connectors/http/transport.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate::ews {

/// What was asked; the same code means different things.
enum class Call : std::uint8_t { Discover, Read, Sync, Create, Update, Delete };

/// What the service says about one item, or about a whole request.
struct Verdict {
    std::string code{};                              ///< ResponseCode; "NoError" or empty for success.
    std::string text{};                              ///< MessageText
    std::optional<std::chrono::seconds> back_off{};  ///< BackOffMilliseconds, rounded up, an hour at most.

    bool success() const { return code.empty() || code == "NoError"; }
};

/// Of a ResponseMessage. ErrorInternalServerError gives way to the error inside it (MessageXml).
Verdict verdict_of(const Element& message);
/// Of a SOAP fault. @param fault the Fault element.
Verdict verdict_of_fault(const Element& fault);
/// @param where host, for the sentence.
Error refusal(Call, const Verdict&, const std::string& where);
/// An answer without SOAP in it.
Error http_refusal(Call, const http::Response&, Instant now, const std::string& where);

/// The request was not looked at because of its RequestServerVersion.
bool is_wrong_version(const Verdict&);
bool is_wrong_version(const http::Response&);  ///< Of status 500, without SOAP in it.
bool is_locked_out(const http::Response&);
/// A ResponseCode for a time zone that the server does not know.
bool is_unknown_zone(const std::string& code);
/// The item cannot be read now or later, by this account.
bool is_broken_item(const Verdict&);
/// The item was not looked at now.
bool is_busy(const Verdict&);

/// The subscription is worth nothing any more; another one is to be made at once.
bool is_dead_subscription(const Verdict&);

/// The response messages of an operation's answer, in order.
std::vector<const Element*> messages_of(const Element& response);

}  // namespace calgate::ews
