#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "core/icalendar.hpp"
#include "tests/conformance/subject.hpp"

namespace calgate::testing {

/// A row's finding: the connector does not do what core/connector.hpp promises.
struct Finding : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What a whole pull brought, all pages together.
struct Pulled {
    std::map<std::string, RemoteEvent> changed{};  ///< By href.
    std::set<std::string> removed{}, unchanged{}, unread{};
    std::optional<SyncToken> token{};
    bool snapshot = false;
    int pages = 0;
};

/// A fresh calendar at a subject, and short words for what rows do with it.
class Stage {
public:
    Stage(Subject&, const ZoneResolver&, const std::string& row);

    Subject& subject;
    const ZoneResolver& zones;
    Connector& connector;
    const Href calendar;

    Context context() const;
    /// A UID that no other row has, fit as a file name.
    Uid uid(const std::string& hint) const;
    Href another_calendar();

    WriteReceipt create(const Event&);
    /// As another program; the name is the UID's unless given.
    Href put_foreign(const std::string& icalendar, const std::string& name);
    RemoteEvent fetch(const Href&);
    Version version_of(const Href&);
    WriteReceipt update(const RemoteEvent& read, const std::function<void(Event&)>& change);
    /// As any caller does: once a token is refused, everything is listed anew, one time; `snapshot` tells.
    Pulled pull(const std::optional<SyncToken>& since = {}, const KnownVersion& known = {});
    /// As a caller holds them who has seen everything.
    KnownVersion everything_in(const Pulled&);
    std::size_t count();
    std::string digest(const Event&) const;

private:
    std::string row_;
    int calendars_ = 0;
};

[[noreturn]] void found(const char* file, int line, const std::string& what);

template <class Outcome>
std::string described(const Outcome& outcome) {
    return outcome ? "success" : std::string(to_string(outcome.error().code)) + ", " + outcome.error().detail;
}

template <class Outcome>
void expect_success(const Outcome& outcome, const char* file, int line, const std::string& what) {
    if (!outcome) found(file, line, what + " is " + described(outcome));
}

template <class Outcome>
void expect_error(const Outcome& outcome, ErrorCode code, const char* file, int line, const std::string& what) {
    const bool as_expected = !outcome && outcome.error().code == code && !outcome.error().detail.empty();
    if (!as_expected) found(file, line, what + " should be " + to_string(code) + " and is " + described(outcome));
}

#define CALGATE_EXPECT(condition) \
    ((condition) ? void(0) : ::calgate::testing::found(__FILE__, __LINE__, "not so: " #condition))
#define CALGATE_EXPECT_SUCCESS(outcome) ::calgate::testing::expect_success(outcome, __FILE__, __LINE__, #outcome)
#define CALGATE_EXPECT_ERROR(outcome, code) \
    ::calgate::testing::expect_error(outcome, code, __FILE__, __LINE__, #outcome)

}  // namespace calgate::testing
