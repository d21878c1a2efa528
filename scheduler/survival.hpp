#pragma once

#include <optional>
#include <string>

#include "core/model.hpp"
#include "core/survival.hpp"

namespace calgate {

/// How far the finding out of what a target keeps came, so that a run that died leaves nothing behind.
struct ProbeNote {
    int generation = 0;           ///< Of the last name used; 0: none yet.
    std::optional<Href> there{};  ///< An event of that name may be there; empty when only its name is known.
    /// What was written under it and not read yet: reads may lag (F11).
    struct Trial {
        Carrier carrier = Carrier::Properties;
        int capsule = 0;
        Instant since{};
        std::optional<Version> receipt{};
    };
    std::optional<Trial> trial{};
};

/// Name of the setting that holds what a target keeps, see read_survival().
std::string survival_setting(const CalendarId&);

}  // namespace calgate
