#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/model.hpp"

namespace calgate {

/// A copy was moved onto another appointment of the same person, where it cannot stay (I15).
enum class MovedOntoPolicy : std::uint8_t { Ask, PutBack };
/// A copy was moved into another calendar of the same person. Deletion: the same as if it had been deleted.
enum class MovedAwayPolicy : std::uint8_t { Restore, Ask, Hide, Deletion };
/// What the duplicate of a copy, which is its owner's event, does to its owner's time.
enum class DuplicatePolicy : std::uint8_t { Busy, Free };
/// A field that a copy hides was edited in the calendar; it never flows back (I27).
enum class MaskedEditPolicy : std::uint8_t { Keep, PutBack };

/// What is decided about the copies on one calendar.
struct ReconcilePolicy {
    ConcurrentEditPolicy concurrent_edits = ConcurrentEditPolicy::Ask;
    DeletionPolicy deletions = DeletionPolicy::AskWhenMany;
    /// What the copy shows: fields that it hides never flow back (a masked title is not an edit).
    CopyDetail copy_detail = CopyDetail::kFull;
    MovedOntoPolicy moved_onto = MovedOntoPolicy::Ask;
    MovedAwayPolicy moved_away = MovedAwayPolicy::Restore;
    DuplicatePolicy duplicates = DuplicatePolicy::Busy;
    MaskedEditPolicy masked_edits = MaskedEditPolicy::Keep;
    bool say_in_copy = false;  ///< A copy tells its owner when an edit of theirs waits or was put back.
    bool operator==(const ReconcilePolicy&) const = default;
};

/// What a calendar decides otherwise than its business.
struct PolicyOverrides {
    std::optional<ConcurrentEditPolicy> concurrent_edits{};
    std::optional<DeletionPolicy> deletions{};
    std::optional<MovedOntoPolicy> moved_onto{};
    std::optional<MovedAwayPolicy> moved_away{};
    std::optional<DuplicatePolicy> duplicates{};
    std::optional<MaskedEditPolicy> masked_edits{};
    std::optional<bool> say_in_copy{};
    bool operator==(const PolicyOverrides&) const = default;
};

/// The policies that do not stand in the store: those of the business, and what single calendars decide otherwise.
struct Policies {
    MovedOntoPolicy moved_onto = MovedOntoPolicy::Ask;
    MovedAwayPolicy moved_away = MovedAwayPolicy::Restore;
    DuplicatePolicy duplicates = DuplicatePolicy::Busy;
    MaskedEditPolicy masked_edits = MaskedEditPolicy::Keep;
    bool say_in_copy = false;
    std::map<std::string, PolicyOverrides> calendars{};  ///< By the calendar's id or name; an id goes first.
    bool operator==(const Policies&) const = default;
};

/// What holds for a calendar. Pure.
ReconcilePolicy policy_of(const Business&, const Calendar&, const Policies&);

}  // namespace calgate
