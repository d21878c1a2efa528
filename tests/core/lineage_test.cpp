#include "core/lineage.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

namespace bdata = boost::unit_test::data;

namespace calgate {
namespace {

struct LineageRow {
    const char* name;
    MarkerSeen marker;
    bool wrote;
    Lineage expected;
};

/// The store is of epoch "e2" and has outlived "e1".
const LineageRow kLineages[] = {
    {"what we wrote", {"e2", {"e1"}, true, false}, true, Lineage::Ours},
    {"what we wrote before this process", {"e2", {"e1"}, true, false}, false, Lineage::Ours},
    {"where we stopped ourselves", {"e2", {"e1"}, true, true}, true, Lineage::Ours},
    {"a later state of this store", {"e2", {"e1"}, false, false}, false, Lineage::Behind},
    {"somebody wrote after us", {"e2", {"e1"}, false, false}, true, Lineage::Rival},
    {"the other one has stopped", {"e2", {"e1"}, false, true}, false, Lineage::Rival},
    {"the lost host's", {"e1", {}, false, false}, false, Lineage::Ours},
    {"the lost host goes on, and will see ours", {"e1", {}, false, false}, true, Lineage::Ours},
    {"restored somewhere else since", {"e3", {"e1", "e2"}, false, false}, false, Lineage::Replaced},
    {"restored somewhere else since, after we wrote", {"e3", {"e1", "e2"}, false, false}, true, Lineage::Replaced},
    {"restored twice from the same lost host", {"f2", {"e1"}, false, false}, false, Lineage::Rival},
};

std::ostream& operator<<(std::ostream& out, const LineageRow& row) { return out << row.name; }

}  // namespace

BOOST_DATA_TEST_CASE(I21_whose_marker_it_is, bdata::make(kLineages), row) {
    BOOST_TEST((lineage_of(row.marker, "e2", {"e1"}, row.wrote) == row.expected));
}

}  // namespace calgate
