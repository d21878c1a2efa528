#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

std::vector<Href> create_many(Stage& stage, int count) {
    std::vector<Href> places;
    for (int i = 0; i < count; ++i) places.push_back(stage.create(haircut(stage.uid("n" + std::to_string(i)))).href);
    return places;
}

void empty_calendar(Stage& stage) {
    const Pulled all = stage.pull();
    CALGATE_EXPECT(all.snapshot && all.changed.empty() && all.unchanged.empty() && all.unread.empty());
}

void full_listing(Stage& stage) {
    const auto places = create_many(stage, 5);
    const Pulled all = stage.pull();
    CALGATE_EXPECT(all.snapshot && all.changed.size() == 5 && all.unread.empty());
    for (const auto& place : places) {
        const RemoteEvent& event = all.changed.at(place.value);
        CALGATE_EXPECT(event.version == stage.version_of(place) && event.event.master.title == "Haircut");
    }
}

void full_listing_after_deletion(Stage& stage) {
    const auto places = create_many(stage, 3);
    const Pulled before = stage.pull();
    stage.subject.erase(places[1]);
    const Pulled all = stage.pull({}, stage.everything_in(before));
    CALGATE_EXPECT(all.snapshot && all.unchanged.size() == 2 && !all.unchanged.contains(places[1].value));
    CALGATE_EXPECT(!all.changed.contains(places[1].value));
}

void known_versions(Stage& stage) {
    create_many(stage, 4);
    const Pulled first = stage.pull();
    const Pulled again = stage.pull({}, stage.everything_in(first));
    CALGATE_EXPECT(again.snapshot && again.changed.empty() && again.unchanged.size() == 4);
}

void no_change(Stage& stage) {
    create_many(stage, 2);
    const Pulled first = stage.pull();
    CALGATE_EXPECT(first.token.has_value());
    const Pulled second = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(!second.snapshot && second.changed.empty() && second.removed.empty() && second.token);
    const Pulled third = stage.pull(second.token, stage.everything_in(first));
    CALGATE_EXPECT(!third.snapshot && third.changed.empty() && third.removed.empty());
    stage.create(haircut(stage.uid("late")));
    CALGATE_EXPECT(stage.pull(third.token, stage.everything_in(first)).changed.size() == 1);
}

void a_token_can_be_used_again(Stage& stage) {
    create_many(stage, 2);
    const Pulled first = stage.pull();
    const Href late = stage.create(haircut(stage.uid("late"))).href;
    for (int attempt = 0; attempt < 2; ++attempt) {
        const Pulled next = stage.pull(first.token, stage.everything_in(first));
        CALGATE_EXPECT(next.changed.size() == 1 && next.changed.contains(late.value));
    }
}

void only_created(Stage& stage) {
    create_many(stage, 3);
    const Pulled first = stage.pull();
    const Href late = stage.create(haircut(stage.uid("late"))).href;
    const Pulled next = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(!next.snapshot && next.changed.size() == 1 && next.removed.empty());
    CALGATE_EXPECT(next.changed.at(late.value).event.master.title == "Haircut");
}

void only_updated(Stage& stage) {
    const auto places = create_many(stage, 3);
    const Pulled first = stage.pull();
    stage.update(stage.fetch(places[1]), [](Event& event) { event.master.title = "Second"; });
    const Pulled next = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(!next.snapshot && next.changed.size() == 1 && next.removed.empty());
    CALGATE_EXPECT(next.changed.at(places[1].value).event.master.title == "Second");
    CALGATE_EXPECT(next.changed.at(places[1].value).version == stage.version_of(places[1]));
}

void deleted(Stage& stage) {
    const auto places = create_many(stage, 3);
    const Pulled first = stage.pull();
    stage.subject.erase(places[2]);
    const Pulled next = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(!next.snapshot && next.changed.empty());
    CALGATE_EXPECT(next.removed == std::set<std::string>{places[2].value});
}

void created_and_deleted(Stage& stage) {
    create_many(stage, 1);
    const Pulled first = stage.pull();
    stage.subject.erase(stage.create(haircut(stage.uid("brief"))).href);
    const Pulled next = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(next.changed.empty() && next.unread.empty());
}

void deleted_and_created_again(Stage& stage) {
    const auto places = create_many(stage, 2);
    const Pulled first = stage.pull();
    stage.subject.erase(places[0]);
    Event again = haircut(stage.uid("n0"));
    again.master.title = "Again";
    stage.create(again);
    const Pulled next = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(next.changed.contains(places[0].value) && !next.removed.contains(places[0].value));
    CALGATE_EXPECT(next.changed.at(places[0].value).event.master.title == "Again");
}

void many_changes_after_a_token(Stage& stage) {
    const auto places = create_many(stage, 10);
    const Pulled first = stage.pull();
    for (int i = 0; i < 4; ++i) stage.subject.erase(places[static_cast<std::size_t>(i)]);
    for (int i = 10; i < 17; ++i) stage.create(haircut(stage.uid("n" + std::to_string(i))));
    const Pulled next = stage.pull(first.token, stage.everything_in(first));
    CALGATE_EXPECT(next.unread.empty() && next.changed.size() == 7);
    if (next.snapshot) {
        CALGATE_EXPECT(next.unchanged.size() == 6);
    } else {
        CALGATE_EXPECT(next.removed.size() == 4);
    }
}

/// A refusal, or a full listing; never "nothing happened".
void expect_not_silent(Stage& stage, const SyncToken& token) {
    const auto page = stage.connector.fetch_changes(stage.context(), stage.calendar, token, {});
    if (page) {
        CALGATE_EXPECT(page->changed.size() + page->unread.size() == 2);
    } else {
        CALGATE_EXPECT_ERROR(page, ErrorCode::SyncTokenExpired);
    }
    CALGATE_EXPECT(stage.count() == 2);
}

void token_that_is_not_ours(Stage& stage) {
    create_many(stage, 2);
    expect_not_silent(stage, SyncToken{"no token that was ever handed out"});
}

void token_that_was_changed(Stage& stage) {
    create_many(stage, 2);
    SyncToken token = *stage.pull().token;
    token.value.replace(token.value.size() / 2, 3, "zzz");
    token.value += "7f3a9c1e";
    expect_not_silent(stage, token);
}

void hundred_events(Stage& stage) {
    const auto places = create_many(stage, 100);
    const Pulled all = stage.pull();
    CALGATE_EXPECT(all.snapshot && all.changed.size() == 100 && all.unread.empty() && all.removed.empty());
    for (const auto& place : places) CALGATE_EXPECT(all.changed.contains(place.value));
    const Pulled next = stage.pull(all.token, stage.everything_in(all));
    CALGATE_EXPECT(next.changed.empty() && next.removed.empty());
}

}  // namespace

std::vector<Row> change_rows() {
    return {
        {"empty_calendar_is_an_empty_snapshot", nullptr, empty_calendar},
        {"full_listing_names_everything", nullptr, full_listing},
        {"full_listing_leaves_out_what_was_deleted", nullptr, full_listing_after_deletion},
        {"known_versions_are_unchanged_and_not_fetched", nullptr, known_versions},
        {"no_change_is_empty_and_its_token_works", &Features::incremental, no_change},
        {"a_token_can_be_used_again", &Features::incremental, a_token_can_be_used_again},
        {"only_the_created_event_is_named", &Features::incremental, only_created},
        {"only_the_updated_event_is_named", &Features::incremental, only_updated},
        {"a_deleted_event_is_named_as_removed", &Features::incremental, deleted},
        {"created_and_deleted_in_between_is_not_changed", &Features::incremental, created_and_deleted},
        {"deleted_and_created_again_is_changed", &Features::incremental, deleted_and_created_again},
        {"many_changes_after_a_token_are_complete", &Features::incremental, many_changes_after_a_token},
        {"a_token_that_is_not_ours_is_never_silent", &Features::incremental, token_that_is_not_ours},
        {"a_changed_token_is_never_silent", &Features::incremental, token_that_was_changed},
        {"hundred_events_are_complete", nullptr, hundred_events},
    };
}

}  // namespace calgate::testing
