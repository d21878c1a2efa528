#include "tests/conformance/samples.hpp"

#include "core/result.hpp"

namespace calgate::testing {

namespace {

LocalSeconds local_of(const std::string& text) {
    const auto local = parse_local(text);
    CALGATE_ASSERT(local.has_value());
    return *local;
}

std::string with_crlf(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
    return out;
}

}  // namespace

When berlin(const std::string& local) { return {When::Kind::Zoned, local_of(local), "Europe/Berlin"}; }
When utc(const std::string& local) { return {When::Kind::Utc, local_of(local), {}}; }
When whole_day(const std::string& date) { return {When::Kind::Date, local_of(date), {}}; }

Event haircut(const Uid& uid) {
    Event event;
    event.uid = uid;
    event.master.start = berlin("2026-06-10T09:00:00");
    event.master.end = berlin("2026-06-10T10:00:00");
    event.master.title = "Haircut";
    event.master.place = "Main Street 1";
    event.master.notes = "Asked for Anna";
    return event;
}

std::string foreign_text(const Uid& uid, const std::string& inside) {
    return with_crlf(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Another Program//EN\nBEGIN:VEVENT\nUID:" + uid.value +
        "\nDTSTAMP:20260101T080000Z\n" + inside + "END:VEVENT\nEND:VCALENDAR\n"
    );
}

std::string decorated_text(const Uid& uid) {
    return foreign_text(
        uid,
        "DTSTART:20260610T070000Z\nDTEND:20260610T080000Z\nSUMMARY;LANGUAGE=en:Team meeting\nCATEGORIES:WORK\n"
        "X-LAUNDRY;X-COLOUR=blue:two shirts\nURL:https://intranet.example/meeting\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Reminder\nTRIGGER:-PT15M\nEND:VALARM\n"
    );
}

std::string oversized_text(const Uid& uid) {
    std::string notes = "DESCRIPTION:";
    for (int line = 0; line < 5000; ++line) notes += "sixty letters that mean nothing at all and repeat themselves\n ";
    return foreign_text(
        uid, "DTSTART:20260611T070000Z\nDTEND:20260611T080000Z\nSUMMARY:Much too long\n" + notes + "end\n"
    );
}

}  // namespace calgate::testing
