#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

using Kind = SimFault::Kind;

SimFault answered(int status, const std::string& body, const std::string& method = {}) {
    SimFault made;
    made.kind = Kind::Refusal;
    made.status = status;
    made.body = body;
    made.method = method;
    made.times = -1;
    return made;
}

/// What comes under 200 and is no answer of a calendar service.
std::vector<std::string> garbage() {
    return {
        "",
        "<!DOCTYPE html><html><title>Sign in to the hotel</title></html>",
        R"({"error":{"code":500,"message":"Backend Error","errors":[{"reason":"backendError"}]}})",
        "[]",
        "null",
        "7",
        R"("OK")",
        R"({"items":7,"value":7})",
        R"({"items":{},"value":{},"id":{}})",
        R"({"items":[],"value":[],"id":7})",
        R"({"items":[{"id":"a","status":"confirmed"},{"id")",
        R"({"value":[{"id":"a","subject":"b"},)",
        std::string(200'000, '['),
        R"({"items":)" + std::string(5'000, '[') + std::string(5'000, ']') + R"(,"value":[]})",
        std::string("\x1f\x8b\x08\0\0", 5),
    };
}

/// While the fault lasts, so that whatever a connector tries after it meets the same.
template <class Outcome>
Outcome during(Stage& stage, const SimFault& fault, const std::function<Outcome()>& call) {
    stage.subject.fail_next(fault);
    Outcome outcome = call();
    stage.subject.clear_faults();
    return outcome;
}

Result<WriteReceipt> create_during(Stage& stage, const SimFault& fault, const Event& event) {
    return during<Result<WriteReceipt>>(stage, fault, [&] {
        return stage.connector.create_event(stage.context(), stage.calendar, event);
    });
}

Result<WriteReceipt> update_during(Stage& stage, const SimFault& fault, const RemoteEvent& read) {
    Event edited = read.event;
    edited.master.title = "Colouring";
    return during<Result<WriteReceipt>>(stage, fault, [&] {
        return stage.connector.update_event(stage.context(), read.href, *read.version, edited);
    });
}

Status delete_during(Stage& stage, const SimFault& fault, const RemoteEvent& read) {
    return during<Status>(stage, fault, [&] {
        return stage.connector.delete_event(stage.context(), read.href, *read.version);
    });
}

void garbage_is_no_list(Stage& stage) {
    const Href href = stage.create(haircut(stage.uid("a"))).href;
    const Pulled first = stage.pull();
    stage.create(haircut(stage.uid("b")));
    for (const std::string& body : garbage()) {
        for (const auto& since : {std::optional<SyncToken>{}, first.token}) {
            const auto page = during<Result<ChangeSet>>(stage, answered(200, body), [&] {
                return stage.connector.fetch_changes(stage.context(), stage.calendar, since, {});
            });
            CALGATE_EXPECT_ERROR(page, ErrorCode::InvalidResponse);
        }
        const auto read = during<Result<RemoteEvent>>(stage, answered(200, body), [&] {
            return stage.connector.fetch_event(stage.context(), href);
        });
        CALGATE_EXPECT_ERROR(read, ErrorCode::InvalidResponse);
        const auto calendars = during<Result<std::vector<RemoteCalendar>>>(stage, answered(200, body), [&] {
            return stage.connector.list_calendars(stage.context());
        });
        CALGATE_EXPECT(!calendars || calendars->empty());  // {"items":[]} is a list without calendars.
    }
    CALGATE_EXPECT(stage.count() == 2);
}

void garbage_is_no_write(Stage& stage) {
    const RemoteEvent read = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    for (const std::string& body : garbage()) {
        const auto created = create_during(stage, answered(200, body, "POST"), haircut(stage.uid("b")));
        CALGATE_EXPECT_ERROR(created, ErrorCode::InvalidResponse);
        const auto updated = update_during(stage, answered(200, body, "PATCH"), read);
        CALGATE_EXPECT_ERROR(updated, ErrorCode::InvalidResponse);
        if (body.empty()) continue;  // As a deletion may be answered.
        CALGATE_EXPECT_ERROR(delete_during(stage, answered(200, body, "DELETE"), read), ErrorCode::InvalidResponse);
    }
    CALGATE_EXPECT(stage.count() == 1 && stage.version_of(read.href) == read.version);
}

/// A write that was done and whose answer cannot be read is not known to have failed.
void done_but_unreadable(Stage& stage) {
    for (const Kind kind : {Kind::TruncatedXml, Kind::ResetMidBody, Kind::LostAnswer}) {
        const Event event = haircut(stage.uid("cut-" + std::to_string(static_cast<int>(kind))));
        SimFault cut = answered(200, {}, "POST");
        cut.kind = kind;
        cut.times = 1;
        const auto created = create_during(stage, cut, event);
        CALGATE_EXPECT(!created);
        CALGATE_EXPECT(
            created.error().code == ErrorCode::InvalidResponse || created.error().code == ErrorCode::Timeout
        );
        CALGATE_EXPECT_ERROR(
            stage.connector.create_event(stage.context(), stage.calendar, event), ErrorCode::AlreadyExists
        );
        CALGATE_EXPECT_SUCCESS(stage.connector.find_event(stage.context(), stage.calendar, event.uid));
    }
    CALGATE_EXPECT(stage.count() == 3);
}

struct StatusRow {
    int status;
    ErrorCode write, read;
};
constexpr StatusRow kStatuses[] = {
    {301, ErrorCode::InvalidResponse, ErrorCode::InvalidResponse},
    {302, ErrorCode::InvalidResponse, ErrorCode::InvalidResponse},
    {307, ErrorCode::InvalidResponse, ErrorCode::InvalidResponse},
    {308, ErrorCode::InvalidResponse, ErrorCode::InvalidResponse},
    {404, ErrorCode::InvalidResponse, ErrorCode::InvalidResponse},  // A proxy's: it says nothing is gone.
    {500, ErrorCode::Timeout, ErrorCode::Unavailable},
    {502, ErrorCode::Timeout, ErrorCode::Unavailable},
    {503, ErrorCode::Unavailable, ErrorCode::Unavailable},
    {504, ErrorCode::Timeout, ErrorCode::Unavailable},
    {507, ErrorCode::QuotaExceeded, ErrorCode::Unavailable},
};

void bare_statuses(Stage& stage) {
    const RemoteEvent read = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    const Pulled first = stage.pull();
    for (const StatusRow& row : kStatuses) {
        for (const char* body : {"", "<html><body>Not ours</body></html>"}) {
            const auto with = [&](const char* method) { return answered(row.status, body, method); };
            const auto created = create_during(stage, with("POST"), haircut(stage.uid("b")));
            CALGATE_EXPECT_ERROR(created, row.write);
            CALGATE_EXPECT_ERROR(update_during(stage, with("PATCH"), read), row.write);
            CALGATE_EXPECT_ERROR(delete_during(stage, with("DELETE"), read), row.write);
            for (const auto& since : {std::optional<SyncToken>{}, first.token}) {
                const auto page = during<Result<ChangeSet>>(stage, with("GET"), [&] {
                    return stage.connector.fetch_changes(stage.context(), stage.calendar, since, {});
                });
                CALGATE_EXPECT_ERROR(page, row.read);
            }
        }
    }
    CALGATE_EXPECT(stage.count() == 1 && stage.version_of(read.href) == read.version);
}

}  // namespace

std::vector<Row> answer_rows() {
    return {
        {"garbage_is_never_a_list", &Features::json, garbage_is_no_list},
        {"garbage_is_never_a_write", &Features::json, garbage_is_no_write},
        {"a_create_whose_answer_cannot_be_read_leaves_one", &Features::json, done_but_unreadable},
        {"a_bare_status_says_no_more_than_it_does", &Features::json, bare_statuses},
    };
}

}  // namespace calgate::testing
