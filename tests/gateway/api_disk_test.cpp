#include <sqlite3.h>

#include <boost/test/unit_test.hpp>

#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// The faulty disk is SQLite's own as long as this lives, so that the whole gateway runs on it.
struct FaultyDisk {
    FaultVfs vfs{"gateway-disk"};
    sqlite3_vfs* before = sqlite3_vfs_find(nullptr);
    FaultyDisk() { sqlite3_vfs_register(sqlite3_vfs_find(vfs.name().c_str()), 1); }
    ~FaultyDisk() { sqlite3_vfs_register(before, 1); }
};

struct DiskStage : FaultyDisk, ApiStage {
    DiskStage() { add_staff("anna"); }
    int book(const std::string& id, int hour) {
        const std::string at = "2027-03-01T" + std::to_string(hour);
        last = call("PUT", "/v1/appointments/" + id, booking("anna", at + ":00:00", at + ":30:00"));
        return last.status;
    }
    std::size_t busy() const {
        return call("GET", "/v1/availability?staff=anna&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z")
            .json()["staff"][0]["busy"]
            .size();
    }
    Answer last{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(api_disk, DiskStage)

BOOST_AUTO_TEST_CASE(F30_on_a_full_disk_bookings_wait_and_availability_is_served) {
    BOOST_REQUIRE(book("a", 10) == 201);
    vfs.fail_write(1, true);
    BOOST_TEST(book("b", 11) == 503);
    BOOST_TEST(last.header("retry-after") != "");
    BOOST_TEST(last.detail().ends_with("."));
    BOOST_TEST(busy() == 1u);
    BOOST_TEST(call("GET", "/v1/appointments/b").status == 404);
    BOOST_TEST(call("GET", "/live").status == 200);
    vfs.disarm();
    BOOST_TEST(book("b", 11) == 201);
    BOOST_TEST(busy() == 2u);
    reopen();
    BOOST_TEST(call("GET", "/v1/appointments").json()["appointments"].size() == 2u);
    BOOST_TEST(busy() == 2u);
}

BOOST_AUTO_TEST_CASE(I4_after_a_failed_sync_nothing_is_acknowledged_until_a_restart) {
    BOOST_REQUIRE(book("a", 10) == 201);
    vfs.fail_sync(1);
    BOOST_TEST(book("b", 11) == 503);
    BOOST_TEST(book("c", 12) == 503);
    BOOST_TEST(last.header("retry-after") != "");
    const auto ready = call("GET", "/ready");
    BOOST_TEST(ready.status == 503);
    BOOST_TEST(ready.detail().find("disk") != std::string::npos);
    BOOST_TEST(busy() == 1u);
    vfs.disarm();
    reopen();
    BOOST_TEST(call("GET", "/ready").status == 200);
    BOOST_TEST(call("GET", "/v1/appointments/a").status == 200);
    BOOST_TEST(call("GET", "/v1/appointments/c").status == 404);
    BOOST_TEST(book("c", 12) == 201);
}

BOOST_AUTO_TEST_SUITE_END()
