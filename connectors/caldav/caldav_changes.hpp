#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "connectors/caldav/caldav_cursor.hpp"
#include "connectors/caldav/caldav_session.hpp"

namespace calgate::caldav {

/// Text of an object to a RemoteEvent; never fails, see `unreadable`.
using ReadObject = std::function<RemoteEvent(Href, std::optional<Version>, std::string text)>;

/// Reads what changed on calendars. Remembers which services cannot do what; nothing else.
class ChangeReader {
public:
    ChangeReader(const Session&, const CaldavSettings&, ReadObject);
    Result<ChangeSet> read(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    );

private:
    /// What a listing said about one member.
    struct Member {
        std::string raw{};  ///< The href as listed, as multiget wants it.
        std::optional<Version> version{};
        bool gone = false, unreadable = false;
    };
    struct Members {
        std::map<std::string, Member> by_href{};
        std::string token{};     ///< Of the service; empty: none.
        Instant when{};          ///< By the service's clock.
        bool truncated = false;  ///< 507 on the collection: ask again with `token`.
    };
    struct State {
        std::string sync_token{}, ctag{};
    };
    /// One call, as it goes.
    struct Pass {
        const Context& context;
        http::Url calendar;
        const KnownVersion& known;
        Cursor cursor{};
    };

    Result<State> state(const Pass&) const;
    Result<ChangeSet> first_page(Pass&);
    Result<ChangeSet> sync_page(Pass&);
    Result<ChangeSet> listing_page(Pass&);
    Error sync_failure(const Pass&, const Error&);
    Result<Members> sync_members(const Pass&, const std::string& token) const;
    Result<Members> listed_members(const Pass&) const;
    Result<ChangeSet> fill(const Pass&, const Members&);
    Status fetch_all_by_query(const Pass&, std::map<std::string, Member>& wanted, ChangeSet&);
    Status fetch_by_multiget(const Pass&, std::map<std::string, Member>& wanted, ChangeSet&);
    Status fetch_batch(const Pass&, const std::map<std::string, Member>& batch, ChangeSet&) const;
    /// For a batch that the service fails at: one object that it cannot give must not hide the others.
    Status fetch_each(const Pass&, const std::map<std::string, Member>& batch, ChangeSet&, const Error& failure) const;
    Status fetch_alone(const Pass&, const std::string& href, const Member&, ChangeSet&) const;

    const Session& session_;
    const CaldavSettings& settings_;
    ReadObject read_object_;
    std::set<std::string> without_sync_{};   ///< Calendars whose sync-collection failed.
    std::set<std::string> without_query_{};  ///< Calendars whose calendar-query failed.
    std::size_t batch_ = 50;
};

}  // namespace calgate::caldav
