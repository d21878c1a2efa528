#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/advice.hpp"
#include "core/batch.hpp"
#include "core/manifest.hpp"
#include "core/plan.hpp"
#include "scheduler/busy_change.hpp"
#include "scheduler/engine.hpp"
#include "scheduler/survival.hpp"
#include "scheduler/target_rows.hpp"
#include "scheduler/this_life.hpp"
#include "store/booking.hpp"
#include "store/erase.hpp"

namespace calgate {

/// What was found out about one of our copies and waits for a decision.
struct CopyNews {
    AppointmentId appointment{};
    std::optional<RemoteEvent> present{};  ///< Absent: proven gone (I11).
    bool elsewhere = false;                ///< When gone: it lies in another calendar of the same person.
};

/// One run over a calendar: pull, reconcile, push. Lives for that run, used by one thread.
class SyncPass {
public:
    struct Options {
        bool pull = true;  ///< false: only what waits to be written.
        std::stop_token stop{};
        /// Asked before every write; false ends the push, the rest stays open.
        std::function<bool()> may_write{};
        /// How far the wall clock was set ahead since the last run; no time passed meanwhile (I23).
        std::chrono::seconds jumped{0};
        /// Then the other calendars of the account have their turn; what waits here stays open.
        SteadyInstant turn_ends = SteadyInstant::max();
        bool leaving = false;  ///< The calendar is being disconnected: its copies and its marker are deleted.
        ThisLife life{};
    };
    SyncPass(const EngineParts&, const Engine::Settings&, Connector&, const CalendarId&, Options);

    /// Asked when nothing else makes the marker due: whether it is time to look if what it says of people, services and
    /// targets still holds. Without it, it is.
    void ask_before_facts(std::function<bool()> due) { facts_due_ = std::move(due); }
    /// @throws StoreFailure; what was committed until then stands, nothing else is lost.
    PassReport run();

    bool pulled() const { return pulled_; }                              ///< A pull ended complete.
    bool answered() const { return answered_; }                          ///< Some call came back with an answer.
    bool more() const { return more_; }                                  ///< `may_write` or the turn ended the push.
    const ThisLife& life() const { return life_; }                       ///< With what this run did.
    const std::vector<CalendarId>& touched() const { return touched_; }  ///< Targets that now wait for a write.

private:
    struct Listing {
        std::set<std::string> named{};
        bool snapshot = true;  ///< Every page was one of a full listing.
        std::vector<CopyNews> news{};
        std::vector<std::pair<AppointmentId, Href>> absent{};  ///< Named as removed, not yet proven.
        std::optional<SyncToken> token{};
        bool held = false;     ///< The token waits for the decisions.
        bool told = false;     ///< Some page named an event.
        bool complete = true;  ///< All content came, and all that it does not name is known to be gone.
    };
    struct Sorted {
        std::vector<CachedEvent> foreign{};
        std::vector<CopyNews> ours{};
        std::vector<Mirror> unreadable{};
        std::vector<Href> no_longer_foreign{};
        std::optional<Href> marker{};
        int marker_generation = 1;
        std::vector<Href> probes{};                           ///< Left behind by a run that died.
        std::vector<RemoteEvent> late{};                      ///< Copies of an earlier generation that nobody edited.
        std::vector<std::pair<AppointmentId, Href>> twins{};  ///< Of the same name as the copy, beside it.
        std::optional<Manifest> written{};  ///< What the marker says: a store from before does not know all of it.
    };
    struct Closing {
        Instant began{};
        std::optional<SyncToken> token{};
        bool pull = false, full = false, doubtful = false;
        bool complete = true;  ///< false: the next pull lists everything again.
    };
    struct Decision {
        CopyNews news{};
        Mirror mirror{};
        Appointment appointment{};
        Shown ours{};
        std::optional<Shown> base{};
        Step step{};
    };
    enum class Pushed : std::uint8_t { Next, Stop };
    struct Copy {
        Mirror mirror{};
        Appointment appointment{};
    };
    struct Written {
        const Copy& copy;
        const WriteReceipt& receipt;
    };
    static constexpr int kMaxTries = 3;                 ///< Of one copy in one run.
    static constexpr std::size_t kMaxSingleReads = 50;  ///< Of events one by one, in one step of a run.

    bool load();
    Context context(std::chrono::seconds timeout) const;
    Context context() const { return context(settings_.call_timeout); }
    Shown ours_of(const Appointment&, const Mirror&) const;
    BrakeLimits brake_limits(const Reader&) const;
    ReconcilePolicy policy() const;

    // adopt.cpp
    /// @return whether this store may write where that marker stands (I21).
    bool judge_marker(const Manifest&);
    /// Whether nobody else writes here, as far as is known; asks the marker where this process read nothing yet.
    bool stands_alone();
    void warn_rival();
    bool is_to_adopt(const Reader&) const;
    /// Ends what an old store waits for, as far as this target goes. @return false when it could not be read.
    bool catch_up();
    bool adopt();

    /// Whether a reading told nothing and nobody waits for it: for a while it is not written down.
    bool rests(const Listing&, const Closing&) const;

    void fail(const Error&);
    void pause_account(const Error&);
    void park_calendar(CalendarState, const Error&);
    void publish();

    // sign_in.cpp
    /// An earlier run was refused so short a time ago that this one does not ask.
    bool sign_in_waits();
    /// Whether this was the last try; otherwise it counts as passing (R16).
    bool refused_for_good(const Error&);
    void forget_refusals();

    // regain.cpp
    void note_tried(Writer&) const;
    /// Raises the one alarm of a calendar that may not be read any more.
    void reading_refused(const Error&);
    void reading_allowed();
    /// Makes one write on a calendar that refused writes, once an hour. @return whether the service took it.
    bool write_is_allowed_again();
    /// Asks once a day for a calendar that is gone. @return whether the run goes on, with a calendar to be listed.
    bool is_listed_again();
    void begin_anew(Writer&);

    // survival.cpp
    /// Finds out once what a target keeps, and removes what a run that died left behind. @return whether copies may be
    /// written.
    bool learn_survival();
    struct Tried {
        bool taken = false;
        Survival kept{};
        bool left = false;  ///< It could not be removed yet.
    };
    /// @param note with a trial: that one is gone on with.
    std::optional<Survival> try_out(ProbeNote note);
    /// Writes, reads and removes one event. @return nothing when that could not be done now.
    std::optional<Tried> try_one(int generation, Carrier, int capsule);
    std::optional<Tried> read_probe(const ProbeNote&);
    /// Whether the service refuses a write on a version of the probe that was replaced; in doubt it does.
    bool checks_versions(const RemoteEvent& probe);
    /// With mark and capsule where this calendar keeps them.
    Event as_carried(Event) const;
    NameReuse name_reuse(int generation);
    /// @param there empty address: wherever its name lies. @return false when that could not be done now.
    bool remove_probe(int generation, const std::optional<Href>& there);
    void note_probe(int generation, const std::optional<Href>& there);
    void note_probe(const ProbeNote&);
    /// @return false when only this event was refused.
    bool probe_failed(const Error&);
    bool is_probe(const Reader&, const RemoteEvent&) const;

    // pull.cpp
    bool pull();
    bool pull_failed(const Error&);
    bool read_pages(Listing&, Instant began);
    KnownVersion known();
    /// Whether what should be news names something that is as it was.
    bool names_unchanged(const ChangeSet&) const;
    bool is_held(const Href&);  ///< As a copy or in the cache.
    void read_unread(ChangeSet&);
    /// A copy that appears under another name has moved there if the service says that its old place is empty.
    void find_moved(ChangeSet&);
    Sorted sort_page(const ChangeSet&);
    void sort_event(const Reader&, const RemoteEvent&, const ChangeSet&, Sorted&);
    void keep_page(const ChangeSet&, Listing&);
    void leave_detached_out();  ///< See detached.hpp. Of the series that this run touched.

    // absence.cpp
    bool doubtful(const Listing&) const;
    void mend_times();
    /// What is missing is missing for no longer because the wall clock was set ahead (I11).
    void wait_on_after_jump();
    void find_missing(Listing&);
    /// A copy that was found by a direct read is listed by the next pull, unless it goes before.
    void note_unlisted(Writer&, const Mirror& before);
    /// Copies that no listing had named before this one.
    std::vector<AppointmentId> newly_listed(const Listing&) const;
    void note_listed(const std::vector<AppointmentId>&);
    void find_never_seen(const Listing&);
    void note_missing(const std::vector<AppointmentId>&);
    /// The next pull lists everything.
    void list_anew(Writer&);
    void drop_unlisted(Listing&);
    void prove(Listing&);

    // elsewhere.cpp
    enum class Elsewhere : std::uint8_t { No, Yes, Unknown };
    /// Whether the copy, proven gone here, lies in another calendar of the same person: one of the same account, which
    /// is asked, or one of another, as it was last read.
    Elsewhere look_elsewhere(const Mirror&);

    // decide.cpp
    /// Decides all news in one transaction, or none of them (I13). @return false when the brake holds them.
    bool decide(const std::vector<CopyNews>&, const Closing&);
    /// What the appointment would be, when that overlaps another one as far as the run has come.
    std::optional<Appointment> lacking_room(const Reader&, const Decision&) const;
    /// Number under which a person can take back what was taken over since entry `first` of the feed (R25).
    void note_run(Writer&, std::int64_t first);
    /// @param decisions filled; one per copy that we still know.
    Plan judge(const Reader&, const std::vector<CopyNews>&, std::vector<Decision>& decisions) const;
    /// What reconcile has to know of it; `decision.base` becomes what both sides are taken to have agreed on.
    /// Whether the copy is of a later state of the store (I21).
    bool is_ahead(const CopyNews&, const Appointment&) const;
    /// A copy of ours of what is to come, and this store never heard of it, or not here: as after an older backup.
    bool came_after(const Reader&, const RemoteEvent&, const Mark&) const;
    FoundCopy found_copy(Decision& decision) const;
    /// Of a copy that still has the words of an erased customer nothing but times is taken over or kept (I28).
    static void take_out_words(Decision& decision, FoundCopy& found);
    /// Whatever was decided about such a copy, it is still to be written.
    void keep_awaiting(Writer&, const Decision&);
    /// Whether that is the copy as it was read before our last write into it.
    bool is_what_we_wrote_over(const RemoteEvent&, const Mirror&) const;
    /// A person rejected the run: ours is written again, what it replaces is kept.
    void reject(Writer&, const Decision&);
    /// @param about see brake_question_setting().
    void hold(Writer&, Calendar&, const std::string& why, const std::string& about);
    bool misses_copies(const Reader&) const;
    /// Whether a person who answered had been asked about what is found now.
    bool was_asked(const Reader&, const Plan&) const;

    // apply.cpp
    void apply(Writer&, const Decision&);
    void apply_change(Writer&, const Decision&, Mirror&, bool write_back);
    void apply_cancel(Writer&, const Decision&, Mirror&);
    /// What both sides agree on once the copy shows what we have.
    Shown agreed(const Decision&) const;
    void apply_hide(Writer&, const Decision&, Mirror&);
    void apply_moved_onto(Writer&, const Decision&, Mirror&);
    /// Ours is written again; what it replaces is kept on a decided conflict of this kind.
    void put_back(Writer&, const Decision&, Mirror&, ConflictKind, const std::string& why);
    void apply_conflict(Writer&, const Decision&, Mirror&, ConflictKind, const std::string& why);
    void note_conflict(Writer&, const Decision&, ConflictKind, const std::string& why);
    /// An edit by a person that does not count, decided by a rule (I10).
    void keep_overruled(Writer&, const Decision&, ConflictKind, const std::string& why);
    /// The appointment's cancellation stands; what a person changed meanwhile is kept on a conflict.
    void keep_edit(Writer&, const Decision&, const Mirror&);
    void close_conflicts(Writer&, const Mirror&, ConflictState, const std::string& why);
    Conflict conflict_of(const Decision&, ConflictKind, const std::string& why) const;
    /// Open conflicts of this copy show what both sides say now, so that a person decides about that.
    void keep_up(Writer&, const Decision&);
    bool agrees(const Decision&) const;
    void note_booking(const BookingResult&);

    // push.cpp
    void push();
    /// Asked before every write. @return false when this run writes no more; what is left stays open.
    bool may_write();
    Pushed push_all(const std::vector<Mirror>&);
    Pushed push_one(const AppointmentId&);
    Pushed write_copy(const Mirror&, const Appointment&, int tries);
    Pushed create_copy(const Mirror&, const Appointment&, int tries);
    /// Of a deletion: nothing is at the copy's place any more.
    static bool is_gone(const Result<WriteReceipt>&);
    /// What this outcome means shows by another call only.
    static bool asks_for_a_look(const Result<WriteReceipt>&);
    /// Goes on after a creation, an update or a deletion.
    Pushed after_write(const Mirror&, const Appointment&, const Result<WriteReceipt>&, int tries);
    Pushed take_over(Mirror, const Appointment&, int tries);
    Pushed update_copy(Mirror, const Appointment&, int tries);
    Pushed remove_copy(Mirror, const Appointment&, int tries);
    Pushed removed(const Mirror&, int tries);
    Pushed remove_unseen(const Mirror&, const Appointment&);
    /// The copy under the name of the generation before, when a person put it back (I6). NotFound: there is none.
    Result<RemoteEvent> earlier_copy(const Mirror&);
    /// Takes in what was found and goes on with it.
    Pushed go_on_with(const Mirror&, RemoteEvent, int tries);
    Pushed read_again(const Mirror&, const Appointment&, int tries);
    Pushed copy_absent(const Mirror&);
    /// Since the process began, or could not write something down, by its own clock.
    std::chrono::seconds lived() const;
    /// Of the consistency window, until what is not seen since then counts: by the wall clock, which may have been set
    /// while nothing ran (I23), and by what the process has lived through.
    std::chrono::seconds left_of_window(Instant since) const;
    /// Whether it has been missing for longer than reads may lag (F11).
    bool waited_out(const Mirror&) const;
    /// The copy may be there unseen: asks for its name again when reads have caught up.
    Pushed look_again(const Mirror&);
    /// Tried again when reads must have caught up (F11).
    Pushed wait_for_reads(const Mirror&, const std::string& why);
    /// Creations and updates that succeeded, in one commit.
    void settled(const std::vector<Written>&);
    void keep_receipt(Writer&, const Copy&, const WriteReceipt&) const;
    Pushed settled_gone(const Mirror&);
    Pushed failed(const Mirror&, const Error&, bool was_write);
    bool is_ours(const RemoteEvent&, const Mirror&) const;
    std::string nonce() const;

    // parked.cpp
    /// The service does not take this copy. One alarm, until another revision is wanted or other words are used.
    void park_copy(Writer&, Mirror&, const Error&);
    /// Tried again, and nothing was learnt.
    void stay_parked(Mirror&) const;
    /// Whether that is what fails now: as long as no decision made the copy another one.
    bool is_tried_again(const Mirror&) const;
    std::vector<Mirror> parked_to_try() const;
    /// Once an hour what there was no room for, until one is refused; all of it, once, after the start.
    Pushed retry_parked();

    // sweep.cpp
    /// Whether a copy says what we wrote into it; what a person edited is theirs (I8).
    bool is_untouched(const RemoteEvent&) const;
    /// Whether that is a copy under a name that the appointment's copy had before, as we wrote it: a creation that was
    /// applied late (F6).
    bool is_late_copy(const RemoteEvent&, const Mark&, const Mirror& current) const;
    void sweep_late_copies();
    void note_twin(Writer&, const AppointmentId&, const Href&);
    /// Deletes what stands under the copy's own name beside it: a copy that its owner's program gave another place
    /// while a creation was on its way (F6). Only after the consistency window, when both are read directly (F11).
    void sweep_twins();
    /// @return whether nothing is left to be asked about.
    bool sweep_twin(const Mirror&);

    // say.cpp
    /// The event to write, with what it has to tell its owner.
    Event event_of(const Mirror&, const Appointment&);
    /// Whether an edit in this copy was not taken over, and nothing changed since.
    /// What the copy's owner wrote over its masks stays.
    void keep_words(Event&, const Mirror&) const;
    bool was_put_back(const Mirror&, const Appointment&) const;
    /// Copies whose edits wait for a person say so, once each, where the policy wants it.
    void say_what_waits();
    /// @return false when the service is not to be asked again now.
    bool say_that_it_waits(const Mirror&);

    // push_batch.cpp
    /// How many copies one call to the service writes; 1: each takes a call of its own.
    std::size_t batch_capacity();
    /// It can be written without looking first, and nothing was tried yet: what failed among others is tried alone.
    static bool goes_together(const Mirror&);
    Pushed write_together(const std::vector<AppointmentId>&);
    EventWrite write_of(const Copy&);
    Pushed write_copies(const std::vector<Copy>&);
    /// After their deletion, once nothing else lies under their names.
    Pushed settle_gone(const std::vector<const Copy*>&);

    // marker.cpp
    bool ensure_marker();
    /// Of the marker. @return whether it goes by the next generation's name from now on.
    bool name_is_used_up();
    void refresh_marker();
    /// When the last copy is deleted.
    void remove_marker();
    Event marker_event(const Manifest&) const;
    Manifest manifest() const;  ///< All but the inventory.
    Inventory inventory() const;
    /// Whether the calendar still holds its marker (I11); asked once a run. Nothing: could not be found out.
    std::optional<bool> marker_stands();

    const EngineParts& parts_;
    const Engine::Settings& settings_;
    Connector& connector_;
    CalendarId id_;
    Options options_;
    std::function<bool()> facts_due_{};

    PassReport report_{};
    Business business_{};
    Account account_{};
    Calendar calendar_{};
    std::string zone_{};
    Interval horizon_{};
    std::optional<std::optional<bool>> marker_stands_{};
    bool marker_lost_ = false;
    ThisLife life_;
    bool adopted_ = false;        ///< Not long ago, see was_adopted().
    mutable bool ahead_ = false;  ///< A copy is newer than its appointment.
    std::vector<BookingResult> bookings_{};
    std::vector<CalendarId> touched_{};
    RunSoFar so_far_{};
    std::optional<Mirror> retried_{};  ///< As it was parked; on its way once more.
    int outages_ = 0;                  ///< Calls in a row that failed for an outage.
    bool pulled_ = false, answered_ = false, more_ = false;
    bool braked_ = false, writes_refused_ = false;
    Told told_{};           ///< Of this calendar in the index, before this run changed anything.
    BusyChange foreign_{};  ///< Not yet in the index.
    bool found_detached_ = false;
    int refused_before_ = 0;
    Carrier carrier_ = Carrier::Properties;
    bool reads_before_writing_ = false;  ///< The service does not check versions itself.
    std::vector<Href> stray_probes_{};
    std::vector<RemoteEvent> late_copies_{};
};

}  // namespace calgate
