#include "connectors/caldav/caldav_connector.hpp"

#include <algorithm>
#include <map>

#include "connectors/caldav/caldav_changes.hpp"
#include "connectors/caldav/caldav_discovery.hpp"
#include "connectors/caldav/caldav_objects.hpp"
#include "core/batch.hpp"
#include "core/icalendar.hpp"

namespace calgate::caldav {

namespace {

bool is_weak(const Version& version) { return version.value.starts_with("W/"); }

std::string in_collection(const Href& calendar, const Uid& uid) {
    const std::string name = http::canonical_path(http::percent_encode(uid.value));  // As listings will name it.
    return calendar.value + (calendar.value.ends_with('/') ? "" : "/") + name + ".ics";
}

/// Writes of one batch: some rounds of the requests that go at once, few of unknown outcome when the process ends.
constexpr std::size_t kTogether = 16;
constexpr int kFailuresOfASearch = 3;  ///< In a row, after which the search counts as missing.

std::string collection_of(const Href& href) { return href.value.substr(0, href.value.rfind('/') + 1); }

/// The service does not offer what was asked, and is well.
bool is_no_report_there(const Error& error) {
    return error.code == ErrorCode::Unsupported || error.code == ErrorCode::Forbidden ||
           error.code == ErrorCode::Rejected || error.code == ErrorCode::NotFound;
}

Error no_object() {
    return {
        ErrorCode::InvalidResponse,
        "The service answered with something that is no calendar object, perhaps a web page; we ask again later.",
        {}};
}

Error would_mail() {
    return {
        ErrorCode::Rejected,
        "Somebody invited guests to the event, and the service would mail them about our change; change it in the "
        "calendar, or take the guests out.",
        {}};
}

Error changed_meanwhile() {
    return {ErrorCode::VersionMismatch, "The event was changed at the service since we read it; it is read again.", {}};
}

}  // namespace

struct CaldavConnector::Impl final : BatchService {
    Connector& alone;
    const Clock& clock;
    const ZoneResolver& zones;
    CaldavSettings settings;
    Session session;
    ChangeReader changes;
    std::map<std::string, int> failed_searches{};  ///< By calendar; since the last that was answered.

    Impl(
        Connector& connector,
        http::HttpTransport& transport,
        const Clock& given_clock,
        const ZoneResolver& given_zones,
        CaldavSettings given
    )
        : alone(connector),
          clock(given_clock),
          zones(given_zones),
          settings(std::move(given)),
          session(transport, clock, settings),
          changes(session, settings, [this](Href href, std::optional<Version> version, std::string text) {
              return read_object(std::move(href), std::move(version), std::move(text));
          }) {
        if (settings.user.find('@') != std::string::npos) settings.own_addresses.push_back(settings.user);
    }

    Result<Event> read_source(const std::string& text) const {
        return read_icalendar(text, {zones, settings.default_zone, settings.own_addresses});
    }

    RemoteEvent read_object(Href href, std::optional<Version> version, std::string text) const {
        RemoteEvent remote{std::move(href), std::move(version), {}, {}};
        auto event = read_source(text);
        if (event) {
            remote.event = std::move(*event);
            return remote;
        }
        remote.unreadable = event.error().detail;
        remote.event.source = std::move(text);
        return remote;
    }

    Result<RemoteEvent> get(const Context& context, const Href& href) const {
        CALGATE_TRY(http::Response response, session.send(context, {"GET", href.value, object_headers()}));
        if (response.status == 404) return get_by_report(context, href, session.refused(Call::Read, response));
        if (response.status != 200) return session.refused(Call::Read, response);
        if (!is_calendar_object(response)) return no_object();
        if (const auto etag = response.header("ETag"); etag && !etag->empty())
            return read_object(href, Version{*etag}, std::move(response.body));
        // Some services name an ETag in reports only: then their text counts, too.
        auto reported = get_by_report(context, href, no_object());
        if (reported && reported->version) return reported;
        return read_object(href, std::nullopt, std::move(response.body));
    }

    /// Some services give no object by its own address, and name it in reports all the same.
    Result<RemoteEvent> get_by_report(const Context& context, const Href& href, const Error& missing) const {
        const std::string collection = collection_of(href);
        const auto url = http::parse_url(href.value), base = http::parse_url(collection);
        if (!url || !base) return missing;
        auto listing = session.ask(context, Call::Read, "REPORT", collection, "", report_multiget({url->path}));
        // A service that cannot answer now, or whose answer is cut, does not say that the object is gone (I11).
        if (!listing) return is_no_report_there(listing.error()) ? missing : listing.error();
        for (Entry& entry : listing->content.entries) {
            const auto at = member_href(listing->answered, *base, entry.href);
            if (!at || *at != href.value) continue;
            if (!entry.calendar_data) return entry.has_properties ? no_object() : missing;
            auto version = entry.etag ? std::optional(Version{*entry.etag}) : std::nullopt;
            return read_object(href, std::move(version), std::move(*entry.calendar_data));
        }
        return missing;
    }

    /// By the name that we give our own copies.
    Result<RemoteEvent> get_named(const Context& context, const Href& calendar, const Uid& uid) const {
        CALGATE_TRY(RemoteEvent named, get(context, Href{in_collection(calendar, uid)}));
        if (!named.unreadable && named.event.uid == uid) return named;
        return Error{ErrorCode::NotFound, "The calendar holds no event with this UID.", {}};
    }

    /// After a search that failed. A service that fails at every search and answers all else has none: then the name
    /// decides.
    Result<RemoteEvent> find_despite(
        const Context& context, const Href& calendar, const Uid& uid, const Error& failure
    ) {
        auto named = get_named(context, calendar, uid);
        if (named) return named;
        if (named.error().code != ErrorCode::NotFound) return failure;
        return ++failed_searches[calendar.value] >= kFailuresOfASearch ? named : failure;
    }

    /// Success, or why a write was refused; a 207 counts only when everything inside succeeded.
    Status outcome(Call call, const http::Response& response) const {
        if (response.status == 207 || (response.status == 200 && call == Call::Delete && !response.body.empty())) {
            const auto content = parse_multistatus(response.body);
            if (!content && response.status == 200) return is_web_page(response.body) ? Status{no_object()} : Status{};
            if (!content) return content.error();
            const int refused = refused_status(*content);
            if (refused == 0) return {};
            http::Response inner = response;
            inner.status = refused;
            return session.refused(call, inner);
        }
        if (response.status == 200 && is_web_page(response.body)) return no_object();
        if (response.status == 200 || response.status == 201 || response.status == 202 || response.status == 204)
            return {};
        return session.refused(call, response);
    }

    /// Without an ETag the service may have changed the text: what it holds now tells the version.
    Result<WriteReceipt> receipt(const Context& context, const Href& href, const http::Response& response) const {
        // iCloud rewrites what it stores after it answered; the next pull reads many versions at once.
        if (session.icloud()) return WriteReceipt{href, std::nullopt};
        if (const auto etag = response.header("ETag"); etag && !etag->empty())
            return WriteReceipt{href, Version{*etag}};
        const auto stored = get(context, href);
        // A bare 200 that left nothing behind was no answer to the write.
        if (!stored && stored.error().code == ErrorCode::NotFound && response.status == 200) return no_object();
        return WriteReceipt{href, stored ? stored->version : std::nullopt};
    }

    static http::Request put(const Href& href, std::string text) {
        return {"PUT", href.value, {{"Content-Type", "text/calendar; charset=utf-8"}}, std::move(text)};
    }

    Result<http::Request> creation(const Href& calendar, const Event& event) const {
        CALGATE_TRY(std::string text, write_icalendar(event, zones, clock.now()));
        http::Request request = put(Href{in_collection(calendar, event.uid)}, std::move(text));
        request.headers.emplace_back("If-None-Match", "*");
        return request;
    }
    Result<WriteReceipt> created(
        const Context& context, const Href& calendar, const Event& event, const http::Response& response
    ) {
        const Status said = outcome(Call::Create, response);
        if (said) return receipt(context, Href{in_collection(calendar, event.uid)}, response);
        // Some services refuse a UID that is taken without saying so.
        if (said.error().code == ErrorCode::Rejected && alone.find_event(context, calendar, event.uid))
            return Error{ErrorCode::AlreadyExists, said.error().detail, {}};
        return said.error();
    }

    Result<http::Request> update(const Href& href, const Version& if_match, const Event& event) const {
        CALGATE_TRY(std::string text, write_icalendar(event, zones, clock.now()));
        if (has_guests(text, settings.own_addresses)) return would_mail();
        http::Request request = put(href, std::move(text));
        if (!is_weak(if_match)) request.headers.emplace_back("If-Match", if_match.value);
        return request;
    }
    Result<WriteReceipt> updated(const Context& context, const Href& href, const http::Response& response) const {
        const Status said = outcome(Call::Update, response);
        if (said) return receipt(context, href, response);
        if (said.error().code != ErrorCode::VersionMismatch) return said.error();
        const auto current = get(context, href);
        const bool gone = !current && current.error().code == ErrorCode::NotFound;
        return gone ? current.error() : said.error();
    }

    // BatchService. A service takes one write a request; several requests are under way at once.
    std::size_t capacity() const override { return kTogether; }
    std::vector<Result<WriteReceipt>> write_events(
        const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
    ) override;
    std::vector<Result<bool>> find_absent(const Context& context, const Href& calendar, const std::vector<Uid>& uids)
        override {
        std::vector<Result<bool>> found;
        for (const Uid& uid : uids) found.push_back(absent_alone(alone, context, calendar, uid));
        return found;
    }

    /// For weak versions, which If-Match may not use (RFC 9110 13.1.1).
    Status still_at(const Context& context, const Href& href, const Version& version) const {
        CALGATE_TRY(const RemoteEvent current, get(context, href));
        return current.version == version ? Status{} : Status{changed_meanwhile()};
    }
};

std::vector<Result<WriteReceipt>> CaldavConnector::Impl::write_events(
    const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
) {
    std::vector<std::optional<Result<WriteReceipt>>> outcomes(writes.size());
    std::vector<http::Request> requests;
    std::vector<std::size_t> sent;
    std::optional<Error> shut_out;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const EventWrite& write = writes[i];
        if (shut_out) {
            outcomes[i] = *shut_out;
            continue;
        }
        // What has to be looked at first is written alone.
        const bool looks = write.kind == EventWrite::Kind::Delete || is_weak(write.if_match);
        if (looks) {
            outcomes[i] = write_alone(alone, context, calendar, write);
            if (!*outcomes[i] && outcomes[i]->error().code == ErrorCode::Unauthorized) shut_out = outcomes[i]->error();
            continue;
        }
        auto request = write.kind == EventWrite::Kind::Create ? creation(calendar, write.event)
                                                              : update(write.href, write.if_match, write.event);
        if (!request) {
            outcomes[i] = request.error();
            continue;
        }
        requests.push_back(std::move(*request));
        sent.push_back(i);
    }
    const auto answers = shut_out ? std::vector<Result<http::Response>>(requests.size(), *shut_out)
                                  : session.send_together(context, std::move(requests));
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const EventWrite& write = writes[sent[i]];
        auto& outcome = outcomes[sent[i]];
        if (!answers[i])
            outcome = answers[i].error();
        else if (write.kind == EventWrite::Kind::Create)
            outcome = created(context, calendar, write.event, *answers[i]);
        else
            outcome = updated(context, write.href, *answers[i]);
    }
    std::vector<Result<WriteReceipt>> out;
    for (auto& outcome : outcomes) out.push_back(std::move(*outcome));
    return out;
}

CaldavConnector::CaldavConnector(
    http::HttpTransport& transport, const Clock& clock, const ZoneResolver& zones, CaldavSettings settings
)
    : impl_(std::make_unique<Impl>(*this, transport, clock, zones, std::move(settings))) {}

CaldavConnector::~CaldavConnector() = default;

BatchService* CaldavConnector::batch() { return impl_->session.icloud() ? nullptr : impl_.get(); }

Capabilities CaldavConnector::capabilities() const {
    Capabilities offered{true, true};
    if (!impl_->session.icloud()) return offered;
    offered.sign_in_tries = 3;
    offered.writes_per_second = 4;
    offered.polled_by_hours = offered.reads_back = true;
    return offered;
}

const std::vector<std::string>& CaldavConnector::own_addresses() const { return impl_->settings.own_addresses; }

Result<Event> CaldavConnector::read_source(const std::string& source) const { return impl_->read_source(source); }

Result<std::vector<RemoteCalendar>> CaldavConnector::list_calendars(const Context& context) {
    CALGATE_TRY(Discovery found, discover(impl_->session, context, impl_->settings.url, impl_->zones));
    auto& own = impl_->settings.own_addresses;
    for (auto& address : found.addresses)
        if (std::find(own.begin(), own.end(), address) == own.end()) own.push_back(std::move(address));
    return std::move(found.calendars);
}

Result<ChangeSet> CaldavConnector::fetch_changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    return impl_->changes.read(context, calendar, since, known);
}

Result<RemoteEvent> CaldavConnector::fetch_event(const Context& context, const Href& event) {
    return impl_->get(context, event);
}

Result<RemoteEvent> CaldavConnector::find_event(const Context& context, const Href& calendar, const Uid& uid) {
    const auto base = http::parse_url(calendar.value);
    if (!base) return Error{ErrorCode::Rejected, "The calendar's address is not a URL; choose the calendar again.", {}};
    auto listing = impl_->session.ask(context, Call::Read, "REPORT", calendar.value, "1", report_query_uid(uid.value));
    if (!listing) {
        const bool fails = listing.error().code == ErrorCode::Unavailable && !listing.error().retry_after;
        // What cannot be read of a search is no answer to it; the name decides.
        const bool missing = is_no_report_there(listing.error()) || listing.error().code == ErrorCode::InvalidResponse;
        if (!fails && !missing) return listing.error();
        if (fails) return impl_->find_despite(context, calendar, uid, listing.error());
    } else {
        impl_->failed_searches.erase(calendar.value);
        for (Entry& entry : listing->content.entries) {
            const auto href = member_href(listing->answered, *base, entry.href);
            if (!href || !entry.calendar_data) continue;
            auto version = entry.etag ? std::optional(Version{*entry.etag}) : std::nullopt;
            RemoteEvent found = impl_->read_object(Href{*href}, std::move(version), std::move(*entry.calendar_data));
            if (!found.unreadable && found.event.uid == uid) return found;
        }
    }
    // A search index may lag or not work at all: our own copies lie under a name that we know.
    return impl_->get_named(context, calendar, uid);
}

Result<WriteReceipt> CaldavConnector::create_event(const Context& context, const Href& calendar, const Event& event) {
    CALGATE_TRY(http::Request request, impl_->creation(calendar, event));
    CALGATE_TRY(const http::Response response, impl_->session.send(context, std::move(request)));
    return impl_->created(context, calendar, event, response);
}

Result<WriteReceipt> CaldavConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    CALGATE_TRY(http::Request request, impl_->update(href, if_match, event));
    if (is_weak(if_match)) CALGATE_TRY_STATUS(impl_->still_at(context, href, if_match));
    CALGATE_TRY(const http::Response response, impl_->session.send(context, std::move(request)));
    return impl_->updated(context, href, response);
}

Status CaldavConnector::delete_event(const Context& context, const Href& href, const Version& if_match) {
    const bool weak = is_weak(if_match);
    // Any service that schedules mails the guests of what its organiser deletes (RFC 6638 3.2.1.3).
    const auto current = impl_->get(context, href);
    if (!current && current.error().code == ErrorCode::NotFound) return {};
    if (!current) return current.error();
    const bool enforced = !weak && !impl_->session.icloud();
    const bool unsaid = !current->version && enforced;  // Then If-Match alone decides.
    if (!unsaid && current->version != if_match) return changed_meanwhile();
    if (has_guests(current->event.source, impl_->settings.own_addresses)) return would_mail();
    http::Headers headers{{"Schedule-Reply", "F"}};
    if (!weak) headers.emplace_back("If-Match", if_match.value);
    CALGATE_TRY(
        const http::Response response, impl_->session.send(context, {"DELETE", href.value, std::move(headers)})
    );
    const Status outcome = impl_->outcome(Call::Delete, response);
    if (outcome || outcome.error().code == ErrorCode::NotFound) return {};
    if (outcome.error().code != ErrorCode::VersionMismatch) return outcome;
    // Some services answer 412 for an event that is already gone.
    const auto now = impl_->get(context, href);
    if (!now && now.error().code == ErrorCode::NotFound) return {};
    return outcome;
}

}  // namespace calgate::caldav
