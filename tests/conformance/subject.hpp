#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/zone.hpp"
#include "tests/sim/caldav_sim.hpp"

namespace calgate::testing {

/// What a subject lets a row do. A row that needs what is not offered is disabled, and shown as such.
struct Features {
    bool passwords = false;         ///< A wrong password is refused.
    bool deadlines = false;         ///< Calls can take time, so deadlines count.
    bool garbage = false;           ///< Stores text that is no calendar object.
    bool outages = false;           ///< Can be down and come back.
    bool freezing = false;          ///< Can accept a connection and never answer.
    bool faults = false;            ///< Answers can be broken, see SimFault.
    bool webdav = false;            ///< A CaldavSim: redirects, replaced collections, 507, XML.
    bool json = false;              ///< Answers are JSON, writes are POST, PATCH and DELETE; any text can come instead.
    bool batches = false;           ///< Several writes fit into one call.
    bool times = false;             ///< Can be asked for free and busy times alone.
    bool hints = false;             ///< Tells over a connection that stays open what happens.
    bool parallel_batches = false;  ///< `batches` whose writes take a request each.
    bool mailing_batches = false;   ///< `batches` at a service with `mails`.
    bool mails = false;             ///< Counts the invitations it would mail.
    bool incremental = true;
};

/// A service, and an account at it. What a subject does itself, it does as another program would: not through the
/// connector. Throws std::runtime_error when it cannot.
class Subject {
public:
    virtual ~Subject() = default;
    virtual Features features() const = 0;
    /// Starts what has to run; called before each row.
    virtual void begin() {}
    virtual Connector& connector() = 0;
    virtual std::unique_ptr<Connector> with_wrong_password() = 0;
    /// Signed in for free and busy times only.
    virtual std::unique_ptr<Connector> for_times_only();
    virtual const Clock& clock() const = 0;

    virtual Href make_calendar(const std::string& name) = 0;
    virtual Href put_text(const Href& calendar, const std::string& name, const std::string& icalendar) = 0;
    virtual void erase(const Href& event) = 0;
    virtual Href unknown_calendar() = 0;
    /// The next write is applied and its answer is lost.
    virtual void lose_next_answer() = 0;
    /// What of decorated_text, in the service's own terms, `Event::source` shows and a write keeps.
    virtual std::vector<std::string> decoration() const;

    /// Below, only with the feature.
    virtual void set_down(bool down);
    virtual void set_frozen(bool frozen);
    virtual CaldavSim& sim();
    virtual void fail_next(const SimFault&);
    virtual void clear_faults();
    virtual void forget_tokens();
    /// Methods that a pull uses.
    virtual std::vector<std::string> reading_methods() const;
    virtual int mails_sent();
    /// As another program: an event in the calendar with a guest who is told.
    virtual void invite_a_customer(const Href& calendar, const Uid&);
};

std::unique_ptr<Subject> memory_subject(const ZoneResolver&);
std::unique_ptr<Subject> google_subject(const ZoneResolver&, bool over_https);
std::unique_ptr<Subject> simulated_subject(const ZoneResolver&, const std::string& profile);
std::unique_ptr<Subject> graph_subject(const ZoneResolver&, const std::string& profile, bool over_https);
std::unique_ptr<Subject> ews_subject(const ZoneResolver&, const std::string& profile);
std::unique_ptr<Subject> radicale_subject(const ZoneResolver&);
std::unique_ptr<Subject> xandikos_subject(const ZoneResolver&);

}  // namespace calgate::testing
