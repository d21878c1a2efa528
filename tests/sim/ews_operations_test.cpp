/// What other clients ask of an EWS server, word by word.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <ostream>

#include "connectors/ews/ews_xml.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

namespace {

using ews::Element;

const ZoneResolver& zones() {
    static const ZoneResolver kZones;
    return kZones;
}

struct Server {
    Server() { folder = sim.make_calendar("Bookings"); }
    http::Response post(const std::string& body, const std::string& path = "/EWS/Exchange.asmx") {
        http::Request request;
        request.method = "POST";
        request.url = "https://mail.corp.example" + path;
        request.credentials = EwsSim::credentials();
        request.body =
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
            "xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" "
            "xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Body>" +
            body + "</s:Body></s:Envelope>";
        auto response = sim.send(request, {clock.steady() + std::chrono::minutes(1), {}});
        BOOST_REQUIRE(response.has_value());
        // For tests/contracts/check_ews.py, one after the other, each with a NUL behind it.
        if (const char* const kept = std::getenv("CALGATE_EXCHANGES"))
            std::ofstream(std::string(kept) + "/ews_operations", std::ios::app) << response->body << '\0';
        return std::move(*response);
    }
    Element ask(const std::string& body) {
        const auto root = ews::parse_xml(post(body).body);
        BOOST_REQUIRE(root.has_value());
        return *root;
    }
    std::string code(const std::string& body) {
        const Element root = ask(body);
        const Element* const found = root.find("ResponseCode");
        return found ? found->text : "none";
    }
    std::string put(const std::string& inside) {
        return sim.put_item(
            folder, "<CalendarItem>" + inside + "<StartTimeZone Id=\"W. Europe Standard Time\"/></CalendarItem>"
        );
    }
    std::string single(const std::string& subject, const std::string& day) {
        return put(
            "<Subject>" + subject + "</Subject><Start>" + day + "T07:00:00Z</Start><End>" + day + "T08:00:00Z</End>"
        );
    }
    std::string series() {
        return put(
            "<Subject>Series</Subject><Start>2026-06-01T07:00:00Z</Start><End>2026-06-01T08:00:00Z</End><Recurrence>"
            "<DailyRecurrence><Interval>1</Interval></DailyRecurrence><NumberedRecurrence><StartDate>2026-06-01"
            "</StartDate><NumberOfOccurrences>5</NumberOfOccurrences></NumberedRecurrence></Recurrence>"
        );
    }
    std::string key(const std::string& id) const {
        return ews::parse_xml(sim.item_xml(id))->child("ItemId").attribute("ChangeKey");
    }
    std::string in_folder() const {
        return "<m:ParentFolderIds><t:FolderId Id=\"" + folder + "\"/></m:ParentFolderIds>";
    }
    std::vector<std::string> starts(const std::string& find) {
        std::vector<std::string> out;
        const Element root = ask(find);
        const Element* const items = root.find("Items");
        if (items)
            for (const Element& item : items->children) out.push_back(item.word("Start"));
        return out;
    }
    std::string update(
        const std::string& id, const std::string& updates, const std::string& resolution = "NeverOverwrite"
    ) {
        return "<m:UpdateItem ConflictResolution=\"" + resolution +
               "\" SendMeetingInvitationsOrCancellations=\"SendToNone\"><m:ItemChanges><t:ItemChange>" + id +
               "<t:Updates>" + updates + "</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>";
    }

    ManualClock clock{};
    EwsSim sim{clock, zones(), ews_quirks_of("plain")};
    std::string folder{};
};

const std::string kShape =
    "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"calendar:Start\"/>"
    "<t:FieldURI FieldURI=\"item:Subject\"/></t:AdditionalProperties></m:ItemShape>";
const std::string kSubject =
    "<t:SetItemField><t:FieldURI FieldURI=\"item:Subject\"/><t:CalendarItem><t:Subject>New</t:Subject></t:CalendarItem>"
    "</t:SetItemField>";

std::string equal_to(const std::string& uri, const std::string& value, const std::string& how = "IsEqualTo") {
    return "<t:" + how + "><t:FieldURI FieldURI=\"" + uri + "\"/><t:FieldURIOrConstant><t:Constant Value=\"" + value +
           "\"/></t:FieldURIOrConstant></t:" + how + ">";
}

struct Odd {
    const char* name;
    const char* body;
};
std::ostream& operator<<(std::ostream& out, const Odd& row) { return out << row.name; }

// clang-format off
const Odd kOdd[] = {
    {"nothing", ""},
    {"an unknown operation", "<m:MakeCoffee/>"},
    {"no page size", "<m:SyncFolderItems><m:SyncFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:SyncFolderId></m:SyncFolderItems>"},
    {"a page too large", "<m:SyncFolderItems><m:SyncFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:SyncFolderId><m:MaxChangesReturned>513</m:MaxChangesReturned></m:SyncFolderItems>"},
    {"a page of words", "<m:SyncFolderItems><m:SyncFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:SyncFolderId><m:MaxChangesReturned>many</m:MaxChangesReturned></m:SyncFolderItems>"},
    {"no folder", "<m:SyncFolderItems><m:MaxChangesReturned>5</m:MaxChangesReturned></m:SyncFolderItems>"},
    {"an offset of words", "<m:FindFolder><m:IndexedPageFolderView Offset=\"x\"/></m:FindFolder>"},
    {"nowhere to search", "<m:FindItem/>"},
    {"nowhere to move", "<m:MoveItem/>"},
    {"busy time of no window", "<m:GetUserAvailabilityRequest/>"},
    {"an id of no number", "<m:ConvertId DestinationFormat=\"EwsId\"><m:SourceIds><t:AlternateId Format=\"HexEntryId\" Id=\"zz\" Mailbox=\"a\"/></m:SourceIds></m:ConvertId>"},
};
// clang-format on

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ews_operations, Server)

BOOST_DATA_TEST_CASE(what_is_malformed_is_a_fault_and_the_server_lives, boost::unit_test::data::make(kOdd), row) {
    const auto response = post(row.body);
    BOOST_TEST(response.status == 500);
    BOOST_TEST(response.body.find("Fault>") != std::string::npos);
    if (*row.body != '\0') BOOST_TEST(response.body.find("ServerVersionInfo") != std::string::npos);
    BOOST_TEST(
        code("<m:GetFolder><m:FolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder>") ==
        "NoError"
    );
}

BOOST_AUTO_TEST_CASE(an_interval_of_nothing_is_refused_and_divides_nothing) {
    const auto create = [&](const std::string& interval) {
        return "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId><t:FolderId Id=\"" + folder +
               "\"/></m:SavedItemFolderId><m:Items><t:CalendarItem><t:Start>2026-06-01T07:00:00.000Z</t:Start>"
               "<t:End>2026-06-01T08:00:00.5+00:00</t:End><t:Recurrence><t:DailyRecurrence><t:Interval>" +
               interval +
               "</t:Interval></t:DailyRecurrence><t:NoEndRecurrence><t:StartDate>2026-06-01</t:StartDate>"
               "</t:NoEndRecurrence></t:Recurrence></t:CalendarItem></m:Items></m:CreateItem>";
    };
    BOOST_TEST(code(create("0")) == "ErrorSchemaValidation");
    BOOST_TEST(code(create("1")) == "NoError", "with fractions of a second");
    BOOST_TEST(sim.item_xml(sim.item_ids(folder).back()).find("<End>2026-06-01T08:00:00Z</End>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_calendar_view_shows_occurrences_within_its_window) {
    const std::string id = series();
    single("Alone", "2026-06-03");
    single("Outside", "2026-06-09");
    const auto view = [&](const std::string& from, const std::string& until, const std::string& more = "") {
        return "<m:FindItem Traversal=\"Shallow\">" + kShape + "<m:CalendarView StartDate=\"" + from + "\" EndDate=\"" +
               until + "\"/>" + more + in_folder() + "</m:FindItem>";
    };
    ask("<m:DeleteItem DeleteType=\"MoveToDeletedItems\" SendMeetingCancellations=\"SendToNone\"><m:ItemIds>"
        "<t:OccurrenceItemId RecurringMasterId=\"" +
        id + "\" InstanceIndex=\"2\"/></m:ItemIds></m:DeleteItem>");
    BOOST_TEST(
        starts(view("2026-06-01T08:00:00.000Z", "2026-06-05T07:00:00Z")) ==
            (std::vector<std::string>{"2026-06-03T07:00:00Z", "2026-06-03T07:00:00Z", "2026-06-04T07:00:00Z"}),
        boost::test_tools::per_element()
    );
    BOOST_TEST(code(view("2026-01-01T00:00:00Z", "2028-02-01T00:00:00Z")) == "ErrorCalendarViewRangeTooBig");
    BOOST_TEST(
        code(view(
            "2026-01-01T00:00:00Z",
            "2026-02-01T00:00:00Z",
            "<m:Restriction>" + equal_to("item:Subject", "Alone") + "</m:Restriction>"
        )) == "ErrorUnsupportedQueryFilter"
    );
}

BOOST_AUTO_TEST_CASE(a_restriction_is_followed_or_refused_and_never_silently_empty) {
    single("One", "2026-06-03");
    single("One", "2026-06-04");
    single("Two", "2026-06-04");
    const auto find = [&](const std::string& rule, const std::string& order = "") {
        return "<m:FindItem Traversal=\"Shallow\">" + kShape + "<m:Restriction>" + rule + "</m:Restriction>" + order +
               in_folder() + "</m:FindItem>";
    };
    const std::string late = equal_to("calendar:Start", "2026-06-04T09:00:00.000+02:00", "IsGreaterThanOrEqualTo");
    BOOST_TEST(starts(find(equal_to("item:Subject", "One"))).size() == 2u);
    BOOST_TEST(starts(find(late)).size() == 2u);
    BOOST_TEST(starts(find("<t:And>" + equal_to("item:Subject", "One") + late + "</t:And>")).size() == 1u);
    BOOST_TEST(starts(find("<t:Not>" + late + "</t:Not>")).size() == 1u);
    BOOST_TEST(
        starts(find(
                   equal_to("item:Subject", "One"),
                   "<m:SortOrder><t:FieldOrder Order=\"Descending\"><t:FieldURI "
                   "FieldURI=\"calendar:Start\"/></t:FieldOrder></m:SortOrder>"
               ))
            .front() == "2026-06-04T07:00:00Z"
    );
    BOOST_TEST(code(find(equal_to("calendar:UID", "x"))) == "ErrorUnsupportedPathForQuery");
    BOOST_TEST(
        code(find("<t:Excludes><t:FieldURI FieldURI=\"item:Subject\"/></t:Excludes>")) == "ErrorUnsupportedQueryFilter"
    );
}

BOOST_AUTO_TEST_CASE(a_sync_shows_what_its_shape_asks_for_and_a_touched_state_is_refused) {
    single("One", "2026-06-03");
    const auto sync = [&](const std::string& state) {
        return "<m:SyncFolderItems>" + kShape + "<m:SyncFolderId><t:FolderId Id=\"" + folder + "\"/></m:SyncFolderId>" +
               state + "<m:MaxChangesReturned>5</m:MaxChangesReturned></m:SyncFolderItems>";
    };
    const Element root = ask(sync(""));
    BOOST_TEST(root.find("CalendarItem")->word("Subject") == "One");
    std::string state = root.find("SyncState")->text;
    BOOST_TEST(code(sync("<m:SyncState>" + state + "</m:SyncState>")) == "NoError");
    BOOST_TEST(
        code(sync("<m:SyncState>" + state.substr(0, state.size() / 2) + "</m:SyncState>")) ==
        "ErrorInvalidSyncStateData"
    );
    state[state.size() - 6] = state[state.size() - 6] == 'A' ? 'B' : 'A';
    BOOST_TEST(code(sync("<m:SyncState>" + state + "</m:SyncState>")) == "ErrorInvalidSyncStateData");
}

BOOST_AUTO_TEST_CASE(deleted_items_and_inbox_are_folders_of_their_own) {
    const std::string id = single("One", "2026-06-03");
    const auto in = [&](const std::string& name) {
        return "<m:FindItem Traversal=\"Shallow\">" + kShape + "<m:ParentFolderIds><t:DistinguishedFolderId Id=\"" +
               name + "\"/></m:ParentFolderIds></m:FindItem>";
    };
    BOOST_TEST(starts(in("deleteditems")).empty());
    BOOST_TEST(
        code(
            "<m:DeleteItem DeleteType=\"MoveToDeletedItems\" "
            "SendMeetingCancellations=\"SendToNone\"><m:ItemIds><t:ItemId Id=\"" +
            id + "\"/></m:ItemIds></m:DeleteItem>"
        ) == "NoError"
    );
    BOOST_TEST(starts(in("deleteditems")).size() == 1u);
    BOOST_TEST(starts(in("inbox")).empty());
    BOOST_TEST(code(in("drafts")) == "ErrorFolderNotFound");
    const Element folders =
        ask("<m:FindFolder Traversal=\"Deep\"><m:Restriction>" + equal_to("folder:FolderClass", "IPF.Appointment") +
            "</m:Restriction></m:FindFolder>");
    BOOST_TEST(folders.find("Folders")->children.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_update_takes_each_kind_of_id_and_merges_where_it_may) {
    const std::string id = series(), old = key(id);
    const std::string occurrence =
        "<t:OccurrenceItemId RecurringMasterId=\"" + id + "\" ChangeKey=\"" + old + "\" InstanceIndex=\"3\"/>";
    BOOST_TEST(code(update(occurrence, kSubject)) == "NoError");
    BOOST_TEST(sim.item_xml(id).find("<ModifiedOccurrences>") != std::string::npos);
    BOOST_TEST(code(update(occurrence, kSubject)) == "ErrorIrresolvableConflict");
    BOOST_TEST(code(update(occurrence, kSubject, "AutoResolve")) == "NoError");
    const std::string master = "<t:RecurringMasterItemId OccurrenceId=\"" + id + "/3\" ChangeKey=\"" + key(id) + "\"/>";
    BOOST_TEST(code(update(master, kSubject)) == "NoError");
    BOOST_TEST(sim.item_xml(id).find("<Subject>New</Subject>") != std::string::npos);
    const auto append = [&](const std::string& name, const std::string& inside) {
        return update(
            "<t:ItemId Id=\"" + id + "\" ChangeKey=\"" + key(id) + "\"/>",
            "<t:AppendToItemField><t:FieldURI FieldURI=\"item:" + name + "\"/><t:CalendarItem><t:" + name + ">" +
                inside + "</t:" + name + "></t:CalendarItem></t:AppendToItemField>"
        );
    };
    BOOST_TEST(code(append("Categories", "<t:String>red</t:String>")) == "NoError");
    BOOST_TEST(code(append("Categories", "<t:String>blue</t:String>")) == "NoError");
    BOOST_TEST(sim.item_xml(id).find("<String>red</String><String>blue</String>") != std::string::npos);
    BOOST_TEST(code(append("Subject", "x")) == "ErrorInvalidPropertyAppend");
}

BOOST_AUTO_TEST_CASE(an_item_that_is_moved_has_another_id_and_is_told_to_who_pulls) {
    const std::string other = sim.make_calendar("Other"), id = single("One", "2026-06-03");
    const Element subscribed =
        ask("<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds><t:FolderId Id=\"" + folder +
            "\"/></t:FolderIds><t:EventTypes><t:EventType>MovedEvent</t:EventType></t:EventTypes>"
            "<t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>");
    const auto events = [&](const std::string& watermark) {
        return "<m:GetEvents><m:SubscriptionId>" + subscribed.find("SubscriptionId")->text +
               "</m:SubscriptionId><m:Watermark>" + watermark + "</m:Watermark></m:GetEvents>";
    };
    const std::string first = subscribed.find("Watermark")->text;
    BOOST_TEST(ask(events(first)).find("StatusEvent") != nullptr);
    const Element moved =
        ask("<m:MoveItem><m:ToFolderId><t:FolderId Id=\"" + other + "\"/></m:ToFolderId><m:ItemIds><t:ItemId Id=\"" +
            id + "\"/></m:ItemIds></m:MoveItem>");
    BOOST_TEST(moved.find("ItemId")->attribute("Id") == sim.item_ids(other).at(0));
    BOOST_TEST(sim.count(folder) == 0u);
    const Element told = ask(events(first));
    BOOST_REQUIRE(told.find("MovedEvent"));
    BOOST_TEST(told.find("MovedEvent")->child("OldItemId").attribute("Id") == id);
    BOOST_TEST(told.find("MovedEvent")->child("ItemId").attribute("Id") == sim.item_ids(other).at(0));
    BOOST_TEST(code(events(first)) == "ErrorInvalidWatermark");
    BOOST_TEST(ask(events(told.find("MovedEvent")->word("Watermark"))).find("StatusEvent") != nullptr);
}

BOOST_AUTO_TEST_CASE(ids_zones_and_names_are_answered) {
    const std::string id = single("One", "2026-06-03");
    const auto convert = [&](const std::string& from, const std::string& given, const std::string& to) {
        return ask(
            "<m:ConvertId DestinationFormat=\"" + to + "\"><m:SourceIds><t:AlternateId Format=\"" + from + "\" Id=\"" +
            given + "\" Mailbox=\"anna@corp.example\"/></m:SourceIds></m:ConvertId>"
        );
    };
    const std::string hex = convert("EwsId", id, "HexEntryId").find("AlternateId")->attribute("Id");
    BOOST_TEST(convert("HexEntryId", hex, "EwsId").find("AlternateId")->attribute("Id") == id);
    BOOST_TEST(convert("StoreId", id, "EwsId").find("ResponseCode")->text == "ErrorUnsupportedTypeForConversion");
    const Element known =
        ask("<m:GetServerTimeZones><m:Ids><t:Id>Romance Standard "
            "Time</t:Id><t:Id>Nowhere</t:Id></m:Ids></m:GetServerTimeZones>");
    BOOST_TEST(known.find("TimeZoneDefinitions")->children.size() == 1u);
    const Element& rules = known.find("TransitionsGroup")->children.front();
    BOOST_TEST(
        rules.word("Month") + rules.word("DayOfWeek") + rules.word("Occurrence") + rules.word("TimeOffset") ==
        "3Sunday-1PT120M"
    );
    BOOST_TEST(known.find("Period")->attribute("Bias") == "-PT60M");
    BOOST_TEST(
        ask("<m:ResolveNames><m:UnresolvedEntry>anna</m:UnresolvedEntry></m:ResolveNames>")
            .find("EmailAddress")
            ->text == EwsSim::address()
    );
    BOOST_TEST(
        code("<m:ResolveNames><m:UnresolvedEntry>bob</m:UnresolvedEntry></m:ResolveNames>") ==
        "ErrorNameResolutionNoResults"
    );
}

BOOST_AUTO_TEST_CASE(busy_time_of_the_own_mailbox_is_in_the_zone_of_the_request) {
    const std::string calendar =
        ask("<m:GetFolder><m:FolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder>")
            .find("FolderId")
            ->attribute("Id");
    folder = calendar;
    series();
    const auto availability = [](const std::string& from, const std::string& until) {
        return "<m:GetUserAvailabilityRequest><t:TimeZone><t:Bias>-60</t:Bias><t:StandardTime><t:Bias>0</"
               "t:Bias><t:Time>03:00:00"
               "</t:Time><t:DayOrder>5</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></"
               "t:StandardTime>"
               "<t:DaylightTime><t:Bias>-60</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>3</"
               "t:Month>"
               "<t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></"
               "t:TimeZone><m:MailboxDataArray><t:MailboxData><t:Email>"
               "<t:Address>anna@corp.example</t:Address></t:Email></t:MailboxData></"
               "m:MailboxDataArray><t:FreeBusyViewOptions>"
               "<t:TimeWindow><t:StartTime>" +
               from + "</t:StartTime><t:EndTime>" + until +
               "</t:EndTime></t:TimeWindow></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>";
    };
    for (const auto& [from, until] :
         {std::pair{"2026-06-02T00:00:00", "2026-06-04T00:00:00"},
          {"2026-06-01T22:00:00.000Z", "2026-06-04T00:00:00+02:00"}}) {
        const Element root = ask(availability(from, until));
        BOOST_REQUIRE(root.find("CalendarEventArray"));
        const auto& events = root.find("CalendarEventArray")->children;
        BOOST_REQUIRE_EQUAL(events.size(), 2u);
        BOOST_TEST(events[0].word("StartTime") == "2026-06-02T09:00:00");
        BOOST_TEST(events[1].word("EndTime") == "2026-06-03T10:00:00");
        BOOST_TEST(root.find("MergedFreeBusy")->text.substr(17, 5) == "02200");
    }
}

BOOST_AUTO_TEST_CASE(paths_have_no_case_and_a_bearer_token_signs_in) {
    const std::string body =
        "<m:GetFolder><m:FolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder>";
    BOOST_TEST(post(body, "/ews/exchange.ASMX").status == 200);
    BOOST_TEST(post(body, "/ews/other.asmx").status == 404);
    for (const auto& [token, status] : {std::pair{EwsSim::token(), 200}, {std::string("other"), 401}}) {
        http::Request request;
        request.method = "POST";
        request.url = EwsSim::url();
        request.headers = {{"Authorization", "Bearer " + token}};
        request.body = "<Envelope><Body>" + body + "</Body></Envelope>";
        for (auto at = request.body.find(":"); at != std::string::npos; at = request.body.find(":", at))
            request.body.erase(at - 1, 2);
        BOOST_TEST(sim.send(request, {clock.steady() + std::chrono::minutes(1), {}})->status == status);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
