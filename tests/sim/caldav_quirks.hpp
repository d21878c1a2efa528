#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace calgate::testing {

/// What a sync-collection with an unknown token is answered with.
enum class BadToken : std::uint8_t { Element403, Element412, Bare412, Bare500, Gone410, FullListing };
/// What a PUT of a UID that lies under another name is answered with.
enum class UidConflict : std::uint8_t { Element409, Element412, Element403, Inner207, Unique403, Bare400, Accepted };
/// What happens when a change report would be longer than `page`.
enum class Paging : std::uint8_t {
    None,
    Checkpoint,   ///< 507 for the collection, and a token that continues (RFC 6578 3.6).
    WholeAnswer,  ///< The request itself is answered 507.
    Stuck,        ///< As Checkpoint, but the token never advances.
};
/// Second: of the last change (SOGo); what changes later in that second is not told by it.
enum class TokenStyle : std::uint8_t { Url, Hash, DataUri, Number, Second };

/// Habits of one CalDAV server.
struct Quirks {
    std::string name{};
    /// An entry host, which redirects to the partition whatever lies below a home; homes there, with ":443". Any
    /// address of the domain signs in as the one account. No MKCALENDAR, no free-busy-query.
    bool icloud_hosts = false;
    int partition = 42;              ///< Where the account lies; other partitions redirect to it.
    bool two_challenges = false;     ///< 401 names x-mobileme-authtoken before Basic.
    bool default_namespace = false;  ///< No prefixes; the namespace is declared on every element.
    bool cdata = false;              ///< calendar-data in CDATA.
    bool lists_itself = false;       ///< The collection is a member of its own reports, without its slash.
    bool empty_propstats = false;    ///< A second propstat with 404 and empty getctag and displayname.
    bool extra_collections = false;  ///< Tasks, inbox, outbox in the home.
    TokenStyle tokens = TokenStyle::Url;
    BadToken bad_token = BadToken::Element403;
    Paging paging = Paging::None;
    std::size_t page = 3;
    bool removed_in_first_listing = false;  ///< 404 entries also for an empty token.
    bool etag_after_put = true;
    bool etag_misleads = false;  ///< What a PUT is answered with is not what is stored then.
    bool rewrites = false;       ///< Reorders, drops VTIMEZONE, adds a property.
    bool weak_etags = false;
    int update_status = 204;
    bool delete_answers_multistatus = false;
    bool delete_of_gone_is_412 = false;  ///< When If-Match is sent.
    bool uid_per_account = false;
    UidConflict uid_conflict = UidConflict::Element409;
    bool multiget_omits_missing = false;
    bool multiget_adds_foreign = false;  ///< An href that nobody asked for.
    bool multiget_doubles = false;       ///< Every href twice, first without content.
    bool multiget_empty_data = false;    ///< calendar-data is there and empty.
    std::size_t multiget_limit = 0;      ///< More hrefs are 403 number-of-matches-within-limits; 0: none.
    bool query_ignores_filter = false;
    bool query_finds_nothing = false;
    bool query_refused = false;  ///< 403 supported-filter.
    bool ignores_schedule_agent = false;
    bool state_reads_events =
        false;                   ///< Before it tells state beside what a calendar is like, it reads every event anew.
    bool search_fails = false;   ///< 500 for a calendar-query by UID.
    bool poisoned = false;       ///< 500 for whatever shall bring the content of an object with "poison" in its name.
    bool ghosts = false;         ///< Listings name an object that is nowhere else.
    bool hides_objects = false;  ///< 404 for a GET of any object.
    bool etag_in_reports_only = false;  ///< Neither a GET nor a PUT is answered with one.
    bool http_hrefs = false;        ///< Absolute hrefs as behind a proxy that ends TLS: http, and blanks as they are.
    bool compressed_etags = false;  ///< A GET that takes a compressed answer gets another ETag, which no write matches.
    bool without_date = false;      ///< No answer says when it was made.
    bool canonical_elsewhere = false;  ///< Homes also answer below /my/, and name themselves as ever.
    bool breaks_above_homes = false;   ///< Well-known leads above the homes; asked there about a calendar it fails.
};

/// "rfc", "icloud", "radicale", "xandikos", "cyrus", "sabre", "sogo", "proxied"; "weak_etags", "stuck_pages",
/// "odd_reports", "ghosts", "no_etags" for single habits that are on top of rfc; "icloud_etags" for iCloud that gives
/// ETags, and wrong ones. Asserts for any other name.
Quirks quirks_of(const std::string& profile);

}  // namespace calgate::testing
