#pragma once

#include <set>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace calgate {

/// What a run changes of the busy time that its calendar's foreign events take, kept beside the rows it writes, so that
/// the index need not be told all of it again. Used by one thread.
class BusyChange {
public:
    void put(Writer&, const CachedEvent&);
    void erase(Writer&, const CalendarId&, const Href&);

    /// UIDs of the recurring ones among them, since it was asked last.
    std::set<Uid> take_series() { return std::exchange(series_, {}); }

    bool any() const { return whole_ || !gone_.empty() || !come_.empty(); }
    /// Too much to be told apart: all of it is to be told again.
    bool whole() const { return whole_; }
    const std::vector<BusyInterval>& gone() const { return gone_; }
    const std::vector<BusyInterval>& come() const { return come_; }

private:
    void leave(const Writer&, const CalendarId&, const Href&);
    void limit();

    std::vector<BusyInterval> gone_{}, come_{};
    std::set<Uid> series_{};
    bool whole_ = false;
};

}  // namespace calgate
