#pragma once

#include <string>

namespace calgate {

/// What a copy tells its owner about an edit of theirs. It names nobody and says nothing of the appointment (I27).
enum class CopyNote {
    Waits,    ///< A person decides about it.
    PutBack,  ///< It was not taken over.
};

/// The notes with that sentence as a line of its own at their end.
std::string with_note(std::string notes, CopyNote);
/// The notes without any such line: as reconcile compares them, so that it is neither an echo nor an edit.
std::string without_note(const std::string& notes);

}  // namespace calgate
