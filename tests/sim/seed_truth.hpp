#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/availability.hpp"
#include "core/identity.hpp"
#include "scheduler/engine.hpp"
#include "store/booking.hpp"
#include "tests/sim/seed_wall.hpp"

namespace calgate::seeds {

/// Line ends change on the way through XML.
std::string without_returns(std::string text);

/// A text of a calendar as it is understood, once.
struct Understood {
    std::optional<Event> event{};  ///< Absent: unreadable.
    std::optional<Mark> mark{};    ///< Valid ones only.
};

/// An edit of a copy by a person that must not vanish (I10).
struct PersonEdit {
    AppointmentId appointment{};
    CalendarId calendar{};
    Href copy{};
    std::optional<std::string> title{};
    std::optional<When> start{};
    bool superseded = false;  ///< By the same person, before or after it was read.
};

/// A deletion of a copy by a person that must be decided and recorded (I12).
struct PersonDeletion {
    AppointmentId appointment{};
    CalendarId calendar{};
    Href copy{};
    std::int64_t feed = 0;       ///< What the feed held then.
    std::int64_t conflicts = 0;  ///< Likewise.
    bool superseded = false;
};

/// What really happened, kept apart from the gateway, and what must follow from it.
class Truth final : public Witness {
public:
    Truth(const ZoneResolver&, const Keys&, Statistics&);

    // What is there.
    void watch(Store& store) { store_ = &store; }
    /// Writes on the wire and entries of the feed are told here, for a replay.
    void tell(std::function<void(const std::string&)> told) { told_ = std::move(told); }
    void add_calendar(const CalendarId&, const Href&, Host&);
    void calendar_gone(const Href& calendar);
    bool is_gone(const Href& calendar) const { return gone_.contains(calendar); }

    // What callers were told.
    void acknowledged(const Appointment&);

    // What persons did.
    void foreign_put(const Href&, const std::string& text, const std::vector<Interval>& busy);
    void foreign_erased(const Href&);
    void copy_edited(PersonEdit);
    /// All that a person's copy of it says now.
    void person_wrote(const AppointmentId&, const Event&);
    void copy_taken_away(const Href&);  ///< Deleted, cancelled, moved or dropped.
    void copy_put_back(const Href&);
    void copy_moved(const Href& from, const Href& to);
    bool is_foreign(const Href& event) const { return foreign_.contains(event.value); }
    void brake_answered(const CalendarId& calendar) { unbraked_.insert(calendar); }

    // What became of the store (F37).
    void backup_taken();
    /// What was acknowledged since and is in no mirror may be lost; what the mirrors hold is to come back.
    void backup_put_back(Instant now);

    // What the gateway did.
    void delivered(const RemoteEvent&) override;
    void omitted(const Href& event) override { omitted_.insert(event.value); }
    void told_gone(const Href& calendar, const ChangeSet& page) override;
    void listed(const Href& calendar, Instant now) override;
    /// Every calendar was listed since; what a service once left out is known.
    void listed_anew() {
        omitted_.clear();
        erased_untold_.clear();
    }
    void wrote(const Href& calendar, const Texts& before, const Texts& after) override;
    void wrote_late(const Href& calendar, const Texts& before, const Texts& after) override;
    void committed();  ///< Something is on disk.
    void passed(const PassReport&);
    /// Changes and deletions that a person is asked about since this was asked last.
    int newly_asked(const CalendarId&);

    /// After every step, whatever is wrong just now.
    void check_step(const AvailabilityIndex&);
    /// After faults ended and the settle time passed. @param decided nothing waits for a person any more.
    void check_settled(bool decided);

    const Understood& understand(const std::string& text);
    /// Copies as the gateway made them, by href; what persons duplicated is not among them.
    std::map<Href, AppointmentId> copies(const CalendarId&);
    Host& host(const CalendarId& id) { return *places_.at(id).host; }
    std::optional<CalendarId> calendar_at(const Href&) const;
    /// Empty for an event of no calendar here.
    Href calendar_of(const Href& event) const;

private:
    struct Place {
        Href href{};
        Host* host = nullptr;
    };

    void fail(const std::string& invariant, const std::string& what) const { throw Violation(invariant, what); }
    void tell_write(const std::string& what, const std::string& href, const std::string& text);
    void count(const char* invariant) { ++statistics_.checks[invariant]; }
    Texts texts(const CalendarId& id) { return places_.at(id).host->texts(places_.at(id).href); }

    bool is_name_of(const Uid&, const AppointmentId&, const CalendarId&, int generations) const;

    // seed_truth_writes.cpp
    void check_created(const CalendarId&, const std::string& href, const std::string& text);
    void check_changed(const std::string& href, const std::string& before, const std::string& after);
    void check_deleted(const CalendarId&, const std::string& href, const std::string& text, const Texts& after);
    /// A copy whose creation came late is there again, as if a person had put it back: its absence before cannot be
    /// noticed within the consistency window.
    void made_late(const Href&);
    void check_seen(const std::string& href, const std::string& text);
    void check_cancelled_by_calendar(const Reader&, const Change&);
    void check_marker_stood(const CalendarId&, const AppointmentId&);
    void check_changed_by_calendar(const Change&);
    void check_stands_still(const std::string& href, const std::string& text);
    void check_shows_little(const CalendarId&, const std::string& href, const std::string& text);

    // seed_truth_steps.cpp
    void check_acknowledged(const Reader&);
    void check_foreign();
    void check_capacity(const Reader&);
    void check_availability(const Reader&, const AvailabilityIndex&);
    void check_cache(const Reader&);
    void check_waiting(const Reader&);
    void check_intents(const Reader&);
    void check_as_of(const Reader&);

    // seed_truth_settled.cpp
    void check_hidden(const std::string& what, const AppointmentId&, const CalendarId&, std::size_t live_copies);
    void check_target(const Reader&, const Calendar&, bool decided);
    void check_source(const Reader&, const Calendar&);
    void check_owed(const Reader&);
    void check_edits(const Reader&);
    void check_deletions(const Reader&);
    bool waits(const Reader&, const Calendar&) const;
    bool was_left_out(const Reader&, const AppointmentId&) const;

    // seed_truth_backup.cpp
    std::optional<Appointment> newest_in_mirrors(const Reader&, const AppointmentId&);

    /// What the gateway knew when the backup was taken.
    struct Backup {
        std::set<std::pair<std::string, std::size_t>> delivered{};
        std::map<std::string, std::string> written{};
        std::set<Href> erased{};  ///< Since, and told to a life that is forgotten.
    };

    const ZoneResolver& zones_;
    const Keys& keys_;
    Statistics& statistics_;
    std::set<AppointmentId> taken_lately_{};  ///< Since the last pass.
    bool late_ = false;                       ///< What is being looked at was asked for earlier.
    Store* store_ = nullptr;
    std::function<void(const std::string&)> told_{};
    std::map<CalendarId, Place> places_{};
    std::map<Href, CalendarId> calendars_{};
    std::set<Href> gone_{};
    std::map<AppointmentId, Appointment> acknowledged_{};
    std::map<AppointmentId, std::map<std::int64_t, Appointment>> history_{};
    std::map<AppointmentId, std::int64_t> entries_{};
    std::map<AppointmentId, std::set<std::string>> titles_by_hand_{};
    std::map<AppointmentId, std::set<Instant>> starts_by_hand_{};
    std::map<Href, Instant> listed_{};  ///< Latest time by calendar.
    std::int64_t feed_ = 0;
    std::map<std::string, std::string> foreign_{};
    std::map<std::string, std::vector<Interval>> busy_{};  ///< By text without returns.
    std::map<std::string, std::string> written_{};         ///< By us, by href.
    std::set<std::pair<std::string, std::size_t>> delivered_{};
    std::set<std::string> omitted_{};
    std::set<Href> erased_untold_{};  ///< A dead token answered with everything as if it were news never names them.
    std::int64_t last_conflict_ = 0;
    std::map<std::pair<AppointmentId, CalendarId>, int> taken_away_{};     ///< Latest generation taken away.
    std::map<std::pair<AppointmentId, CalendarId>, int> deleted_since_{};  ///< By the gateway, since the backup.
    std::optional<Backup> backup_{};
    bool put_back_ = false;
    std::map<AppointmentId, Appointment> owed_{};   ///< In a mirror, and newer than the store that was put back.
    std::set<CalendarId> adopting_{};               ///< Read whole since; no brake for what only the store learns.
    std::map<Href, AppointmentId> taken_places_{};  ///< Whose copy a person took away, and did not put back.
    std::set<CalendarId> unbraked_{};
    std::vector<PersonEdit> edits_{};
    std::vector<PersonDeletion> deletions_{};
    std::map<std::pair<CalendarId, Href>, std::string> cached_{};
    std::map<std::string, Understood> understood_{};
};

}  // namespace calgate::seeds
