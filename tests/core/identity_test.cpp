#include "core/identity.hpp"

#include <zlib.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <set>
#include <vector>

#include "core/time.hpp"

using namespace calgate;
namespace bdata = boost::unit_test::data;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

const Keys kKeys{std::string(32, 'm'), std::string(32, 'r')};
const std::string kVaultKey(32, 'v');
const std::string kNonce(12, 'n');
const std::string kNoText;

std::string from_hex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}

Appointment haircut() {
    Appointment a;
    a.id.value = "order/17 – Zürich";
    a.staff.value = "anna";
    a.service.value = "cut";
    a.start = parse_local("2026-03-29T09:00:00").value();
    a.end = parse_local("2026-03-29T09:45:00").value();
    a.zone = "Europe/Zurich";
    a.state = AppointmentState::Confirmed;
    a.title = "Cut";
    a.place = "Room 1";
    a.customer = "M. Muster, +41 00 000 00 00";
    a.notes = "first\nsecond \"quoted\" \xF0\x9F\x92\x87";
    a.provisional = true;
    a.revision = 9'000'000'000;
    a.created = parse_instant("2026-02-01T08:00:00Z").value();
    a.changed = parse_instant("2026-02-02T09:30:01Z").value();
    return a;
}

std::string deflated(const std::string& plain) {
    uLongf size = compressBound(static_cast<uLong>(plain.size()));
    std::string out(size, '\0');
    BOOST_REQUIRE(
        compress(
            reinterpret_cast<Bytef*>(out.data()),
            &size,
            reinterpret_cast<const Bytef*>(plain.data()),
            static_cast<uLong>(plain.size())
        ) == Z_OK
    );
    out.resize(size);
    return out;
}

/// A capsule with any content, sealed with the right key.
std::string capsule_of(const std::string& content) {
    return base64url(seal_secret(deflated(content), kKeys.recovery_key, "calgate capsule 1", kNonce));
}

std::string flipped(std::string text, std::size_t at) {
    text[at] = static_cast<char>(text[at] ^ 1);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hashes_and_text)

BOOST_AUTO_TEST_CASE(sha256_is_that_of_the_standard) {
    BOOST_TEST(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_CASE(base64url_is_that_of_rfc_4648_without_padding) {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff", "-_8"},
    };
    for (const auto& [plain, text] : rows) {
        BOOST_TEST(base64url(plain) == text);
        BOOST_TEST(from_base64url(text).value() == plain);
    }
}

BOOST_DATA_TEST_CASE(
    text_that_is_no_base64url_is_refused, bdata::make({"A", "Zh", "Zg==", "Z g", "Zg\n", "+/8", "Zm9vY"}), text
) {
    BOOST_TEST(!from_base64url(text).has_value());
}

BOOST_AUTO_TEST_CASE(constant_time_comparison_compares) {
    BOOST_TEST(equal_in_constant_time("same", "same"));
    BOOST_TEST(equal_in_constant_time("", ""));
    BOOST_TEST(!equal_in_constant_time("same", "samf"));
    BOOST_TEST(!equal_in_constant_time("same", "same "));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(copy_names)

BOOST_AUTO_TEST_CASE(the_name_is_pinned) {
    // Computed apart from this code; a change here loses every copy that exists.
    BOOST_TEST(
        copy_name("b1", {"appt-1"}, {"cal-1"}, 1).value == "s2t3mod87b9osdagivluihi06kghu6k8s3upl7g6tdff2g95gcj0"
    );
}

BOOST_AUTO_TEST_CASE(every_part_counts_and_so_does_where_it_ends) {
    std::set<std::string> names;
    for (const char* business : {"b", "ba"}) {
        for (const char* appointment : {"x", "ax", "a"}) {
            for (const char* calendar : {"c", "xc", ""}) {
                for (const int generation : {1, 2, 11})
                    names.insert(copy_name(business, {appointment}, {calendar}, generation).value);
            }
        }
    }
    BOOST_TEST(names.size() == 2u * 3 * 3 * 3);
    for (const auto& name : names) {
        BOOST_TEST(name.size() == 52u);
        BOOST_TEST(name.find_first_not_of("0123456789abcdefghijklmnopqrstuv") == std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(marks)

const Mark kMark{"epoch-1", "business", {"order/17 – Zürich."}, 3, 9'000'000'000};

BOOST_AUTO_TEST_CASE(a_mark_reads_back_and_uses_only_safe_characters) {
    const std::string text = write_mark(kMark, kKeys);
    BOOST_TEST((read_mark(text, kKeys) == kMark));
    BOOST_TEST(
        text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") ==
        std::string::npos
    );
    const Mark bare{"", "", {""}, 0, 0};
    BOOST_TEST((read_mark(write_mark(bare, kKeys), kKeys) == bare));
}

BOOST_AUTO_TEST_CASE(no_changed_byte_passes) {
    const std::string text = write_mark(kMark, kKeys);
    for (std::size_t i = 0; i < text.size(); ++i) BOOST_TEST(!read_mark(flipped(text, i), kKeys).has_value());
    for (std::size_t i = 0; i < text.size(); ++i) BOOST_TEST(!read_mark(text.substr(0, i), kKeys).has_value());
    BOOST_TEST(!read_mark(text + "A", kKeys).has_value());
    BOOST_TEST(!read_mark(text + ".", kKeys).has_value());
}

BOOST_AUTO_TEST_CASE(another_key_or_another_text_is_no_mark) {
    Keys other = kKeys;
    other.mark_key = std::string(32, 'x');
    BOOST_TEST(!read_mark(write_mark(kMark, other), kKeys).has_value());
    for (const char* text : {"", ".", "......", "cg1......", "cg1.a.b.c.1.1.", "a person's own words"}) {
        BOOST_TEST(!read_mark(text, kKeys).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sealed_secrets)

BOOST_AUTO_TEST_CASE(sealing_is_aes_256_gcm) {
    // Test case 16 of the GCM specification (McGrew, Viega).
    const std::string key = from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    const std::string nonce = from_hex("cafebabefacedbaddecaf888");
    const std::string plain = from_hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de6"
        "57ba637b39"
    );
    const std::string bound_to = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const std::string expected = std::string(1, '\1') + nonce +
                                 from_hex(
                                     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da"
                                     "7b08b1056828838c5f61e6393ba7a0abcc9f662"
                                     "76fc6ece0f4e1768cddf8853bb2d551b"
                                 );
    BOOST_TEST((seal_secret(plain, key, bound_to, nonce) == expected));
    BOOST_TEST((open_secret(expected, key, bound_to).value() == plain));
}

BOOST_AUTO_TEST_CASE(nothing_and_much_come_back) {
    for (const std::size_t size : {0u, 1u, 15u, 16u, 100'000u}) {
        const std::string plain(size, 'p');
        BOOST_TEST((open_secret(seal_secret(plain, kVaultKey, "", kNonce), kVaultKey, "").value() == plain));
    }
}

BOOST_AUTO_TEST_CASE(no_change_and_no_other_key_or_binding_opens) {
    const std::string sealed = seal_secret("password", kVaultKey, "account 1", kNonce);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        BOOST_TEST(!open_secret(flipped(sealed, i), kVaultKey, "account 1").has_value());
        BOOST_TEST(!open_secret(sealed.substr(0, i), kVaultKey, "account 1").has_value());
    }
    BOOST_TEST(!open_secret(sealed, kVaultKey, "account 2").has_value());
    BOOST_TEST(!open_secret(sealed, "short key", "account 1").has_value());
    const auto refused = open_secret(sealed, kKeys.recovery_key, "account 1");
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == ErrorCode::Rejected));
    BOOST_TEST(refused.error().detail.find("password") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(capsules)

BOOST_AUTO_TEST_CASE(the_whole_appointment_comes_back) {
    for (const auto state : {AppointmentState::Held, AppointmentState::Confirmed, AppointmentState::Cancelled}) {
        Appointment a = haircut();
        a.state = state;
        BOOST_TEST((open_capsule(seal_capsule(a, kKeys, kNonce), kKeys).value() == a));
    }
    const Appointment bare;
    BOOST_TEST((open_capsule(seal_capsule(bare, kKeys, kNonce), kKeys).value() == bare));
}

BOOST_AUTO_TEST_CASE(notes_as_long_as_a_calendar_object_come_back) {
    Appointment a = haircut();
    for (int i = 0; a.notes.size() < 1024 * 1024; ++i) a.notes += sha256_hex(std::to_string(i));
    BOOST_TEST((open_capsule(seal_capsule(a, kKeys, kNonce), kKeys).value() == a));
}

BOOST_AUTO_TEST_CASE(it_hides_what_it_holds) {
    const std::string capsule = seal_capsule(haircut(), kKeys, kNonce);
    BOOST_TEST(from_base64url(capsule).value().find("Muster") == std::string::npos);
    BOOST_TEST(seal_capsule(haircut(), kKeys, std::string(12, 'o')) != capsule);
}

BOOST_AUTO_TEST_CASE(a_changed_capsule_and_a_wrong_key_are_refused_with_a_sentence) {
    const std::string capsule = seal_capsule(haircut(), kKeys, kNonce);
    Keys other = kKeys;
    other.recovery_key = std::string(32, 'x');
    for (const auto& opened :
         {open_capsule(capsule, other),
          open_capsule(flipped(capsule, 40), kKeys),
          open_capsule("", kKeys),
          open_capsule("%", kKeys)}) {
        BOOST_REQUIRE(!opened.has_value());
        BOOST_TEST((opened.error().code == ErrorCode::Rejected));
        BOOST_TEST(opened.error().detail.ends_with('.'));
    }
}

BOOST_AUTO_TEST_CASE(content_that_is_no_appointment_is_refused) {
    const std::string state_of_text =
        "\xa1"
        "estate"
        "\x63"
        "abc";
    const std::string text_too_long = "\xa1\x61v\x7b\xff\xff\xff\xff\xff\xff\xff\xff";
    const std::vector<std::string> contents{
        kNoText, "\xff", "\xa0", "\x01", "\xa1\x61v", "\xa1\x19", state_of_text, text_too_long};
    for (const std::string& content : contents) {
        const auto opened = open_capsule(capsule_of(content), kKeys);
        BOOST_REQUIRE(!opened.has_value());
        BOOST_TEST((opened.error().code == ErrorCode::Rejected));
    }
}

BOOST_AUTO_TEST_CASE(content_nested_without_end_is_refused) {
    // Arrays, maps, and texts and bytes of indefinite length, each inside the one before.
    for (const char nest : {'\x81', '\xa1', '\x9f', '\xbf', '\x7f', '\x5f', '\xc1'}) {
        const std::string deep(1'000'000, nest);
        BOOST_TEST(!open_capsule(capsule_of(deep), kKeys).has_value());
        BOOST_TEST(!open_capsule(capsule_of("\xa1\x61v" + deep), kKeys).has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_capsule_that_inflates_beyond_the_bound_is_refused) {
    // A good appointment but for its size, so that only the bound can refuse it.
    Appointment a = haircut();
    a.notes = std::string(16 * 1024 * 1024, 'x');
    const std::string bomb = seal_capsule(a, kKeys, kNonce);
    BOOST_TEST(bomb.size() < 64u * 1024);
    BOOST_TEST(!open_capsule(bomb, kKeys).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(copies)

struct DetailRow {
    const char* name;
    CopyDetail detail;
    const char* title;
    const char* place;
    std::string notes;
    Classification classification;
};
std::ostream& operator<<(std::ostream& out, const DetailRow& row) { return out << row.name; }

const std::vector<DetailRow> kDetails{
    {"busy", CopyDetail::kBusy, "Busy", "", "", Classification::Private},
    {"title", CopyDetail::kTitle, "Cut", "", "", Classification::Public},
    {"full", CopyDetail::kFull, "Cut", "Room 1", haircut().notes, Classification::Public},
};

BOOST_AUTO_TEST_CASE(a_copy_is_built_on_what_the_service_said_last) {
    Mirror mirror;
    const auto source = [&] {
        return copy_event(haircut(), mirror, {}, Business{.id = "b1", .epoch = "e1"}, kKeys, kNonce, zones()).source;
    };
    mirror.remote_text = "as fetched";
    BOOST_TEST(source() == "as fetched");
    mirror.written_text = "as answered to a write";
    BOOST_TEST(source() == "as answered to a write");
    mirror.forget_texts();
    BOOST_TEST(source().empty());
}

BOOST_DATA_TEST_CASE(a_copy_shows_what_its_target_may_and_seals_the_rest, bdata::make(kDetails), row) {
    const Business business{.id = "b1", .name = "", .zone = "Europe/Zurich", .epoch = "e1"};
    Mirror mirror;
    mirror.generation = 2;
    mirror.uid.value = "name";
    mirror.remote_text = "BEGIN:VCALENDAR";
    Calendar calendar;
    calendar.copy_detail = row.detail;
    const Appointment a = haircut();
    const Event event = copy_event(a, mirror, calendar, business, kKeys, kNonce, zones());

    BOOST_TEST((event.master.start == When{When::Kind::Zoned, a.start, a.zone}));
    BOOST_TEST((event.master.end == When{When::Kind::Zoned, a.end, a.zone}));
    BOOST_TEST(event.master.title == row.title);
    BOOST_TEST(event.master.place == row.place);
    BOOST_TEST(event.master.notes == row.notes);
    BOOST_TEST((event.master.classification == row.classification));
    BOOST_TEST((event.master.transparency == Transparency::Opaque));
    BOOST_TEST((event.master.status == EventStatus::Confirmed));
    BOOST_TEST((event.uid == mirror.uid));
    BOOST_TEST(event.source == mirror.remote_text);
    BOOST_TEST((read_mark(event.mark, kKeys) == Mark{"e1", "b1", a.id, 2, a.revision}));
    BOOST_TEST((open_capsule(event.capsule, kKeys).value() == a));
    BOOST_TEST((shown_of(event) == shown_on(a, row.detail, zones())));
    for (const std::string& text : {event.master.title, event.master.place, event.master.notes, event.mark}) {
        BOOST_TEST(text.find("Muster") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(cancelled_is_seen_on_both_sides) {
    Appointment a = haircut();
    BOOST_TEST(!shown_on(a, CopyDetail::kFull, zones()).cancelled);
    a.state = AppointmentState::Cancelled;
    BOOST_TEST(shown_on(a, CopyDetail::kFull, zones()).cancelled);
    Event event;
    BOOST_TEST(!shown_of(event).cancelled);
    event.master.status = EventStatus::Cancelled;
    BOOST_TEST(shown_of(event).cancelled);
}

BOOST_AUTO_TEST_CASE(times_are_shown_in_the_terms_the_service_used) {
    Event event;
    event.master.start = {When::Kind::Utc, parse_local("2026-03-29T07:00:00").value(), ""};
    event.master.end = {When::Kind::Date, parse_local("2026-03-30").value(), ""};
    BOOST_TEST((shown_of(event).start == event.master.start));
    BOOST_TEST((shown_of(event).end == event.master.end));
}

BOOST_AUTO_TEST_SUITE_END()
