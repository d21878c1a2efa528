#include "core/reconcile.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/reconcile_table.hpp"

namespace calgate {
namespace {

std::string normal_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r') continue;
        if (c == '\n') {
            while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
        }
        out += c;
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == '\t' || out.back() == '\n')) out.pop_back();
    return out;
}

bool same_text(std::string_view a, std::string_view b) { return normal_text(a) == normal_text(b); }

bool same_when(const When& a, const When& b, const ZoneResolver& zones) {
    const bool a_date = a.kind == When::Kind::Date;
    const bool b_date = b.kind == When::Kind::Date;
    if (a_date || b_date) return a_date == b_date && a.local == b.local;
    if (a.kind == When::Kind::Floating || b.kind == When::Kind::Floating) return a.kind == b.kind && a.local == b.local;
    return zones.to_instant(a, "UTC") == zones.to_instant(b, "UTC");
}

bool same_time(const Shown& a, const Shown& b, const ZoneResolver& zones) {
    return same_when(a.start, b.start, zones) && same_when(a.end, b.end, zones);
}

using Lines = std::vector<std::string>;

Lines lines_of(std::string_view text) {
    Lines out(1);
    for (const char c : normal_text(text)) {
        if (c == '\n')
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

/// Lines [from, to) of the base that one side replaced by `with`.
struct Replaced {
    std::size_t from = 0;
    std::size_t to = 0;
    Lines with{};
};

Replaced replaced(const Lines& base, const Lines& now) {
    const std::size_t most = std::min(base.size(), now.size());
    std::size_t head = 0;
    while (head < most && base[head] == now[head]) ++head;
    std::size_t tail = 0;
    while (tail < most - head && base[base.size() - 1 - tail] == now[now.size() - 1 - tail]) ++tail;
    const auto at = [&](std::size_t i) { return now.begin() + static_cast<std::ptrdiff_t>(i); };
    return {head, base.size() - tail, Lines(at(head), at(now.size() - tail))};
}

/// Both changes of a text of several lines. Nothing when they touch each other: then no order is certain.
std::optional<std::string> merged_lines(std::string_view base, std::string_view ours, std::string_view theirs) {
    const Lines agreed = lines_of(base);
    Replaced first = replaced(agreed, lines_of(ours));
    Replaced second = replaced(agreed, lines_of(theirs));
    if (second.from < first.from) std::swap(first, second);
    if (first.to >= second.from) return std::nullopt;
    std::string out;
    const auto add = [&](const std::string& line) { out += line + '\n'; };
    for (std::size_t i = 0; i < first.from; ++i) add(agreed[i]);
    for (const auto& line : first.with) add(line);
    for (std::size_t i = first.to; i < second.from; ++i) add(agreed[i]);
    for (const auto& line : second.with) add(line);
    for (std::size_t i = second.to; i < agreed.size(); ++i) add(agreed[i]);
    return normal_text(out);
}

enum class Side : std::uint8_t { None, Ours, Theirs, Same, Both };

Side changed_side(bool ours_changed, bool theirs_changed, bool equal) {
    if (!ours_changed && !theirs_changed) return Side::None;
    if (equal) return Side::Same;
    if (ours_changed && theirs_changed) return Side::Both;
    return ours_changed ? Side::Ours : Side::Theirs;
}

struct Merge {
    Shown result{};
    bool takes_theirs = false;
    bool keeps_ours = false;
    bool collides = false;
    bool overrules = false;  ///< Ours wins a field that theirs changed.

    /// @param take copies the field from theirs into `result`, which starts as ours.
    template <class F>
    void field(Side side, bool theirs_win, F&& take) {
        if (side == Side::Both) collides = true;
        if (side == Side::Both && !theirs_win) overrules = true;
        if (side == Side::Theirs || (side == Side::Both && theirs_win)) {
            take();
            takes_theirs = true;
        }
        if (side == Side::Ours || (side == Side::Both && !theirs_win)) keeps_ours = true;
    }
};

Merge merge(const Shown& base, const Shown& ours, const Shown& theirs, bool theirs_win, const ZoneResolver& zones) {
    Merge merged{ours};
    const auto text = [&](std::string Shown::*field) {
        const Side side = changed_side(
            !same_text(ours.*field, base.*field),
            !same_text(theirs.*field, base.*field),
            same_text(ours.*field, theirs.*field)
        );
        merged.field(side, theirs_win, [&] { merged.result.*field = theirs.*field; });
    };
    const Side time =
        changed_side(!same_time(ours, base, zones), !same_time(theirs, base, zones), same_time(ours, theirs, zones));
    merged.field(time, theirs_win, [&] {
        merged.result.start = theirs.start;
        merged.result.end = theirs.end;
    });
    text(&Shown::title);
    text(&Shown::place);
    if (auto both = merged_lines(base.notes, ours.notes, theirs.notes);
        both && !same_text(ours.notes, base.notes) && !same_text(theirs.notes, base.notes)) {
        merged.result.notes = std::move(*both);
        merged.takes_theirs = merged.keeps_ours = true;
    } else {
        text(&Shown::notes);
    }
    return merged;
}

bool theirs_win(Winner winner, Instant ours_changed_at, const Theirs& theirs) {
    switch (winner) {
        case Winner::Theirs:
            return true;
        case Winner::Later:
            return theirs.last_modified && *theirs.last_modified > ours_changed_at;
        case Winner::Ours:
        case Winner::Person:
            return false;
    }
    return false;
}

struct Found {
    Happened happened{};
    std::optional<Shown> result{};
};

Happened after_our_cancellation(
    const std::optional<Shown>& agreed, const Theirs& theirs, const Shown& seen, const ZoneResolver& zones
) {
    if (theirs.kind == Theirs::Kind::Gone) return Happened::OursCancelledCopyDeleted;
    std::optional<Shown> alive = agreed;
    if (alive) alive->cancelled = false;
    const bool edited = alive && !seen.cancelled && !same_meaning(*alive, seen, zones);
    return edited ? Happened::OursCancelledCopyEdited : Happened::OursCancelled;
}

Found after_edits(const Merge& merged, Winner winner) {
    if (merged.collides && winner == Winner::Person) return {Happened::SameFieldChanged};
    if (!merged.takes_theirs) return {merged.overrules ? Happened::OursWins : Happened::OursChanged};
    if (merged.overrules) return {Happened::OursWinsInPart, merged.result};
    return {merged.keeps_ours ? Happened::OtherFieldsChanged : Happened::TheirsChanged, merged.result};
}

Found what_happened(
    const std::optional<Shown>& agreed,
    const Shown& ours,
    Instant ours_changed_at,
    const Theirs& theirs,
    const Shown& seen,
    Winner winner,
    const ZoneResolver& zones
) {
    const bool gone = theirs.kind == Theirs::Kind::Gone;
    if (ours.cancelled) return {after_our_cancellation(agreed, theirs, seen, zones)};
    if (gone || seen.cancelled) {
        if (agreed && agreed->cancelled) return {Happened::DeletedBefore};
        return {gone && theirs.elsewhere ? Happened::CopyMovedAway : Happened::CopyDeleted};
    }
    if (same_meaning(ours, seen, zones)) {
        const bool known = agreed && same_meaning(*agreed, ours, zones);
        if (known && !same_meaning(theirs.shown, ours, zones)) return {Happened::MaskEdited};
        return {known ? Happened::NothingChanged : Happened::SameOnBothSides};
    }
    if (!agreed) return {Happened::NothingAgreed};
    return after_edits(merge(*agreed, ours, seen, theirs_win(winner, ours_changed_at, theirs), zones), winner);
}

}  // namespace

Shown unmasked(const Shown& theirs, const Shown& ours, CopyDetail detail) {
    Shown seen = theirs;
    if (!detail.title) seen.title = ours.title;
    if (!detail.place) seen.place = ours.place;
    if (!detail.notes) seen.notes = ours.notes;
    return seen;
}

Shown taken_over(
    const std::optional<Shown>& base,
    const Shown& ours,
    const Shown& theirs,
    CopyDetail detail,
    const ZoneResolver& zones
) {
    const Shown seen = unmasked(theirs, ours, detail);
    if (!base) return seen;
    return merge(unmasked(*base, ours, detail), ours, seen, true, zones).result;
}

Shown joined(const Shown& base, const Shown& ours, const Shown& theirs, CopyDetail detail, const ZoneResolver& zones) {
    return merge(unmasked(base, ours, detail), ours, unmasked(theirs, ours, detail), false, zones).result;
}

bool same_meaning(const Shown& a, const Shown& b, const ZoneResolver& zones) {
    return a.cancelled == b.cancelled && same_time(a, b, zones) && same_text(a.title, b.title) &&
           same_text(a.place, b.place) && same_text(a.notes, b.notes);
}

Step reconcile(
    const std::optional<Shown>& base,
    const Shown& ours,
    Instant ours_changed_at,
    const Theirs& theirs,
    int deletions_in_run,
    const ReconcilePolicy& policy,
    const ZoneResolver& zones
) {
    const Shown seen = unmasked(theirs.shown, ours, policy.copy_detail);
    const std::optional<Shown> agreed = base ? std::optional(unmasked(*base, ours, policy.copy_detail)) : std::nullopt;
    const Winner winner = winner_of(policy.concurrent_edits);
    Found found = what_happened(agreed, ours, ours_changed_at, theirs, seen, winner, zones);
    const Rule rule = rule_of(found.happened, policy, deletions_in_run);
    return {rule.step, std::move(found.result), rule.conflict, rule.why};
}

Appointment with_changes(
    Appointment appointment, const Shown& ours, const Shown& result, const std::string& zone, const ZoneResolver& zones
) {
    const auto local = [&](const When& when) {
        if (when.kind == When::Kind::Date || when.kind == When::Kind::Floating) {
            if (zone == appointment.zone) return when.local;
        } else if (when.kind == When::Kind::Zoned && when.zone == appointment.zone) {
            return when.local;
        }
        return zones.to_local(zones.to_instant(when, zone), appointment.zone);
    };
    // Each field on its own, so that a field the copy hides is never overwritten by its mask.
    if (result.start != ours.start) appointment.start = local(result.start);
    if (result.end != ours.end) appointment.end = local(result.end);
    if (result.title != ours.title) appointment.title = result.title;
    if (result.place != ours.place) appointment.place = result.place;
    if (result.notes != ours.notes) appointment.notes = result.notes;
    return appointment;
}

}  // namespace calgate
