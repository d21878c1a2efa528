#pragma once

#include "core/reconcile.hpp"

/// The words in which the tests of reconcile say what each side shows.
namespace calgate::testing {

using Edits = ConcurrentEditPolicy;
using Deletions = DeletionPolicy;

inline const Instant kOursChanged = parse_instant("2026-03-01T12:00:00Z").value();

inline const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

inline When zoned(const char* local, const char* zone = "Europe/Zurich") {
    return {When::Kind::Zoned, parse_local(local).value(), zone};
}
inline When utc(const char* local) { return {When::Kind::Utc, parse_local(local).value(), ""}; }
inline When floating(const char* local) { return {When::Kind::Floating, parse_local(local).value(), ""}; }
inline When date(const char* day) { return {When::Kind::Date, parse_local(day).value(), ""}; }
inline Theirs gone() { return {Theirs::Kind::Gone, {}, std::nullopt}; }

}  // namespace calgate::testing
