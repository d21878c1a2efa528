#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gateway/archive.hpp"
#include "gateway/caller.hpp"
#include "gateway/commands.hpp"
#include "gateway/keys.hpp"
#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// A gateway that serves, and the command line beside it, which knows its address and a key.
struct Serving : ApiStage {
    Serving() {
        const Json admin = {
            {"url", "http://127.0.0.1:" + std::to_string(port())}, {"token", authorization().substr(7)}};
        BOOST_REQUIRE(write_private_file(admin_file(beside.path()), admin.dump()));
    }
    int import(const std::string& source, bool apply, bool merge = false) const {
        ImportOptions options;
        options.source = source;
        options.apply = apply;
        options.merge = merge;
        return command_import(beside.path(), options);
    }
    void put(const std::string& id, const Json& body) const {
        const int status = call("PUT", "/v1/appointments/" + id, body).status;
        BOOST_REQUIRE_MESSAGE(status < 300, id);
    }
    bool is_empty() const {
        const Json all = call("GET", "/v1/export").json();
        return all["staff"].empty() && all["appointments"].empty() && all["changes"].empty();
    }

    ScratchFolder beside{};
};

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// A business with a past: moved, cancelled, renamed bookings, awkward texts, a capacity that was lowered since.
void fill(const Serving& stage, int count) {
    stage.add_staff("anna", 3);
    stage.add_staff("ben");
    const Json cut = {{"name", "Cut, \"wet\""}, {"staff", {"anna", "ben"}}, {"buffer_after_min", 10}};
    BOOST_REQUIRE(stage.call("PUT", "/v1/services/cut", cut).status == 201);
    for (int i = 0; i < count; ++i) {
        const std::string day = "2027-" + two_digits(1 + i / 200 % 12) + "-" + two_digits(1 + i / 8 % 25);
        const std::string hour = two_digits(8 + i % 8);
        Json one = booking(i % 2 ? "ben" : "anna", day + "T" + hour + ":00:00", day + "T" + hour + ":30:00");
        one.update({{"customer", "Zoë Ångström " + std::to_string(i % 17)}, {"notes", "one\ntwo; \"three\", =1+1"}});
        one["start"] = std::to_string(2027 + i / 2400) + one["start"].get<std::string>().substr(4);
        one["end"] = std::to_string(2027 + i / 2400) + one["end"].get<std::string>().substr(4);
        if (i % 3 == 0) one["service"] = "cut";
        const std::string id = "n" + std::to_string(100'000 + i);
        stage.put(id, one);
        if (i % 5 == 0) {
            one["title"] = "=HYPERLINK(\"http://elsewhere.example\")";
            stage.put(id, one);
        }
        if (i % 7 == 0) stage.call("DELETE", "/v1/appointments/" + id);
    }
    stage.put("x1", booking("anna", "2027-12-01T09:00:00", "2027-12-01T10:00:00"));
    stage.put("x2", booking("anna", "2027-12-01T09:30:00", "2027-12-01T10:30:00"));
    BOOST_REQUIRE(stage.call("PUT", "/v1/staff/anna", Json{{"name", "anna"}, {"zone", "Europe/Berlin"}}).status == 200);
}

std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// What an import brings back: all but what belongs to connections, and the manifest that has their hashes too.
std::vector<std::string> files_of_the_business(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("connections-") && name != "manifest.json") names.push_back(name);
    }
    return names;
}

void check_equal(const std::string& folder, const std::string& other) {
    const auto names = files_of_the_business(folder);
    BOOST_TEST(names.size() >= 15u);
    for (const std::string& name : names) {
        BOOST_TEST(!bytes_of(folder + "/" + name).empty(), name);
        BOOST_TEST((bytes_of(folder + "/" + name) == bytes_of(other + "/" + name)), name);
    }
}

struct Filled : Serving {
    explicit Filled(int count = 40) {
        fill(*this, count);
        BOOST_REQUIRE(command_export(beside.path(), target) == 0);
    }
    std::string target = beside.file("export");
};

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exchange)

BOOST_AUTO_TEST_CASE(I29_export_import_and_export_again_is_equal_to_the_byte) {
    const bool thorough = std::getenv("CALGATE_LONG") != nullptr;
    const Filled ours(thorough ? 10'000 : 120);
    Serving theirs;
    BOOST_TEST(theirs.import(ours.target, false) == 0);
    BOOST_TEST(theirs.is_empty());
    for (int round = 0; round < 2; ++round) BOOST_TEST(theirs.import(ours.target, true) == 0);
    BOOST_REQUIRE(command_export(theirs.beside.path(), theirs.beside.file("again")) == 0);
    check_equal(ours.target, theirs.beside.file("again"));
    const std::string asked = "/v1/availability?staff=anna,ben&from=2027-01-01T00:00:00Z&to=2027-01-20T00:00:00Z";
    const auto busy = [&](const Serving& stage) {
        const Json answer = stage.call("GET", asked).json();
        Json all = Json::array();
        for (const Json& person : answer.at("staff")) all.push_back(person.at("busy"));
        return all.dump();
    };
    BOOST_TEST(count_of(busy(ours), "start") > 10u);
    BOOST_TEST(busy(theirs) == busy(ours));
    theirs.reopen();
    BOOST_TEST(busy(theirs) == busy(ours));
}

BOOST_AUTO_TEST_CASE(I29_one_tar_holds_the_same) {
    const Filled ours;
    const std::string tar = ours.beside.file("all.tar");
    BOOST_REQUIRE(command_export(ours.beside.path(), tar) == 0);
    const std::string unpacked = ours.beside.file("unpacked");
    std::filesystem::create_directories(unpacked);
    BOOST_REQUIRE(std::system(("tar xf " + tar + " -C " + unpacked).c_str()) == 0);
    check_equal(ours.target, unpacked);
    Serving theirs;
    BOOST_TEST(theirs.import(tar, true) == 0);
    BOOST_TEST(theirs.call("GET", "/v1/export").body == ours.call("GET", "/v1/export").body);
    std::ofstream(tar, std::ios::binary | std::ios::trunc) << bytes_of(ours.target + "/staff.csv");
    BOOST_TEST(theirs.import(tar, false) == 1);
}

BOOST_AUTO_TEST_CASE(an_import_that_broke_off_is_run_again) {
    const Filled ours;
    const Json all = ours.call("GET", "/v1/export").json();
    Serving theirs;
    Json first = {{"format", 2}, {"changes", Json::array()}, {"staff", all["staff"]}};
    for (std::size_t i = 0; i < 10; ++i) first["changes"].push_back(all["changes"][i]);
    BOOST_REQUIRE(theirs.call("POST", "/v1/import?apply=true", first).status == 200);
    BOOST_TEST(theirs.import(ours.target, true) == 0);
    BOOST_TEST(theirs.call("GET", "/v1/export").body == ours.call("GET", "/v1/export").body);
    Json gap = {{"format", 2}, {"changes", {all["changes"].back()}}};
    gap["changes"][0]["sequence"] = all["changes"].size() + 2;
    BOOST_TEST(theirs.call("POST", "/v1/import?apply=true", gap).status == 400);
}

BOOST_AUTO_TEST_CASE(what_an_import_brings_is_copied_into_a_calendar_that_was_connected_meanwhile) {
    const Filled ours;
    ours.put("far", booking("ben", "2150-03-01T09:00:00", "2150-03-01T10:00:00"));
    const Json all = ours.call("GET", "/v1/export").json();
    Serving theirs;
    Json first = all;
    for (const char* list : {"versions", "appointments"}) first.erase(list);
    BOOST_REQUIRE(theirs.call("POST", "/v1/import?apply=true", first).status == 200);
    Calendar calendar{.id = {"cal"}, .account = {"acc"}, .staff = {"ben"}};
    calendar.mirror = true;
    theirs.gateway().store->write([&](Writer& writer) {
        writer.put(Account{.id = {"acc"}, .kind = "caldav", .url = "https://cal.example/"});
        writer.put(calendar);
    });
    BOOST_REQUIRE(theirs.call("POST", "/v1/import?apply=true", all).status == 200);
    const auto copy =
        read(*theirs.gateway().store, [&](const Reader& reader) { return reader.mirror({"far"}, {"cal"}); });
    BOOST_REQUIRE(copy.has_value());
    BOOST_TEST(copy->wanted == 1);
    BOOST_TEST(!copy->wanted_gone);
}

BOOST_AUTO_TEST_CASE(a_gateway_with_a_history_of_its_own_keeps_it_and_takes_bookings_in_when_asked) {
    const Filled ours;
    Serving theirs;
    theirs.add_staff("carla");
    theirs.put("own", booking("carla", "2027-01-01T09:00:00", "2027-01-01T10:00:00"));
    const auto before = theirs.call("GET", "/v1/export").body;
    BOOST_TEST(theirs.import(ours.target, true) == 1);
    BOOST_TEST(theirs.call("GET", "/v1/export").body == before);
    BOOST_TEST(theirs.import(ours.target, false, true) == 0);
    BOOST_TEST(theirs.call("GET", "/v1/export").body == before);
    // Two of them overlap beyond the capacity that anna has now.
    BOOST_TEST(theirs.import(ours.target, true, true) == 1);
    const Json after = theirs.call("GET", "/v1/export").json();
    BOOST_TEST(after["staff"].size() == 3u);
    BOOST_TEST(theirs.call("GET", "/v1/appointments/own").json()["revision"] == 1);
    BOOST_TEST(theirs.call("GET", "/v1/appointments/x1").status == 200);
    BOOST_TEST(theirs.call("GET", "/v1/appointments/x2").status == 404);
}

BOOST_AUTO_TEST_CASE(a_damaged_archive_is_refused_and_nothing_is_taken_in) {
    const Filled ours;
    Serving theirs;
    const std::string file = ours.target + "/appointments.jsonl";
    const std::string good = bytes_of(file);
    const auto refuses = [&](const std::string& bytes) {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
        return theirs.import(ours.target, true) == 1 && theirs.is_empty();
    };
    std::string changed = good;
    changed[changed.find("09:00")] = '1';
    BOOST_TEST(refuses(changed));
    BOOST_TEST(refuses(good.substr(0, good.size() / 2)));
    std::filesystem::remove(file);
    BOOST_TEST(theirs.import(ours.target, true) == 1);
    BOOST_TEST(theirs.is_empty());
    std::ofstream(file, std::ios::binary) << good;
    BOOST_TEST(theirs.import(ours.target, true) == 0);
    BOOST_TEST(!theirs.is_empty());
}

BOOST_AUTO_TEST_CASE(tables_are_safe_to_open_and_calendars_bring_their_zones) {
    const Filled ours;
    const std::string table = bytes_of(ours.target + "/appointments.csv");
    BOOST_TEST(table.starts_with("id,staff,service,start,end,zone,state,title,"));
    BOOST_TEST(table.find("\"'=HYPERLINK(\"\"http://elsewhere.example\"\")\"") != std::string::npos);
    BOOST_TEST(table.find(",=") == std::string::npos);
    const std::string calendar = bytes_of(ours.target + "/appointments.ics");
    BOOST_TEST(count_of(calendar, "BEGIN:VTIMEZONE") == 1u);
    BOOST_TEST(count_of(calendar, "TZID:Europe/Berlin") == 1u);
    BOOST_TEST(count_of(calendar, "BEGIN:VEVENT") == 42u);
    BOOST_TEST(count_of(bytes_of(ours.target + "/customers.jsonl"), "\n") == 17u);
    BOOST_TEST(bytes_of(ours.target + "/audit.jsonl").find("\"appointment.cancelled\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
