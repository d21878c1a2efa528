#include "core/copy_note.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

using namespace calgate;

BOOST_AUTO_TEST_SUITE(notes_in_copies)

BOOST_DATA_TEST_CASE(
    a_note_comes_off_again, boost::unit_test::data::make({"", "colour", "two\nlines", "one\n\nblank between"}), notes
) {
    for (const auto note : {CopyNote::Waits, CopyNote::PutBack}) {
        const std::string told = with_note(notes, note);
        BOOST_TEST(told != notes);
        BOOST_TEST(without_note(told) == notes);
        BOOST_TEST(without_note(with_note(told, CopyNote::PutBack)) == notes);
    }
}

BOOST_AUTO_TEST_CASE(what_a_person_adds_around_a_note_stays) {
    const std::string told = "before\n" + with_note("", CopyNote::Waits) + "\nafter";
    BOOST_TEST(without_note(told) == "before\nafter");
    BOOST_TEST(without_note("ask calgate: why") == "ask calgate: why");
}

BOOST_AUTO_TEST_SUITE_END()
