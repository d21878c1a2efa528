#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "tests/core/sides.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// What both sides agreed on. In March Zurich is an hour before UTC.
const Shown kAgreed{
    zoned("2026-03-10T09:00:00"), zoned("2026-03-10T10:00:00"), "Cut", "Room 1", "First line\nSecond line", false};

struct Edit {
    Shown shown = kAgreed;
    Edit starts(When when) && { return shown.start = std::move(when), std::move(*this); }
    Edit ends(When when) && { return shown.end = std::move(when), std::move(*this); }
    Edit title(std::string text) && { return shown.title = std::move(text), std::move(*this); }
    Edit place(std::string text) && { return shown.place = std::move(text), std::move(*this); }
    Edit notes(std::string text) && { return shown.notes = std::move(text), std::move(*this); }
    Edit cancelled() && { return shown.cancelled = true, std::move(*this); }
    Edit moved() && { return std::move(*this).starts(zoned("2026-03-10T14:00:00")).ends(zoned("2026-03-10T15:00:00")); }
    operator Shown() const { return shown; }
    operator Theirs() const { return {Theirs::Kind::Present, shown, std::nullopt}; }
};
Edit same() { return {}; }
Edit lines(const char* notes) { return same().notes(notes); }
// clang-format off
const std::optional<Shown> kNothingAgreed{};

Theirs elsewhere() { return {Theirs::Kind::Gone, {}, std::nullopt, true}; }
Theirs edited_at(Theirs theirs, const char* when) {
    theirs.last_modified = parse_instant(when);
    return theirs;
}

ReconcilePolicy policy(Edits edits) { return {edits, Deletions::AskWhenMany, CopyDetail::kFull}; }
ReconcilePolicy policy(Deletions deletions) { return {Edits::Ask, deletions, CopyDetail::kFull}; }
ReconcilePolicy policy(MovedAwayPolicy moved_away, Deletions deletions = Deletions::AskWhenMany) {
    ReconcilePolicy out;
    out.deletions = deletions;
    out.moved_away = moved_away;
    return out;
}
ReconcilePolicy showing(CopyDetail detail) { return {Edits::Ask, Deletions::AskWhenMany, detail}; }

struct Row {
    const char* name;
    std::optional<Shown> base;
    Shown ours;
    Theirs theirs;
    ReconcilePolicy policy;
    StepKind kind;
    std::optional<Shown> result = std::nullopt;
    std::optional<ConflictKind> conflict = std::nullopt;
    int deletions = 1;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const ReconcilePolicy kDefaults{};
const auto kConcurrent = ConflictKind::ConcurrentEdit;
const auto kDeletion = ConflictKind::Deletion;

std::vector<Row> edit_rows() {
    const Edit renamed = same().title("Cut and colour");
    const Edit renamed_there = same().title("Cut, short");
    const Theirs early = edited_at(renamed_there, "2026-03-01T11:59:59Z");
    const Theirs late = edited_at(renamed_there, "2026-03-01T12:00:01Z");
    const Theirs at_once = edited_at(renamed_there, "2026-03-01T12:00:00Z");
    return {
        {"same, same", same(), same(), same(), kDefaults, StepKind::Nothing},
        {"ours moved", same(), same().moved(), same(), kDefaults, StepKind::WriteOurs},
        {"ours renamed", same(), renamed, same(), kDefaults, StepKind::WriteOurs},
        {"theirs moved", same(), same(), same().moved(), kDefaults, StepKind::TakeTheirs, same().moved()},
        {"theirs made longer", same(), same(), same().ends(zoned("2026-03-10T11:00:00")), kDefaults, StepKind::TakeTheirs, same().ends(zoned("2026-03-10T11:00:00"))},
        {"theirs made it a whole day", same(), same(), same().starts(date("2026-03-10")).ends(date("2026-03-11")), kDefaults, StepKind::TakeTheirs, same().starts(date("2026-03-10")).ends(date("2026-03-11"))},
        {"theirs renamed", same(), same(), renamed_there, kDefaults, StepKind::TakeTheirs, renamed_there},
        {"theirs changed the place", same(), same(), same().place("Room 2"), kDefaults, StepKind::TakeTheirs, same().place("Room 2")},
        {"theirs emptied the notes", same(), same(), same().notes(""), kDefaults, StepKind::TakeTheirs, same().notes("")},
        {"other fields: title here, time there", same(), renamed, same().moved(), kDefaults, StepKind::Merge, same().moved().title("Cut and colour")},
        {"other fields: time here, notes there", same(), same().moved(), same().notes("Late"), kDefaults, StepKind::Merge, same().moved().notes("Late")},
        {"same field, same value", same(), renamed, renamed, kDefaults, StepKind::Settle},
        {"same value here and there, one more field here", same(), same().title("X").place("Room 3"), same().title("X"), kDefaults, StepKind::WriteOurs},
        {"same value here and there, one more field there", same(), same().title("X"), same().title("X").place("Room 3"), kDefaults, StepKind::TakeTheirs, same().title("X").place("Room 3")},
        {"same field, other value: ask", same(), renamed, renamed_there, policy(Edits::Ask), StepKind::OpenConflict, {}, kConcurrent},
        {"same field, other value: gateway", same(), renamed, renamed_there, policy(Edits::Gateway), StepKind::WriteOurs, {}, kConcurrent},
        {"same field, other value: calendar", same(), renamed, renamed_there, policy(Edits::Calendar), StepKind::TakeTheirs, renamed_there},
        {"same field, ask: a later one there changes nothing", same(), renamed, late, policy(Edits::Ask), StepKind::OpenConflict, {}, kConcurrent},
        {"same field, gateway: a later one there changes nothing", same(), renamed, late, policy(Edits::Gateway), StepKind::WriteOurs, {}, kConcurrent},
        {"same field, calendar: an earlier one there counts", same(), renamed, early, policy(Edits::Calendar), StepKind::TakeTheirs, renamed_there},
        {"same field, newest: theirs is later", same(), renamed, late, policy(Edits::Newest), StepKind::TakeTheirs, renamed_there},
        {"same field, newest: theirs is earlier", same(), renamed, early, policy(Edits::Newest), StepKind::WriteOurs, {}, kConcurrent},
        {"same field, newest: a tie stays ours", same(), renamed, at_once, policy(Edits::Newest), StepKind::WriteOurs, {}, kConcurrent},
        {"same field, newest: theirs does not say when", same(), renamed, renamed_there, policy(Edits::Newest), StepKind::WriteOurs, {}, kConcurrent},
        {"start here and end there are one field", same(), same().starts(zoned("2026-03-10T08:30:00")), same().ends(zoned("2026-03-10T11:00:00")), kDefaults, StepKind::OpenConflict, {}, kConcurrent},
        {"a clash asks although other fields would merge", same(), renamed, same().title("Y").place("Room 2"), kDefaults, StepKind::OpenConflict, {}, kConcurrent},
        {"a clash ours wins, and a field of theirs", same(), renamed, same().title("Y").place("Room 2"), policy(Edits::Gateway), StepKind::Merge, same().title("Cut and colour").place("Room 2"), kConcurrent},
        {"a clash theirs wins, and a field of ours", same(), same().title("X").place("Room 2"), renamed_there, policy(Edits::Calendar), StepKind::Merge, same().title("Cut, short").place("Room 2")},
        {"notes: other lines here and there", lines("1\n2\n3"), lines("one\n2\n3"), lines("1\n2\nthree"), kDefaults, StepKind::Merge, lines("one\n2\nthree")},
        {"notes: a line changed here, one added there", lines("1\n2\n3"), lines("one\n2\n3"), lines("1\n2\n3\n4"), kDefaults, StepKind::Merge, lines("one\n2\n3\n4")},
        {"notes: a line dropped there, the last changed here", lines("1\n2\n3"), lines("1\n2\nthree"), lines("2\n3"), kDefaults, StepKind::Merge, lines("2\nthree")},
        {"notes: other lines, and a title here", lines("1\n2\n3"), lines("one\n2\n3").title("X"), lines("1\n2\nthree"), kDefaults, StepKind::Merge, lines("one\n2\nthree").title("X")},
        {"notes: neighbouring lines ask", lines("1\n2"), lines("one\n2"), lines("1\ntwo"), kDefaults, StepKind::OpenConflict, {}, kConcurrent},
        {"notes: the same line asks", lines("1\n2\n3"), lines("1\nII\n3"), lines("1\ntwo\n3"), kDefaults, StepKind::OpenConflict, {}, kConcurrent},
        {"notes: both add at the end, they ask", lines("1\n2"), lines("1\n2\n3"), lines("1\n2\nthree"), kDefaults, StepKind::OpenConflict, {}, kConcurrent},
        {"nothing agreed, same", kNothingAgreed, same(), same(), kDefaults, StepKind::Settle},
        {"nothing agreed, other", kNothingAgreed, same(), renamed_there, kDefaults, StepKind::WriteOurs},
        {"nothing agreed, other, the calendar would win", kNothingAgreed, same(), renamed_there, policy(Edits::Calendar), StepKind::WriteOurs},
    };
}

std::vector<Row> deletion_rows() {
    const Edit ours = same().moved();
    const Theirs cancelled = same().cancelled();
    const auto edited = ConflictKind::DeletedAndEdited;
    return {
        {"gone: the only one in the run cancels", same(), same(), gone(), kDefaults, StepKind::CancelOurs},
        {"gone: the second in the run asks", same(), same(), gone(), kDefaults, StepKind::OpenConflict, {}, kDeletion, 2},
        {"gone: cancel, however many", same(), same(), gone(), policy(Deletions::Cancel), StepKind::CancelOurs, {}, {}, 50},
        {"gone: restore", same(), same(), gone(), policy(Deletions::Restore), StepKind::RestoreCopy, {}, {}, 50},
        {"gone: ask, also for one", same(), same(), gone(), policy(Deletions::Ask), StepKind::OpenConflict, {}, kDeletion},
        {"gone: two ask, though one alone cancels", same(), same(), gone(), kDefaults, StepKind::OpenConflict, {}, kDeletion, 7},
        {"gone: cancel, the only one", same(), same(), gone(), policy(Deletions::Cancel), StepKind::CancelOurs},
        {"gone: restore, the only one", same(), same(), gone(), policy(Deletions::Restore), StepKind::RestoreCopy},
        {"gone: ask, each of many", same(), same(), gone(), policy(Deletions::Ask), StepKind::OpenConflict, {}, kDeletion, 50},
        {"gone: hide here, the only one", same(), same(), gone(), policy(Deletions::Hide), StepKind::HideCopy},
        {"gone: hide here, however many", same(), same(), gone(), policy(Deletions::Hide), StepKind::HideCopy, {}, {}, 50},
        {"gone, ours changed: hide here", same(), ours, gone(), policy(Deletions::Hide), StepKind::HideCopy},
        {"cancelled there: hide here", same(), same(), cancelled, policy(Deletions::Hide), StepKind::HideCopy},
        {"ours cancelled, theirs gone, hide here has nothing to hide", same(), same().cancelled(), gone(), policy(Deletions::Hide), StepKind::Settle},
        {"moved to another calendar: written again here, the only one", same(), same(), elsewhere(), kDefaults, StepKind::RestoreCopy},
        {"moved to another calendar: written again here, however many", same(), same(), elsewhere(), kDefaults, StepKind::RestoreCopy, {}, {}, 50},
        {"moved to another calendar: ask", same(), same(), elsewhere(), policy(MovedAwayPolicy::Ask), StepKind::OpenConflict, {}, kDeletion},
        {"moved to another calendar: hide here", same(), same(), elsewhere(), policy(MovedAwayPolicy::Hide), StepKind::HideCopy},
        {"moved to another calendar, as a deletion: one cancels", same(), same(), elsewhere(), policy(MovedAwayPolicy::Deletion), StepKind::CancelOurs},
        {"moved to another calendar, as a deletion: many ask", same(), same(), elsewhere(), policy(MovedAwayPolicy::Deletion), StepKind::OpenConflict, {}, kDeletion, 2},
        {"moved to another calendar, as a deletion that is restored", same(), same(), elsewhere(), policy(MovedAwayPolicy::Deletion, Deletions::Restore), StepKind::RestoreCopy},
        {"moved to another calendar, deletions cancel: it is none", same(), same(), elsewhere(), policy(MovedAwayPolicy::Restore, Deletions::Cancel), StepKind::RestoreCopy},
        {"moved to another calendar, ours cancelled: nothing is left to do here", same(), same().cancelled(), elsewhere(), kDefaults, StepKind::Settle},
        {"moved to another calendar after a settled deletion", same().cancelled(), same(), elsewhere(), kDefaults, StepKind::WriteOurs},
        {"gone, nothing agreed: one cancels", kNothingAgreed, same(), gone(), kDefaults, StepKind::CancelOurs},
        {"gone, ours changed: one cancels", same(), ours, gone(), kDefaults, StepKind::CancelOurs},
        {"gone, ours changed: many ask", same(), ours, gone(), kDefaults, StepKind::OpenConflict, {}, kDeletion, 2},
        {"gone, ours changed: restore", same(), ours, gone(), policy(Deletions::Restore), StepKind::RestoreCopy},
        {"cancelled there: the only one in the run cancels", same(), same(), cancelled, kDefaults, StepKind::CancelOurs},
        {"cancelled there: the second in the run asks", same(), same(), cancelled, kDefaults, StepKind::OpenConflict, {}, kDeletion, 2},
        {"cancelled there: restore", same(), same(), cancelled, policy(Deletions::Restore), StepKind::RestoreCopy},
        {"cancelled there and edited is still a deletion", same(), same(), same().title("no").cancelled(), kDefaults, StepKind::CancelOurs},
        {"settled deletion, booked again, still cancelled there", same().cancelled(), same(), cancelled, kDefaults, StepKind::WriteOurs},
        {"settled deletion, booked again, gone there", same().cancelled(), same(), gone(), kDefaults, StepKind::WriteOurs},
        {"ours cancelled, theirs same", same(), same().cancelled(), same(), kDefaults, StepKind::DeleteCopy},
        {"ours cancelled, theirs moved", same(), same().cancelled(), same().moved(), kDefaults, StepKind::DeleteCopy, {}, edited},
        {"ours cancelled, the calendar would win: it stands", same(), same().cancelled(), same().moved(), policy(Edits::Calendar), StepKind::DeleteCopy, {}, edited},
        {"ours cancelled, theirs cancelled", same(), same().cancelled(), cancelled, kDefaults, StepKind::DeleteCopy},
        {"ours cancelled, theirs gone", same(), same().cancelled(), gone(), kDefaults, StepKind::Settle},
        {"ours cancelled, theirs gone, restore brings nothing back", same(), same().cancelled(), gone(), policy(Deletions::Restore), StepKind::Settle},
        {"ours cancelled, nothing agreed", kNothingAgreed, same().cancelled(), same().moved(), kDefaults, StepKind::DeleteCopy},
    };
}

std::vector<Row> mask_rows() {
    const Edit masked = same().title("Busy").place("").notes("");
    const Edit titled = same().place("").notes("");
    const auto busy = showing(CopyDetail::kBusy);
    const auto title = showing(CopyDetail::kTitle);
    const auto retitled = [](Edit edit) { return std::move(edit).title("Mine"); };
    const auto strict = [](ReconcilePolicy policy) {
        policy.masked_edits = MaskedEditPolicy::PutBack;
        return policy;
    };
    const auto annotated = [](Edit edit) { return std::move(edit).place("Attic").notes("Mine"); };
    return {
        {"busy: a title there is no edit", masked, masked, retitled(masked), busy, StepKind::Nothing},
        {"busy: place and notes there are no edit", masked, masked, annotated(masked), busy, StepKind::Nothing},
        {"busy: a move comes back, the title does not", masked, masked, retitled(Edit{masked}.moved()), busy, StepKind::TakeTheirs, Edit{masked}.moved()},
        {"busy: hidden edits make no clash with a move here", masked, Edit{masked}.moved(), annotated(retitled(masked)), busy, StepKind::WriteOurs},
        {"busy: both moved elsewhere", masked, Edit{masked}.moved(), Edit{masked}.starts(zoned("2026-03-10T08:00:00")), busy, StepKind::OpenConflict, {}, kConcurrent},
        {"busy: ours cancelled, hidden edit there", masked, Edit{masked}.cancelled(), retitled(masked), busy, StepKind::DeleteCopy},
        {"busy: nothing agreed, other title", kNothingAgreed, masked, retitled(masked), busy, StepKind::Settle},
        {"busy: an older base showed the title", same(), masked, masked, busy, StepKind::Nothing},
        {"busy, masks put back: a title there is written over", masked, masked, retitled(masked), strict(busy), StepKind::WriteOurs, {}, kConcurrent},
        {"busy, masks put back: place and notes there are written over", masked, masked, annotated(masked), strict(busy), StepKind::WriteOurs, {}, kConcurrent},
        {"busy, masks put back: the mask itself rests", masked, masked, masked, strict(busy), StepKind::Nothing},
        {"busy, masks put back: a move comes back still", masked, masked, retitled(Edit{masked}.moved()), strict(busy), StepKind::TakeTheirs, Edit{masked}.moved()},
        {"title, masks put back: notes there are written over", titled, titled, annotated(titled), strict(title), StepKind::WriteOurs, {}, kConcurrent},
        {"full, masks put back: nothing is hidden", same(), same(), same().title("X"), strict(kDefaults), StepKind::TakeTheirs, same().title("X")},
        {"title: a title there comes back", titled, titled, retitled(titled), title, StepKind::TakeTheirs, retitled(titled)},
        {"title: place and notes there are no edit", titled, titled, annotated(titled), title, StepKind::Nothing},
        {"title: renamed and annotated, only the name comes back", titled, titled, annotated(retitled(titled)), title, StepKind::TakeTheirs, retitled(titled)},
    };
}

std::vector<Row> meaning_rows() {
    const Edit in_utc = same().starts(utc("2026-03-10T08:00:00")).ends(utc("2026-03-10T09:00:00"));
    const Edit in_berlin = same().starts(zoned("2026-03-10T09:00:00", "Europe/Berlin")).ends(zoned("2026-03-10T10:00:00", "Europe/Berlin"));
    const Edit in_london = same().starts(zoned("2026-03-10T09:00:00", "Europe/London")).ends(zoned("2026-03-10T10:00:00", "Europe/London"));
    const Edit drifting = same().starts(floating("2026-03-10T09:00:00")).ends(floating("2026-03-10T10:00:00"));
    const Edit whole_day = same().starts(date("2026-03-10")).ends(date("2026-03-11"));
    const Edit midnight = same().starts(zoned("2026-03-10T00:00:00")).ends(zoned("2026-03-11T00:00:00"));
    return {
        {"the same instants in UTC", same(), same(), in_utc, kDefaults, StepKind::Nothing},
        {"another zone's label, same instants", same(), same(), in_berlin, kDefaults, StepKind::Nothing},
        {"the same wall time in another zone is a move", same(), same(), in_london, kDefaults, StepKind::TakeTheirs, in_london},
        {"floating is not zoned", same(), same(), drifting, kDefaults, StepKind::TakeTheirs, drifting},
        {"floating as before", drifting, drifting, drifting, kDefaults, StepKind::Nothing},
        {"a date is not its midnight", midnight, midnight, whole_day, kDefaults, StepKind::TakeTheirs, whole_day},
        {"the same dates", whole_day, whole_day, whole_day, kDefaults, StepKind::Nothing},
        {"CRLF for LF", same(), same(), same().notes("First line\r\nSecond line"), kDefaults, StepKind::Nothing},
        {"blanks at line ends", same(), same(), same().notes("First line \t\nSecond line  \n\n"), kDefaults, StepKind::Nothing},
        {"blanks behind the title", same(), same(), same().title("Cut "), kDefaults, StepKind::Nothing},
        {"blanks at a line's start are content", same(), same(), same().notes("First line\n Second line"), kDefaults, StepKind::TakeTheirs, same().notes("First line\n Second line")},
        {"letter case is content", same(), same(), same().title("cut"), kDefaults, StepKind::TakeTheirs, same().title("cut")},
    };
}

// clang-format on

void check(const Row& row) {
    const Step step = reconcile(row.base, row.ours, kOursChanged, row.theirs, row.deletions, row.policy, zones());
    BOOST_TEST(static_cast<int>(step.kind) == static_cast<int>(row.kind));
    BOOST_TEST((step.conflict == row.conflict));
    BOOST_TEST((step.result == row.result));
    BOOST_TEST(step.why.ends_with('.'));
}

}  // namespace

namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(reconcile_steps)

BOOST_DATA_TEST_CASE(edits, bdata::make(edit_rows()), row) { check(row); }
BOOST_DATA_TEST_CASE(deletions, bdata::make(deletion_rows()), row) { check(row); }
BOOST_DATA_TEST_CASE(masked_copies, bdata::make(mask_rows()), row) { check(row); }
BOOST_DATA_TEST_CASE(meaning, bdata::make(meaning_rows()), row) { check(row); }

BOOST_AUTO_TEST_SUITE_END()
