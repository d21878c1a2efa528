#include <algorithm>

#include "scheduler/audit_anchor.hpp"
#include "scheduler/lineage.hpp"
#include "scheduler/restore.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr int kMaxPages = 10'000;
/// So much older the row may be than what this process knows, and never more than a part of what counts as fresh: after
/// a restart an earlier time is what is told.
constexpr std::chrono::minutes kLongestUnwritten{15};
constexpr int kShareOfFresh = 4;

/// Whether writing may go on although reading failed: the service is there and lets us in.
bool may_write_after(ErrorCode code) {
    return code == ErrorCode::InvalidResponse || code == ErrorCode::Rejected || code == ErrorCode::Unsupported ||
           code == ErrorCode::SyncTokenExpired;
}

}  // namespace

bool SyncPass::pull() {
    const Instant began = parts_.clock.now();
    mend_times();
    Listing listing;
    if (!read_pages(listing, began)) return may_write_after(report_.error->code);
    reading_allowed();
    Closing closing{began, listing.token, true, listing.snapshot, false};
    closing.doubtful = listing.snapshot && doubtful(listing);
    const auto first_listed = newly_listed(listing);
    if (!listing.snapshot) find_never_seen(listing);
    if (listing.snapshot && !closing.doubtful) {
        find_missing(listing);
        drop_unlisted(listing);
    }
    closing.complete = listing.complete;
    prove(listing);
    if (first_listed.empty() && rests(listing, closing)) {
        calendar_.as_of = life_.as_of = began;
        calendar_.sync_token = life_.token = listing.token;
        pulled_ = life_.read = true;
        return true;
    }
    const bool decided = decide(listing.news, closing);
    leave_detached_out();
    if (closing.doubtful) {
        fail(
            {ErrorCode::InvalidResponse,
             "The service listed far fewer events than before. Nothing was dropped; the next listing decides.",
             {}}
        );
        return true;
    }
    // After the token is kept: what ends here would read on from before these copies were named.
    if (decided) note_listed(first_listed);
    pulled_ = life_.read = true;
    return true;
}

bool SyncPass::rests(const Listing& listing, const Closing& closing) const {
    const bool quiet = !listing.told && listing.news.empty() && listing.absent.empty() && report_.pages == 1;
    if (!quiet || closing.full || !closing.complete || !listing.token || marker_lost_ || ahead_) return false;
    const std::chrono::seconds longest =
        std::min<std::chrono::seconds>(kLongestUnwritten, business_.stale_after / kShareOfFresh);
    return read(parts_.store, [&](const Reader& reader) {
        const auto row = reader.calendar(id_);
        if (!row || row->state != CalendarState::Active || !row->as_of) return false;
        // Whoever has it read anew took the row's token away.
        if (!row->sync_token || row->sync_token != life_.after) return false;
        const bool written_lately = *row->as_of <= closing.began && closing.began - *row->as_of < longest;
        return written_lately && reader.setting(brake_setting(id_)).value_or("").empty() && !is_to_adopt(reader);
    });
}

bool SyncPass::pull_failed(const Error& error) {
    fail(error);
    const Advice what = advice(error);
    answered_ = answered_ || (!what.counts_as_outage && what.action != Action::Drop);
    if (what.action == Action::PauseAccount) pause_account(error);
    if (what.action == Action::ParkCalendar) reading_refused(error);
    if (error.code != ErrorCode::NotFound) return false;
    // Only a service that lists its calendars without this one has said that it is gone (F17).
    const auto calendars = connector_.list_calendars(context());
    if (!calendars || calendars->empty()) return false;
    const bool listed = std::any_of(calendars->begin(), calendars->end(), [&](const RemoteCalendar& remote) {
        return remote.href == calendar_.href;
    });
    if (!listed) {
        park_calendar(
            CalendarState::Gone,
            {ErrorCode::NotFound,
             "The service no longer lists this calendar. Connect another one or restore it there. " + error.detail,
             {}}
        );
    }
    return false;
}

bool SyncPass::read_pages(Listing& listing, Instant began) {
    const bool full = !calendar_.sync_token || !calendar_.full_listing ||
                      began - *calendar_.full_listing >= settings_.full_listing_every;
    auto since = full ? std::nullopt : calendar_.sync_token;
    bool restarted = false;
    for (int pages = 0; pages < kMaxPages; ++pages) {
        const auto timeout = calendar_.full_listing ? settings_.call_timeout : settings_.first_sync_timeout;
        auto page = connector_.fetch_changes(context(timeout), calendar_.href, since, known());
        if (!page && advice(page.error()).action == Action::ListEverything && since && !restarted) {
            // The token alone infers nothing: everything is listed again (F14).
            restarted = true;
            answered_ = true;
            listing = {};
            since.reset();
            continue;
        }
        if (!page) return pull_failed(page.error());
        answered_ = true;
        ++report_.pages;
        if (page->more && (!page->next || page->next == since)) {
            return pull_failed(
                {ErrorCode::InvalidResponse,
                 "The service said that more follows, but not where. Trying again later.",
                 {}}
            );
        }
        if (since && !restarted && names_unchanged(*page)) {
            // A dead token may be answered with everything there is, told as if it were news: what is gone is then not
            // named (F14).
            restarted = true;
            listing = {};
            since.reset();
            continue;
        }
        read_unread(*page);
        find_moved(*page);
        keep_page(*page, listing);
        since = page->next;
        if (!page->more) return true;
    }
    return pull_failed(
        {ErrorCode::InvalidResponse, "The service never came to the end of its listing. Trying again later.", {}}
    );
}

bool SyncPass::names_unchanged(const ChangeSet& page) const {
    if (page.snapshot || calendar_.state == CalendarState::Waiting || !calendar_.as_of) return false;
    // Nobody but us writes the marker.
    const bool marker_rests = calendar_.marker_written && *calendar_.marker_written < *calendar_.as_of;
    if (calendar_.marker && marker_rests) {
        for (const auto& event : page.changed)
            if (event.href == *calendar_.marker) return true;
        if (std::find(page.unread.begin(), page.unread.end(), *calendar_.marker) != page.unread.end()) return true;
    }
    return read(parts_.store, [&](const Reader& reader) {
        return std::any_of(page.unchanged.begin(), page.unchanged.end(), [&](const Href& href) {
            return reader.cached_event(id_, href).has_value();
        });
    });
}

KnownVersion SyncPass::known() {
    return [this](const Href& href) -> std::optional<Version> {
        return read(parts_.store, [&](const Reader& reader) -> std::optional<Version> {
            const auto mirror = reader.mirror_by_href(id_, href);
            // A copy whose state is in doubt is read anew; what we wrote is read back once.
            if (mirror && mirror->base && !mirror->missing_since && !mirror->unknown_call &&
                !mirror->remote_text.empty())
                return mirror->version;
            return reader.cached_version(id_, href);
        });
    };
}

bool SyncPass::is_held(const Href& href) {
    return read(parts_.store, [&](const Reader& reader) {
        return reader.mirror_by_href(id_, href).has_value() || reader.cached_event(id_, href).has_value();
    });
}

void SyncPass::read_unread(ChangeSet& page) {
    std::size_t fetched = 0;
    std::vector<Href> left;
    for (const auto& href : page.unread) {
        if (fetched++ < kMaxSingleReads) {
            auto event = connector_.fetch_event(context(), href);
            if (event) {
                page.changed.push_back(std::move(*event));
                continue;
            }
            // Some services go on listing what is long gone. Of what was never held nothing is lost.
            if (event.error().code == ErrorCode::NotFound && !is_held(href)) continue;
        }
        left.push_back(href);
    }
    page.unread = std::move(left);
}

void SyncPass::find_moved(ChangeSet& page) {
    std::vector<Href> left;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& remote : page.changed) {
            if (remote.unreadable || remote.event.mark.empty()) continue;
            const auto mirror = reader.mirror_by_uid(id_, remote.event.uid);
            if (mirror && mirror->href && mirror->href != remote.href && is_ours(remote, *mirror))
                left.push_back(*mirror->href);
        }
    });
    for (const auto& href : left) {
        if (std::find(page.removed.begin(), page.removed.end(), href) != page.removed.end()) continue;
        const auto event = connector_.fetch_event(context(), href);
        if (!event && event.error().code == ErrorCode::NotFound) page.removed.push_back(href);
    }
}

SyncPass::Sorted SyncPass::sort_page(const ChangeSet& page) {
    Sorted sorted;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& remote : page.changed) sort_event(reader, remote, page, sorted);
        for (const auto& href : page.unread) {
            const auto earlier = reader.cached_event(id_, href);
            if (calendar_.marker == href || reader.mirror_by_href(id_, href)) continue;
            RemoteEvent remote{href, std::nullopt, {}, "its content did not come."};
            if (earlier) remote.event.source = earlier->text;
            sorted.foreign.push_back(
                cached_event(remote, calendar_, zone_, horizon_, earlier, parts_.zones, parts_.clock)
            );
        }
    });
    return sorted;
}

void SyncPass::sort_event(const Reader& reader, const RemoteEvent& remote, const ChangeSet& page, Sorted& sorted) {
    const auto earlier = reader.cached_event(id_, remote.href);
    if (remote.unreadable) {
        if (calendar_.marker == remote.href) return;
        if (auto mirror = reader.mirror_by_href(id_, remote.href)) {
            mirror->detail = "The copy cannot be read: " + *remote.unreadable + " Repair or delete it in the calendar.";
            sorted.unreadable.push_back(std::move(*mirror));
            return;
        }
    }
    if (is_probe(reader, remote)) {
        sorted.probes.push_back(remote.href);
        return;
    }
    const auto mark = remote.event.mark.empty() ? std::nullopt : read_mark(remote.event.mark, parts_.keys);
    if (!remote.unreadable && mark && mark->business == business_.id) {
        if (mark->appointment.value == "marker") {
            // A person may put back one that was deleted before ours.
            if (mark->generation < std::max(marker_generation(reader, id_), sorted.marker_generation)) return;
            if (remote.event.uid != copy_name(business_.id, mark->appointment, id_, mark->generation)) return;
            if (earlier) sorted.no_longer_foreign.push_back(remote.href);
            sorted.marker = remote.href;
            sorted.marker_generation = mark->generation;
            if (auto manifest = open_manifest(remote.event.capsule, parts_.keys.recovery_key))
                sorted.written = std::move(*manifest);
            return;
        }
        const auto mirror = reader.mirror_by_uid(id_, remote.event.uid);
        const bool named_here = mirror && mirror->appointment == mark->appointment;
        const bool same_place = named_here && (!mirror->href || mirror->href == remote.href);
        const bool moved = named_here && mirror->href && mirror->href != remote.href &&
                           (mirror->missing_since ||
                            std::find(page.removed.begin(), page.removed.end(), *mirror->href) != page.removed.end());
        if (same_place || moved) {
            sorted.ours.push_back({mirror->appointment, remote});
            if (earlier) sorted.no_longer_foreign.push_back(remote.href);
            return;
        }
        if (named_here) sorted.twins.emplace_back(mirror->appointment, remote.href);
        const auto current = reader.mirror(mark->appointment, id_);
        const bool lost = current && !current->href && !current->unknown_call &&
                          remote.event.uid == copy_name(business_.id, mark->appointment, id_, mark->generation);
        if (lost && (mark->generation < current->generation || current->confirmed == 0)) {
            // A person undid the deletion of an earlier booking's copy: it becomes the copy again. Or the calendar was
            // connected before, and the copy's name is one that we do not remember (R7).
            sorted.ours.push_back({mark->appointment, remote});
            if (earlier) sorted.no_longer_foreign.push_back(remote.href);
            return;
        }
        if (current && is_late_copy(remote, *mark, *current)) {
            sorted.late.push_back(remote);
            return;
        }
        ahead_ = ahead_ || came_after(reader, remote, *mark);
        // Our mark under another name: a person duplicated the copy. It is their event now (I8).
    }
    sorted.foreign.push_back(cached_event(remote, calendar_, zone_, horizon_, earlier, parts_.zones, parts_.clock));
    found_detached_ = found_detached_ || (!remote.unreadable && !remote.event.has_master);
    const bool duplicate = !remote.unreadable && mark && mark->business == business_.id;
    if (duplicate && policy().duplicates == DuplicatePolicy::Free) sorted.foreign.back().busy.clear();
}

bool SyncPass::came_after(const Reader& reader, const RemoteEvent& remote, const Mark& mark) const {
    if (!calendar_.mirror || mark.epoch != business_.epoch) return false;
    if (remote.event.uid != copy_name(business_.id, mark.appointment, id_, mark.generation)) return false;
    const auto held = reader.appointment(mark.appointment);
    // Under a later name than ours here, only a later state of this store wrote it.
    const auto mirror = reader.mirror(mark.appointment, id_);
    if (held && (held->revision >= mark.revision || (mirror && mirror->generation >= mark.generation))) return false;
    const auto written = open_capsule(remote.event.capsule, parts_.keys);
    if (!written || interval_of(*written, parts_.zones).end <= parts_.clock.now()) return false;
    const auto last = reader.changes_about(mark.appointment.value, 1);
    // What this store forgot, and what a person was told of, is not news.
    if (!held) return last.empty();
    return written->changed >= held->changed && (last.empty() || last.front().kind != kLeftOut);
}

void SyncPass::keep_page(const ChangeSet& page, Listing& listing) {
    for (const auto& event : page.changed) listing.named.insert(event.href.value);
    for (const auto& href : page.unchanged) listing.named.insert(href.value);
    for (const auto& href : page.unread) listing.named.insert(href.value);
    listing.snapshot = listing.snapshot && page.snapshot;
    listing.token = page.next;
    listing.complete = listing.complete && page.unread.empty();
    listing.told = listing.told || !(page.changed.empty() && page.removed.empty() && page.unread.empty());
    Sorted sorted = sort_page(page);
    stray_probes_.insert(stray_probes_.end(), sorted.probes.begin(), sorted.probes.end());
    late_copies_.insert(late_copies_.end(), sorted.late.begin(), sorted.late.end());
    report_.changed += static_cast<int>(sorted.foreign.size());
    report_.removed += static_cast<int>(page.removed.size());
    std::set<std::string> found;
    for (auto& news : sorted.ours) {
        found.insert(news.appointment.value);
        listing.news.push_back(std::move(news));
    }
    parts_.store.read([&](const Reader& reader) {
        for (const auto& href : page.removed) {
            const auto mirror = reader.mirror_by_href(id_, href);
            if (mirror && !found.contains(mirror->appointment.value))
                listing.absent.emplace_back(mirror->appointment, href);
        }
    });
    listing.held = listing.held || page.snapshot || !listing.news.empty() || !listing.absent.empty();
    const bool keeps_token = !listing.held && page.more;
    if (sorted.foreign.empty() && page.removed.empty() && sorted.unreadable.empty() &&
        sorted.no_longer_foreign.empty() && sorted.twins.empty() && !sorted.marker && !keeps_token) {
        return;
    }
    parts_.store.write([&](Writer& writer) {
        if (sorted.written) {
            take_erasures(writer, sorted.written->erased);
            note_anchor(writer, id_, *sorted.written, parts_.clock.now());
            stand_still(writer, lineage_of(writer, *sorted.written, id_, life_.marked), parts_.clock.now());
        }
        for (const auto& event : sorted.foreign) foreign_.put(writer, event);
        for (const auto& href : page.removed) foreign_.erase(writer, id_, href);
        for (const auto& href : sorted.no_longer_foreign) foreign_.erase(writer, id_, href);
        for (const auto& [appointment, href] : sorted.twins) note_twin(writer, appointment, href);
        for (const auto& unreadable : sorted.unreadable) {
            auto mirror = writer.mirror(unreadable.appointment, id_);
            if (!mirror || mirror->state == MirrorState::Parked) continue;
            mirror->state = MirrorState::Parked;
            mirror->detail = unreadable.detail;
            mirror->attempts = 0;
            mirror->not_before.reset();
            writer.put(*mirror);
            writer.append(
                {0,
                 parts_.clock.now(),
                 "copy.parked",
                 mirror->appointment.value,
                 "calendar:" + id_.value,
                 mirror->detail,
                 mirror->wanted}
            );
            ++report_.parked;
        }
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        if (sorted.marker) {
            calendar->marker = sorted.marker;
            note_marker_generation(writer, id_, sorted.marker_generation);
        }
        if (keeps_token) calendar->sync_token = page.next;
        if (sorted.marker || keeps_token) writer.put(*calendar);
    });
    if (sorted.marker) calendar_.marker = sorted.marker;
}

}  // namespace calgate
