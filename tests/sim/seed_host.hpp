#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/zone.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::seeds {

using Texts = std::map<std::string, std::string>;  ///< Stored text by href.

/// A calendar service with one account, as its owner sees it beside the gateway. Nothing here fails.
class Host {
public:
    virtual ~Host() = default;
    virtual std::string name() const = 0;
    virtual std::unique_ptr<Connector> connect() = 0;
    virtual Href make_calendar(const std::string& name) = 0;
    virtual void remove_calendar(const Href&) = 0;
    virtual Texts texts(const Href& calendar) const = 0;
    virtual void put(const Href& event, const std::string& text) = 0;
    virtual void erase(const Href& event) = 0;
    virtual void forget_tokens() = 0;
    virtual int mails_sent() const = 0;
    /// A fault below HTTP or in its answers, if this service speaks HTTP.
    virtual bool arm_wire(testing::SeededRandom&) { return false; }
    virtual void clear_wire() {}
    virtual void invite_from_now_on() {}  ///< For a canary: copies get guests.
};

/// A service and its habits, drawn by chance. @param clock of the gateway. @param service_clock its own: no jump of the
/// gateway's moves it. @param number of the service in this seed.
std::unique_ptr<Host> make_host(
    testing::SeededRandom&, const Clock& clock, const Clock& service_clock, const ZoneResolver&, int number
);

Href calendar_of(const Href& event);

}  // namespace calgate::seeds
