#include "tests/sim/caldav_quirks.hpp"

#include "core/result.hpp"

namespace calgate::testing {

namespace {

Quirks icloud(Quirks q) {
    q.icloud_hosts = q.two_challenges = q.default_namespace = q.cdata = true;
    q.lists_itself = q.empty_propstats = q.extra_collections = true;
    q.bad_token = BadToken::Bare412;
    q.etag_after_put = false;
    q.rewrites = q.uid_per_account = true;
    q.uid_conflict = UidConflict::Element403;
    return q;
}

Quirks radicale(Quirks q) {
    q.removed_in_first_listing = q.delete_answers_multistatus = q.rewrites = q.state_reads_events = true;
    q.update_status = 201;
    return q;
}

Quirks xandikos(Quirks q) {
    q.tokens = TokenStyle::Hash;
    q.bad_token = BadToken::Bare500;
    q.uid_conflict = UidConflict::Inner207;
    return q;
}

Quirks cyrus(Quirks q) {
    q.tokens = TokenStyle::DataUri;
    q.paging = Paging::Checkpoint;
    q.cdata = q.uid_per_account = q.breaks_above_homes = true;
    q.uid_conflict = UidConflict::Unique403;
    return q;
}

Quirks sabre(Quirks q) {
    q.etag_after_put = false;
    q.rewrites = q.delete_of_gone_is_412 = q.multiget_omits_missing = true;
    q.uid_conflict = UidConflict::Accepted;
    return q;
}

Quirks sogo(Quirks q) {
    q.tokens = TokenStyle::Second;
    q.bad_token = BadToken::FullListing;
    q.query_finds_nothing = true;
    return q;
}

Quirks proxied(Quirks q) {
    q.http_hrefs = q.compressed_etags = q.canonical_elsewhere = true;
    q.uid_conflict = UidConflict::Bare400;
    return q;
}

Quirks odd_reports(Quirks q) {
    q.paging = Paging::WholeAnswer;
    q.multiget_adds_foreign = q.multiget_doubles = q.query_ignores_filter = true;
    q.bad_token = BadToken::Gone410;
    q.uid_conflict = UidConflict::Element412;
    return q;
}

}  // namespace

Quirks quirks_of(const std::string& profile) {
    Quirks plain;
    plain.name = profile;
    if (profile == "rfc") return plain;
    if (profile == "icloud") return icloud(plain);
    if (profile == "icloud_etags") {
        Quirks misleading = icloud(plain);
        misleading.etag_after_put = misleading.etag_misleads = true;
        return misleading;
    }
    if (profile == "radicale") return radicale(plain);
    if (profile == "xandikos") return xandikos(plain);
    if (profile == "cyrus") return cyrus(plain);
    if (profile == "sabre") return sabre(plain);
    if (profile == "sogo") return sogo(plain);
    if (profile == "proxied") return proxied(plain);
    if (profile == "odd_reports") return odd_reports(plain);
    if (profile == "weak_etags") {
        plain.weak_etags = true;
        return plain;
    }
    if (profile == "no_etags") {
        plain.etag_in_reports_only = true;
        plain.etag_after_put = false;
        return plain;
    }
    if (profile == "ghosts") {
        plain.ghosts = true;
        return plain;
    }
    CALGATE_ASSERT(profile == "stuck_pages");
    plain.paging = Paging::Stuck;
    return plain;
}

}  // namespace calgate::testing
