#pragma once

#include <string>
#include <vector>

#include "tests/conformance/stage.hpp"

namespace calgate::testing {

/// A promise of core/connector.hpp, tried on a subject. A Finding means that it is not kept.
struct Row {
    const char* name;
    bool Features::*needs;  ///< nullptr: every subject has to.
    void (*run)(Stage&);
};

std::vector<Row> calendar_rows();
std::vector<Row> writing_rows();
std::vector<Row> reading_rows();
std::vector<Row> change_rows();
std::vector<Row> content_rows();
std::vector<Row> failure_rows();
std::vector<Row> answer_rows();
std::vector<Row> batch_rows();
std::vector<Row> hint_rows();
std::vector<Row> restore_rows();
std::vector<Row> series_rows();
std::vector<Row> times_rows();

/// A row that is known not to hold on a subject. One that holds after all is red.
struct Deviation {
    const char* subject;
    const char* row;
    const char* reason;  ///< A sentence.
};
std::vector<Deviation> declared_deviations();

}  // namespace calgate::testing
