#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <string>

#include "connectors/caldav/caldav_wire.hpp"
#include "connectors/ews/ews_wire.hpp"
#include "connectors/google/google_free_busy.hpp"
#include "connectors/google/google_wire.hpp"
#include "connectors/graph/graph_free_busy.hpp"
#include "connectors/graph/graph_wire.hpp"
#include "connectors/http/text_bounds.hpp"
#include "tests/support/bounded_run.hpp"

namespace calgate {
namespace {

using testing::Spent;
using testing::spent_by;

/// The largest answer that is read at all; an eighth of it is enough to cost too much, and is what the suite has time
/// for.
const std::size_t kLargest = (std::getenv("CALGATE_LONG") != nullptr ? 32u : 4u) * 1024 * 1024;

constexpr std::size_t kMany = 16u * 1024 * 1024;  ///< For what costs less.

std::string repeated(const std::string& piece, std::size_t bytes = kLargest) {
    std::string out;
    out.reserve(bytes + piece.size());
    while (out.size() + piece.size() <= bytes) out += piece;
    return out;
}

std::string laughs() {
    std::string text = "<?xml version=\"1.0\"?><!DOCTYPE m [<!ENTITY a0 \"ha\">";
    for (int i = 1; i < 12; ++i) {
        text += "<!ENTITY a" + std::to_string(i) + " \"";
        for (int j = 0; j < 10; ++j) text += "&a" + std::to_string(i - 1) + ";";
        text += "\">";
    }
    return text + "]><multistatus xmlns=\"DAV:\"><sync-token>&a11;</sync-token></multistatus>";
}

struct Bomb {
    const char* name;
    std::function<std::string()> make;
    bool refused = true;  ///< false: it may be read, as it stands.
};
std::ostream& operator<<(std::ostream& out, const Bomb& bomb) { return out << bomb.name; }

const std::string kRoot = "<multistatus xmlns=\"DAV:\">";

const std::vector<Bomb>& xml_bombs() {
    static const std::vector<Bomb> kBombs = {
        {"entities that laugh", laughs, false},
        {"an entity of a file",
         [] {
             return std::string(
                 "<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><multistatus xmlns=\"DAV:\"><sync-token>&x;"
                 "</sync-token></multistatus>"
             );
         },
         false},
        {"a document type elsewhere",
         [] { return std::string("<!DOCTYPE m SYSTEM \"http://127.0.0.1/x\">") + kRoot + "</multistatus>"; },
         false},
        {"one large entity, many times",
         [] {
             return "<!DOCTYPE m [<!ENTITY a \"" + std::string(1'000'000, 'a') +
                    "\">]><multistatus xmlns=\"DAV:\"><sync-token>" + repeated("&a;", 1'000'000) +
                    "</sync-token></multistatus>";
         },
         false},
        {"depth", [] { return kRoot + repeated("<a>"); }},
        {"depth that ends",
         [] {
             return kRoot + repeated("<a>", kLargest / 2 - 100) + repeated("</a>", kLargest / 2) + "</multistatus>";
         }},
        {"elements", [] { return kRoot + repeated("<a/>") + "</multistatus>"; }},
        {"elements with text", [] { return kRoot + repeated("<a>b</a>") + "</multistatus>"; }},
        {"comments", [] { return kRoot + repeated("<!---->", kMany) + "</multistatus>"; }},
        {"instructions", [] { return kRoot + repeated("<?a?>") + "</multistatus>"; }},
        {"pieces of text", [] { return kRoot + repeated("<![CDATA[a]]>", kMany) + "</multistatus>"; }},
        {"attributes", [] { return kRoot + "<a " + repeated("a='' ") + "/></multistatus>"; }},
        {"namespaces, asked for by each child",
         [] {
             return "<multistatus " + repeated("xmlns:a='b' ", kLargest / 2) + " xmlns=\"DAV:\">" +
                    repeated("<x:a/>", kLargest / 2) + "</multistatus>";
         }},
        {"a tag without end", [] { return kRoot + "<a b='" + std::string(kLargest, 'x'); }},
    };
    return kBombs;
}

const std::vector<Bomb>& json_bombs() {
    static const std::vector<Bomb> kBombs = {
        {"depth of lists", [] { return repeated("["); }},
        {"depth of objects", [] { return repeated("{\"a\":"); }},
        {"depth within a member", [] { return "{\"value\":" + repeated("["); }},
        {"numbers", [] { return "{\"value\":[" + repeated("1,") + "1]}"; }},
        {"empty objects", [] { return "{\"items\":[" + repeated("{},") + "{}]}"; }},
        {"members", [] { return "{\"value\":[{" + repeated("\"a\":1,") + "\"a\":1}]}"; }},
        {"lists within lists", [] { return "{\"calendars\":[" + repeated("[[[]]],") + "1]}"; }},
        {"a text without end", [] { return "{\"value\":\"" + std::string(kLargest, 'x'); }},
        {"escapes", [] { return "{\"value\":\"" + repeated("\\\\"); }},
    };
    return kBombs;
}

void check_refused(const char* reader, const Bomb& bomb, const std::function<bool(const std::string&)>& refuses) {
    const std::string text = bomb.make();
    const Spent spent = spent_by([&] { return refuses(text); });
    BOOST_TEST(spent.ended, reader << " does not end");
    BOOST_TEST((spent.good || !bomb.refused), reader << " takes it");
    BOOST_TEST(spent.memory <= testing::kBombMemory, reader << " took " << spent.memory / 1024 / 1024 << " MiB");
    BOOST_TEST_MESSAGE(bomb.name << ", " << reader << ": " << spent.memory / 1024 << " KiB, " << spent.cpu_ms << " ms");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bombs)

BOOST_DATA_TEST_CASE(I26_xml_is_refused_before_it_is_built, boost::unit_test::data::make(xml_bombs()), bomb) {
    check_refused("multistatus", bomb, [](const std::string& text) {
        return !caldav::parse_multistatus(text).has_value();
    });
    check_refused("errors", bomb, [](const std::string& text) { return caldav::error_elements(text).empty(); });
    check_refused("ews", bomb, [](const std::string& text) { return !ews::parse_xml(text).has_value(); });
}

BOOST_DATA_TEST_CASE(I26_json_is_refused_before_it_is_built, boost::unit_test::data::make(json_bombs()), bomb) {
    check_refused("google", bomb, [](const std::string& text) { return !google::read_events_page(text).has_value(); });
    check_refused("google free/busy", bomb, [](const std::string& text) {
        return !google::read_free_busy(text, "a").has_value();
    });
    check_refused("graph", bomb, [](const std::string& text) { return !graph::parse_page(text).has_value(); });
    check_refused("graph free/busy", bomb, [](const std::string& text) {
        return !graph::read_schedule(text, "a", ZoneResolver{}).has_value();
    });
}

BOOST_AUTO_TEST_CASE(an_entity_stands_for_nothing) {
    const std::string type = "<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    const auto read = caldav::parse_multistatus(type + kRoot + "<sync-token>&x;</sync-token></multistatus>");
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((read->sync_token == "&x;"));
}

BOOST_AUTO_TEST_CASE(what_services_send_is_within_bounds) {
    std::string many = kRoot;
    for (int i = 0; i < 10'000; ++i)
        many += "<response><href>/a/" + std::to_string(i) +
                ".ics</href><propstat><prop><getetag>\"1\"</getetag></prop><status>HTTP/1.1 200 "
                "OK</status></propstat></response>";
    BOOST_TEST(http::xml_within_bounds(many + "</multistatus>"));
    BOOST_TEST(
        http::xml_within_bounds("<?xml version='1.0'?><!-- > < --><a b='>' c=\"<\"><![CDATA[<!DOCTYPE a><b><b>]]></a>")
    );
    BOOST_TEST(http::json_within_bounds("{\"a\":\"[[[[\\\"[{,,,\",\"b\":[1,2,{}]}"));
    std::string deep = "1";
    for (int i = 0; i < 64; ++i) deep = "[" + deep + "]";
    BOOST_TEST(http::json_within_bounds(deep));
    BOOST_TEST(!http::json_within_bounds("[" + deep + "]"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
