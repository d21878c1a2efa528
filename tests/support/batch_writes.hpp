#pragma once

#include <vector>

#include "core/batch.hpp"

namespace calgate::testing {

inline std::vector<EventWrite> creations(const std::vector<Event>& events) {
    std::vector<EventWrite> writes;
    for (const Event& event : events) writes.push_back({EventWrite::Kind::Create, event, {}, {}});
    return writes;
}

inline EventWrite update_of(const RemoteEvent& read, const std::string& title) {
    EventWrite write{EventWrite::Kind::Update, read.event, read.href, *read.version};
    write.event.master.title = title;
    return write;
}

inline EventWrite deletion_of(const RemoteEvent& read) {
    return {EventWrite::Kind::Delete, {}, read.href, *read.version};
}

}  // namespace calgate::testing
