#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <ostream>

#include "gateway/config.hpp"
#include "tests/support/fault_vfs.hpp"

namespace calgate {
namespace {

const std::string kHead = "[gateway]\nname = \"Salon\"\nzone = \"Europe/Berlin\"\n";

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

struct Row {
    const char* name;
    std::string text;  ///< After kHead, which has three lines.
    const char* says;
    const char* remedy;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

// clang-format off
const Row kRefused[] = {
    {"secret_of_google",    "[google]\nclient_id = \"a\"\nclient_secret = \"s\"\n",    "calgate.toml:6: client_secret does not belong", "client_secret_file"},
    {"secret_of_microsoft", "[microsoft]\nclient_id = \"a\"\nclient_secret = \"s\"\n", "calgate.toml:6: client_secret does not belong", "chmod 600"},
    {"certificate_inside",  "[microsoft]\ncertificate = \"-----BEGIN\"\n",             "calgate.toml:5: certificate does not belong",   "certificate_file"},
    {"secret_without_id",   "[google]\nclient_secret_file = \"f\"\n",                  "calgate.toml:5: there is no client_id",         "registration"},
    {"two_proofs",          "[microsoft]\nclient_id = \"a\"\nclient_secret_file = \"f\"\ncertificate_file = \"g\"\n", "calgate.toml:7: there are", "keep one"},
    {"tenant_as_path",      "[microsoft]\ntenant = \"a/b\"\n",                         "calgate.toml:5: tenant is none",                "domain"},
    {"no_such_cloud",       "[microsoft]\ncloud = \"germany\"\n",                      "calgate.toml:5: cloud is none of Microsoft's",  "us-government"},
    {"tenant_of_google",    "[google]\ntenant = \"a\"\n",                              "calgate.toml:5: google.tenant is no setting",   "remove"},
    {"ca_file_absent",      "[network]\nca_file = \"/no/such/file\"\n",                "calgate.toml:5: ca_file names no file",         "PEM"},
    {"ca_file_is_folder",   "[network]\nca_file = \"/tmp\"\n",                         "calgate.toml:5: ca_file names no file",         "PEM"},
    {"connect_to_as_text",  "[network]\nconnect_to = \"a:1:b:2\"\n",                   "calgate.toml:5: connect_to is no list",         "["},
    {"connect_to_number",   "[network]\nconnect_to = [1]\n",                           "calgate.toml:5: connect_to holds something",    "text"},
    {"connect_to_short",    "[network]\nconnect_to = [\"a:443:b\"]\n",                 "calgate.toml:5: connect_to holds an entry",     "127.0.0.1:8443"},
    {"connect_to_long",     "[network]\nconnect_to = [\"a:1:b:2:3\"]\n",               "calgate.toml:5: connect_to holds an entry",     "127.0.0.1:8443"},
    {"connect_to_any_host", "[network]\nconnect_to = [\":443:b:2\"]\n",                "calgate.toml:5: connect_to holds an entry",     "127.0.0.1:8443"},
    {"connect_to_bad_port", "[network]\nconnect_to = [\"a:0:b:99999\"]\n",             "calgate.toml:5: connect_to holds an entry",     "127.0.0.1:8443"},
    {"connect_to_second",   "[network]\nconnect_to = [\n\"a:1:b:2\",\n\"a\"]\n",       "calgate.toml:7: connect_to holds an entry",     "127.0.0.1:8443"},
    {"unknown_section",     "[net]\na = 1\n",                                          "calgate.toml:4: [net] is no section",           "[network]"},
};
// clang-format on

BOOST_AUTO_TEST_SUITE(provider_config)

BOOST_DATA_TEST_CASE(misuse_is_refused_with_line_and_remedy, boost::unit_test::data::make(kRefused), row) {
    const auto config = read_config(kHead + row.text, "calgate.toml", zones());
    BOOST_REQUIRE(!config.has_value());
    const std::string& detail = config.error().detail;
    BOOST_TEST(detail.starts_with(row.says), detail);
    BOOST_TEST(detail.find(row.remedy) != std::string::npos, detail);
}

BOOST_AUTO_TEST_CASE(a_public_url_that_is_not_safe_is_refused) {
    for (const char* url : {"http://cal.example.org", "ftp://x", "cal.example.org", "https://x/?a", "https://a@b"}) {
        const auto config = read_config(kHead + "public_url = \"" + url + "\"\n", "calgate.toml", zones());
        BOOST_REQUIRE_MESSAGE(!config.has_value(), url);
        BOOST_TEST(config.error().detail.starts_with("calgate.toml:4: public_url"), config.error().detail);
    }
    const auto good = read_config(kHead + "public_url = \"https://cal.example.org/\"\n", "calgate.toml", zones());
    BOOST_TEST(good.value().public_url == "https://cal.example.org");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
    const testing::ScratchFolder folder;
    std::ofstream(folder.file("ca.pem")) << "-----BEGIN CERTIFICATE-----";
    Config wanted;
    wanted.name = "Salon";
    wanted.zone = "Europe/Berlin";
    wanted.public_url = "https://cal.example.org";
    wanted.google = {"g", "google.secret", {}, "common", "worldwide"};
    wanted.microsoft = {"m", {}, "app.pem", "contoso.example", "us-government"};
    wanted.ca_file = "ca.pem";
    wanted.connect_to = {"www.googleapis.com:443:127.0.0.1:8443", "a:1:[::1]:2"};
    const auto read = read_config(write_config(wanted), folder.file("calgate.toml"), zones());
    BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().detail));
    BOOST_TEST(read->public_url == wanted.public_url);
    BOOST_TEST(read->google.client_id == "g");
    BOOST_TEST(read->google.client_secret_file == "google.secret");
    BOOST_TEST(read->microsoft.certificate_file == "app.pem");
    BOOST_TEST(read->microsoft.tenant == "contoso.example");
    BOOST_TEST(read->microsoft.cloud == "us-government");
    BOOST_TEST(read->ca_file == folder.file("ca.pem"));
    BOOST_TEST((read->connect_to == wanted.connect_to));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate
