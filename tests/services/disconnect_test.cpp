#include <boost/test/data/test_case.hpp>

#include "tests/services/salon.hpp"

namespace calgate::testing {

namespace data = boost::unit_test::data;

namespace {

const char* const kNotifying[] = {"google", "graph"};

struct Leaving : Salon {
    explicit Leaving(const std::string& name) : Salon(name, 11, with_push()) {
        for (int i = 0; i < 4; ++i) book("a" + std::to_string(i), at(10 + i, 9));
        // The copy of this one has a name of its second generation.
        cancel("a3");
        run(20s);
        book("a3", at(13, 9));
        block("private", at(20, 9));
        run(60s);
        BOOST_REQUIRE(waiting() == 0);
        BOOST_REQUIRE(events().size() == 5u);
        BOOST_REQUIRE(is_busy(at(20, 9)));
    }
    static Engine::Settings with_push() {
        Engine::Settings settings;
        settings.push_url = "https://cal.example.org";
        return settings;
    }
    std::vector<Appointment> appointments() const {
        return calgate::read(store, [](const Reader& r) { return r.appointments({}, 100); });
    }
    std::size_t open_conflicts() const {
        return calgate::read(store, [](const Reader& r) { return r.conflicts(true); }).size();
    }
    bool remembered() const {
        return calgate::read(store, [&](const Reader& r) {
            return r.calendar(calendar) || !r.mirrors_on(calendar).empty() || !r.cached_events(calendar).empty() ||
                   !r.push_channels().empty();
        });
    }
};

/// Of the calls that end notifications: Google's channels.stop, Graph's DELETE of a subscription.
bool ends_notifications(const http::Request& request) {
    return request.url.find("/channels/stop") != std::string::npos ||
           (request.method == "DELETE" && request.url.find("/subscriptions/") != std::string::npos);
}

int count_of(std::string_view text, std::string_view what) {
    int count = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
    return count;
}

/// How many events a request deletes, also one that takes several calls or names several items.
int deletions(const http::Request& request) {
    if (request.method == "DELETE") return ends_notifications(request) ? 0 : 1;
    if (request.body.find("DeleteItem") != std::string::npos) return count_of(request.body, "<t:ItemId ");
    return count_of(request.body, "DELETE /calendar/") + count_of(request.body, "\"DELETE\"");
}

bool deletes(const http::Request& request) { return deletions(request) > 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(disconnect)

BOOST_DATA_TEST_CASE(appointments_and_copies_stay_and_nothing_else_is_remembered, data::make(kServices), name) {
    Leaving salon(name);
    const auto before = salon.appointments();
    const auto copies = salon.events();
    const auto out = salon.disconnect();
    BOOST_TEST(out.done);
    BOOST_TEST(out.left == 4);
    BOOST_TEST(out.removed == 0);
    BOOST_TEST(out.notes.empty());
    BOOST_TEST((salon.appointments() == before));
    BOOST_TEST(!salon.remembered());
    BOOST_TEST(!salon.is_busy(salon.at(20, 9)));
    // And nobody asks the service for anything any more, whatever happens.
    const int calls = salon.wire.calls;
    salon.book("a4", salon.at(14, 9));
    salon.cancel("a0");
    salon.run(3600s, 60s);
    BOOST_TEST(salon.wire.calls == calls);
    BOOST_TEST(salon.events().size() == copies.size());
}

BOOST_DATA_TEST_CASE(R7_connected_again_every_copy_is_adopted_and_none_is_written_twice, data::make(kServices), name) {
    Leaving salon(name);
    salon.disconnect();
    salon.book("a4", salon.at(14, 9));
    salon.book("a0", salon.at(15, 9));  // Moved meanwhile.
    salon.run(600s, 60s);
    salon.connect();
    salon.run(1800s, 10s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 6u);
    for (const Appointment& each : salon.appointments()) BOOST_TEST((each.state == AppointmentState::Confirmed));
    BOOST_TEST((salon.appointment("a0").start == salon.at(15, 9)));
    const auto verified = salon.engine->verify(salon.calendar);
    BOOST_TEST(verified.same == 5);
    BOOST_TEST(verified.findings.empty());
    BOOST_TEST(salon.busy_of_calendar() == 1u);  // No copy counts as a foreign event.
    BOOST_TEST(salon.open_conflicts() == 0u);
}

BOOST_DATA_TEST_CASE(what_a_phone_changed_meanwhile_is_taken_over_on_return, data::make(kServices), name) {
    Leaving salon(name);
    const auto mirror = salon.mirror("a1");
    salon.disconnect();
    auto held = salon.phone->fetch_event(salon.context(), *mirror.href);
    BOOST_REQUIRE(held.has_value());
    held->event.master.title = "Changed";
    BOOST_REQUIRE(salon.phone->update_event(salon.context(), held->href, *held->version, held->event).has_value());
    salon.connect();
    salon.run(120s, 5s);
    BOOST_TEST(salon.appointment("a1").title == "Changed");
    BOOST_TEST(salon.events().size() == 5u);
}

BOOST_DATA_TEST_CASE(copies_are_removed_on_request_and_nothing_of_a_person_is, data::make(kServices), name) {
    Leaving salon(name);
    salon.edit("a2", [](EventInstance& event) { event.title = "Edited and not read yet"; });
    const auto before = salon.appointments();
    const auto out = salon.disconnect(true);
    BOOST_TEST(out.done);
    BOOST_TEST(out.removed == 4);
    BOOST_TEST(out.left == 0);
    BOOST_TEST(!salon.remembered());
    BOOST_TEST((salon.appointments() == before));
    BOOST_REQUIRE(salon.events().size() == 1u);
    BOOST_TEST(salon.events().front().event.master.title == "private");
    // The marker is gone as well.
    std::size_t all = 0;
    std::optional<SyncToken> token;
    for (bool more = true; more;) {
        const auto page = salon.phone->fetch_changes(salon.context(), salon.service->calendar(), token, {});
        BOOST_REQUIRE(page.has_value());
        all += page->changed.size();
        token = page->next;
        more = page->more;
    }
    BOOST_TEST(all == 1u);
    // Connected again, everything is written anew.
    salon.connect();
    salon.run(1800s, 10s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 5u);
}

BOOST_DATA_TEST_CASE(
    while_the_service_is_away_removing_goes_no_further_and_goes_on_later, data::make(kServices), name
) {
    Leaving salon(name);
    const auto before = salon.appointments();
    int admitted = 2;
    salon.wire.loses = [&](const http::Request& request) {
        admitted -= deletions(request);
        return deletes(request) && admitted < 0;
    };
    const auto first = salon.disconnect(true);
    BOOST_TEST(!first.done);
    BOOST_TEST(first.left > 0);
    BOOST_TEST(first.notes.size() >= 2u);
    BOOST_TEST((salon.appointments() == before));
    salon.book("a9", salon.at(16, 9));  // Goes nowhere.
    salon.run(600s, 10s);
    const auto health = salon.engine->health();
    BOOST_REQUIRE_EQUAL(health.size(), 1u);
    BOOST_TEST(health[0].trouble.find("being disconnected") != std::string::npos, health[0].trouble);
    BOOST_TEST((salon.appointments().size() == before.size() + 1));
    for (const Appointment& each : salon.appointments()) BOOST_TEST((each.state == AppointmentState::Confirmed));
    salon.wire.loses = nullptr;
    const auto second = salon.disconnect(true);
    BOOST_TEST(second.done);
    BOOST_TEST(!salon.remembered());
    BOOST_TEST(salon.events().size() == 1u);
}

BOOST_DATA_TEST_CASE(
    I11_chosen_again_in_the_middle_of_removing_what_we_deleted_cancels_nothing, data::make(kServices), name
) {
    Leaving salon(name);
    salon.wire.loses = deletes;
    BOOST_TEST(!salon.disconnect(true).done);
    salon.wire.loses = nullptr;
    salon.connect();
    salon.run(3600s, 10s);
    for (const Appointment& each : salon.appointments()) BOOST_TEST((each.state == AppointmentState::Confirmed));
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 5u);
}

BOOST_DATA_TEST_CASE(notifications_are_ended_at_the_service, data::make(kNotifying), name) {
    Leaving salon(name);
    int ended = 0;
    salon.wire.after = [&](const http::Request& request) { ended += ends_notifications(request) ? 1 : 0; };
    salon.deliver();
    BOOST_TEST(salon.disconnect().notes.empty());
    BOOST_TEST(ended == 1);
    salon.block("later", salon.at(21, 9));
    BOOST_TEST(salon.deliver() == 0);
}

BOOST_DATA_TEST_CASE(a_service_that_does_not_answer_holds_nothing_up, data::make(kNotifying), name) {
    Leaving salon(name);
    salon.deliver();
    salon.wire.loses = [](const http::Request&) { return true; };
    const auto out = salon.disconnect();
    BOOST_TEST(out.done);
    BOOST_REQUIRE(out.notes.size() == 1u);
    BOOST_TEST(out.notes.front().find("refused here from now on") != std::string::npos);
    BOOST_TEST(!salon.remembered());
}

BOOST_DATA_TEST_CASE(an_account_whose_access_was_taken_back_is_disconnected_all_the_same, data::make(kServices), name) {
    Leaving salon(name);
    salon.service->revoke();
    salon.run(400s);  // One refusal is not believed everywhere (R16).
    BOOST_REQUIRE(salon.noted("account.attention") == 1);
    const auto removing = salon.disconnect(true);
    BOOST_TEST(!removing.done);
    BOOST_TEST(removing.left == 4);
    BOOST_TEST(salon.disconnect().done);
    BOOST_TEST(!salon.remembered());
}

BOOST_DATA_TEST_CASE(an_open_conflict_ends_with_ours, data::make(kServices), name) {
    Leaving salon(name);
    salon.store.write([&](Writer& writer) {
        auto business = writer.business();
        business->deletions = DeletionPolicy::Ask;
        writer.put(*business);
    });
    salon.erase("a1");
    salon.run(75s);
    BOOST_REQUIRE(salon.open_conflicts() == 1u);
    BOOST_TEST(salon.disconnect().done);
    BOOST_TEST(salon.open_conflicts() == 0u);
    BOOST_TEST((salon.appointment("a1").state == AppointmentState::Confirmed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
