#include "store/erase.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/erasure_list.hpp"
#include "tests/gateway/api_stage.hpp"
#include "tests/sim/caldav_site.hpp"
#include "tests/sim/sim_world.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

const std::string kCustomer = "Quendolina Vexberger";
/// One in every field, found by none of the others' search.
const char* const kCanaries[] = {"Quendolina", "Canarytitle", "Canaryplace", "Canarynotes", "Canaryphone"};

/// A salon whose copies lie at iCloud (a simulator over HTTPS), showing all that they can.
struct EraseWorld {
    SystemClock clock{};
    ScratchFolder keys{};
    std::shared_ptr<CaldavSim> icloud{};
    SimWorld world{clock, {caldav_site("icloud", clock, &icloud)}, keys.path()};
    std::string place{};

    EraseWorld() {
        world.run([&](SimSites& all) { place = all.named("caldav-icloud")->person->make_calendar("Bookings"); });
    }
    Config config() const {
        Config out;
        out.ca_file = world.ca_file();
        out.connect_to = world.client_settings().connect_to;
        return out;
    }
    std::vector<SimPerson::Entry> events() {
        std::vector<SimPerson::Entry> found;
        world.run([&](SimSites& all) { found = all.named("caldav-icloud")->person->events(place); });
        return found;
    }
    void put(const std::string& event, const std::string& content) {
        world.run([&](SimSites& all) { all.named("caldav-icloud")->person->put(place, event, content); });
    }
};

std::string unfolded(std::string text) {
    for (const char* fold : {"\r\n ", "\n "}) {
        for (auto at = text.find(fold); at != std::string::npos; at = text.find(fold))
            text.erase(at, std::string(fold).size());
    }
    return text;
}

std::string value_of(const std::string& icalendar, const std::string& name) {
    const std::string text = unfolded(icalendar);
    const auto at = text.find("\n" + name + ":");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 2;
    return text.substr(from, text.find_first_of("\r\n", from) - from);
}

struct EraseStage : EraseWorld, ApiStage {
    std::string target{};

    EraseStage() : ApiStage({}, config()) {
        add_staff("anna");
        const auto account = call(
            "POST",
            "/v1/accounts",
            Json{
                {"kind", "icloud"},
                {"user", CaldavSim::credentials().user},
                {"password", CaldavSim::credentials().password}}
        );
        BOOST_REQUIRE_MESSAGE(account.status == 200, account.body);
        const Json found = account.json();
        for (const Json& calendar : found["calendars"]) {
            if (calendar["name"] != "Bookings") continue;
            const auto kept = call(
                "POST",
                "/v1/calendars",
                Json{
                    {"account", found["id"]},
                    {"href", calendar["href"]},
                    {"staff", "anna"},
                    {"name", "Bookings"},
                    {"mirror", true},
                    {"busy", true},
                    {"show", "title,place,notes"}}
            );
            BOOST_REQUIRE_MESSAGE(kept.status == 200, kept.body);
            target = kept.json()["id"];
        }
    }
    void book(const std::string& id, int hour, const std::string& customer, const std::string& notes) {
        Json wanted = booking("anna", at(hour), at(hour + 1));
        wanted["title"] = customer == kCustomer ? "Canarytitle" : "Cut";
        wanted["place"] = customer == kCustomer ? "Canaryplace 7" : "";
        wanted["customer"] = customer;
        wanted["notes"] = notes;
        const auto got = call("PUT", "/v1/appointments/" + id, wanted, {{"Idempotency-Key", key_of(id, notes)}});
        BOOST_REQUIRE_MESSAGE(got.status == 200 || got.status == 201, got.body);
    }
    static std::string key_of(const std::string& id, const std::string& notes) {
        return id + "-" + std::to_string(notes.size());
    }
    static std::string at(int hour) {
        return "2027-03-01T" + std::string(hour < 10 ? "0" : "") + std::to_string(hour) + ":00:00";
    }
    void sync() { call("POST", "/v1/calendars/" + target + "/sync"); }
    Json erase(bool apply) {
        return call("POST", "/v1/erasures", Json{{"customer", kCustomer}, {"apply", apply}}).json();
    }
    /// Goes on until it is done. @return how it stands.
    Json erase_whole() {
        Json erasure = erase(true)["erasure"];
        for (int i = 0; i < 5 && !erasure["done"].get<bool>(); ++i) {
            sync();
            erasure = call("POST", "/v1/erasures/run").json()["erasures"][0];
        }
        return erasure;
    }
    /// Where a canary is: files of the gateway, copies, exports.
    std::string found_in() {
        std::string where;
        const auto look = [&](const std::string& name, const std::string& text) {
            for (const char* canary : kCanaries)
                if (text.find(canary) != std::string::npos) where += " " + std::string(canary) + " in " + name + ";";
        };
        for (const auto& file : std::filesystem::recursive_directory_iterator(folder())) {
            std::ifstream in(file.path(), std::ios::binary);
            std::ostringstream bytes;
            bytes << in.rdbuf();
            look(file.path().filename().string(), bytes.str());
        }
        for (const auto& event : events()) {
            if (event.content.find("UID:own-event") == std::string::npos) look(event.event, unfolded(event.content));
            const std::string capsule = value_of(event.content, "X-CALGATE-CAPSULE");
            if (capsule.empty() || event.content.find("calgate marker") != std::string::npos) continue;
            const auto sealed = open_capsule(capsule, gateway().keys);
            if (sealed) look("the capsule of " + event.event, sealed->title + sealed->customer + sealed->notes);
        }
        look("the export", call("GET", "/v1/export").body);
        look("the feed", call("GET", "/v1/changes?after=0&limit=1000").body);
        look("the history", call("GET", "/v1/appointments/a/history").body);
        return where;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(erase, EraseStage)

BOOST_AUTO_TEST_CASE(I28_an_erased_customer_is_found_nowhere) {
    book("a", 9, kCustomer, "Canarynotes");
    book("a", 9, kCustomer, "Canarynotes again");
    book("b", 12, "Somebody else", "stays");
    book("c", 14, kCustomer, "");
    call("DELETE", "/v1/appointments/c");
    sync();
    put("",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VEVENT\r\nUID:own-event\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART:20270302T090000Z\r\nDTEND:20270302T100000Z\r\nSUMMARY:Call Quendolina Vexberger\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n");
    sync();
    for (const auto& event : events()) {  // Edited on the phone, and not read yet.
        const auto title = event.content.find("SUMMARY:Canarytitle");
        if (title == std::string::npos) continue;
        std::string edited = event.content;
        edited.replace(title, 19, "SUMMARY:Canarytitle Canaryphone");
        put(event.event, edited);
    }
    BOOST_TEST(found_in().find("Canaryphone in") != std::string::npos);
    const std::string before = call("GET", "/v1/appointments/b").body;

    const Json dry = erase(false);
    BOOST_TEST(dry["appointments"] == 2);
    BOOST_TEST(dry["copies"] == 1);
    BOOST_TEST(dry["foreign"].size() == 1u);
    BOOST_TEST(dry["erasure"].is_null());
    BOOST_TEST(found_in().find("the export") != std::string::npos);

    const Json erasure = erase_whole();
    BOOST_TEST(erasure["done"] == true, erasure.dump());
    BOOST_TEST(erasure["waiting"].empty());
    BOOST_TEST(found_in() == "");
    const Json now = call("GET", "/v1/appointments/a").json();
    BOOST_TEST(now["title"] == "Busy");
    BOOST_TEST(now["start"] == at(9));
    BOOST_TEST(now["state"] == "confirmed");
    BOOST_TEST(call("GET", "/v1/appointments/b").body == before);
    BOOST_TEST(read(*gateway().store, [](const Reader& r) { return r.check_audit(); }).findings.empty());
    // A retry of what was booked then brings nothing back.
    Json again = booking("anna", at(9), at(10));
    again.update(
        {{"title", "Canarytitle"}, {"place", "Canaryplace 7"}, {"customer", kCustomer}, {"notes", "Canarynotes"}}
    );
    const auto repeated = call("PUT", "/v1/appointments/a", again, {{"Idempotency-Key", key_of("a", "Canarynotes")}});
    BOOST_TEST(repeated.body.find("Canary") == std::string::npos, repeated.body);
    sync();
    BOOST_TEST(found_in() == "");
    reopen();
    BOOST_TEST(found_in() == "");
}

BOOST_AUTO_TEST_CASE(I28_an_erasure_that_broke_off_goes_on) {
    for (int i = 0; i < 3; ++i)
        call(
            "PUT",
            "/v1/appointments/a" + std::to_string(i),
            Json{
                {"staff", "anna"},
                {"start", at(9 + i)},
                {"end", at(10 + i)},
                {"zone", "Europe/Berlin"},
                {"customer", kCustomer}}
        );
    const std::string name = erased_name(kCustomer, gateway().keys.recovery_key);
    gateway().store->write([&](Writer& writer) { begin_erasure(writer, name, SystemClock{}.now(), "cli"); });
    reopen();  // Nothing was erased before the process died; nobody says the name again.
    BOOST_TEST(std::filesystem::exists(erasure_file(gateway().directory)));
    Json list;
    // iCloud takes a few calls a second.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while ((list.empty() || !list[0]["done"].get<bool>()) && std::chrono::steady_clock::now() < deadline) {
        sync();
        list = call("POST", "/v1/erasures/run").json()["erasures"];
    }
    BOOST_REQUIRE(list.size() == 1u);
    BOOST_TEST(list[0]["done"] == true, list.dump());
    BOOST_TEST(found_in() == "");
}

BOOST_AUTO_TEST_CASE(I28_an_old_backup_and_an_old_export_do_not_bring_the_name_back) {
    book("a", 9, kCustomer, "Canarynotes");
    sync();
    const Json all = call("GET", "/v1/export").json();
    const ScratchFolder backup;
    reopen();  // Closed in between, so that the file is whole.
    std::filesystem::copy_file(gateway().directory + "/calgate.db", backup.file("calgate.db"));
    if (std::filesystem::exists(gateway().directory + "/calgate.db-wal"))
        std::filesystem::copy_file(gateway().directory + "/calgate.db-wal", backup.file("calgate.db-wal"));
    BOOST_REQUIRE(erase_whole()["done"] == true);
    BOOST_REQUIRE(found_in() == "");

    const Json document = {{"format", 2}, {"appointments", all["appointments"]}};
    const auto imported = call("POST", "/v1/import?merge=true&apply=true", document);
    BOOST_TEST(imported.status == 200, imported.body);
    BOOST_TEST(found_in() == "");

    const std::string data = gateway().directory;
    reopen([&] {
        for (const char* file : {"calgate.db", "calgate.db-wal", "calgate.db-shm"})
            std::filesystem::remove(data + "/" + file);
        for (const char* file : {"calgate.db", "calgate.db-wal"})
            if (std::filesystem::exists(backup.file(file)))
                std::filesystem::copy_file(backup.file(file), data + "/" + file);
    });
    BOOST_REQUIRE(found_in().find("calgate.db") != std::string::npos);
    call("POST", "/v1/erasures/run");
    sync();
    call("POST", "/v1/erasures/run");
    BOOST_TEST(found_in() == "");
}

BOOST_AUTO_TEST_SUITE_END()
