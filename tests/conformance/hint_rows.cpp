#include "core/hints.hpp"
#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

struct Ear final : HintListener {
    void changed(const Href& calendar) override { heard.insert(calendar.value); }
    void ended(const Status& how) override { end = how; }
    std::set<std::string> heard{};
    std::optional<Status> end{};
};

void what_happens_is_hinted(Stage& stage) {
    const auto ear = std::make_shared<Ear>();
    const Href other = stage.another_calendar();
    const auto stream = stage.connector.hints()->listen(stage.context(), {stage.calendar, other}, ear);
    CALGATE_EXPECT_SUCCESS(stream);
    CALGATE_EXPECT(ear->heard.empty() && !ear->end);
    const Href href = stage.put_foreign(decorated_text(stage.uid("hinted")), "hinted");
    CALGATE_EXPECT(ear->heard == std::set<std::string>{stage.calendar.value});
    ear->heard.clear();
    stage.subject.erase(href);
    CALGATE_EXPECT(ear->heard == std::set<std::string>{stage.calendar.value});
    CALGATE_EXPECT(!ear->end);
}

void a_closed_stream_hints_nothing(Stage& stage) {
    const auto ear = std::make_shared<Ear>();
    CALGATE_EXPECT_SUCCESS(stage.connector.hints()->listen(stage.context(), {stage.calendar}, ear));
    stage.put_foreign(decorated_text(stage.uid("later")), "later");
    CALGATE_EXPECT(ear->heard.empty());
}

void nobody_listens_to_a_calendar_that_is_gone(Stage& stage) {
    const auto ear = std::make_shared<Ear>();
    const auto stream = stage.connector.hints()->listen(stage.context(), {stage.subject.unknown_calendar()}, ear);
    CALGATE_EXPECT_ERROR(stream, ErrorCode::NotFound);
}

}  // namespace

std::vector<Row> hint_rows() {
    return {
        {"what_happens_is_hinted", &Features::hints, what_happens_is_hinted},
        {"a_closed_stream_hints_nothing", &Features::hints, a_closed_stream_hints_nothing},
        {"nobody_listens_to_a_calendar_that_is_gone", &Features::hints, nobody_listens_to_a_calendar_that_is_gone},
    };
}

}  // namespace calgate::testing
