#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/zone.hpp"
#include "tests/sim/seed_fault.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::seeds {

using Texts = std::map<std::string, std::string>;  ///< Stored text by href.

/// A calendar service with one account, as its owner sees it beside the gateway. Nothing here fails. A text is what a
/// connector gives as an event's source: iCalendar, or what the service has in its place.
class Host {
public:
    explicit Host(const ZoneResolver& zones) : zones_(zones) {}
    virtual ~Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual std::string name() const = 0;
    virtual std::unique_ptr<Connector> connect() = 0;
    virtual Href make_calendar(const std::string& name) = 0;
    virtual void remove_calendar(const Href&) = 0;
    virtual Texts texts(const Href& calendar) const = 0;
    /// Nothing for a text that is not of this service, or that nobody can read.
    virtual std::optional<Event> understood(const std::string& text) const;
    virtual Href calendar_of(const Href& event) const;
    /// Where an event of this UID lies that is created here; nothing where the service chooses.
    virtual std::optional<Href> place_of(const Href& calendar, const Uid&) const;
    /// Holds text that is no event, and events that are marked as cancelled.
    virtual bool holds_anything() const { return true; }

    // What persons do. An answer without a place: it cannot be done here.
    virtual Href create(const Href& calendar, const std::string& uid, const std::string& icalendar);
    /// Another event in its place. @param icalendar also what `texts` gave.
    virtual void put(const Href& event, const std::string& icalendar) = 0;
    /// Title, times and state become those of `wanted`; whatever else stands in `text` stays.
    virtual void change(const Href& event, const std::string& text, const Event& wanted, Instant now);
    virtual std::optional<Href> duplicate(const Href& event, const std::string& text, const std::string& uid);
    virtual std::optional<Href> rename(const Href& event, const std::string& text, const std::string& name);
    /// After it was erased. @return whether it is there again, in its place.
    virtual bool put_back(const Href& event, const std::string& text);
    virtual void erase(const Href& event) = 0;

    virtual void forget_tokens() = 0;
    virtual int mails_sent() const = 0;
    virtual void sign_in_again() {}
    /// A fault below HTTP or in its answers, if this service speaks HTTP.
    virtual bool arm_wire(testing::SeededRandom&) { return false; }
    virtual void clear_wire() {}
    virtual void invite_from_now_on() {}  ///< For a canary: copies get guests.

protected:
    const ZoneResolver& zones_;
};

/// Where a service of a seed stands.
struct Ground {
    testing::SeededRandom& random;
    const Clock& clock;          ///< Of the gateway.
    const Clock& service_clock;  ///< No jump of the gateway's moves it.
    const ZoneResolver& zones;
    Statistics& statistics;
    const std::set<Fault>& without_faults;
    int number = 0;       ///< Of the service in this seed.
    bool upkeep = false;  ///< The wrong persons sign in, too.
};
/// A service and its habits, drawn by chance.
using HostMaker = std::function<std::unique_ptr<Host>(const Ground&)>;
/// Memory, or CalDAV in one of eight habits.
std::unique_ptr<Host> make_caldav_host(const Ground&);

}  // namespace calgate::seeds
