#include "scheduler/stream_keeper.hpp"

#include <boost/test/unit_test.hpp>

#include "core/forwarding_connector.hpp"
#include "scheduler/preview.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {

namespace {

/// Opens whatever it is asked for, and counts.
class Switchboard final : public ForwardingConnector, public HintService {
public:
    explicit Switchboard(Connector& inner) : ForwardingConnector(inner) {}
    HintService* hints() override { return this; }
    Result<std::unique_ptr<HintStream>> listen(
        const Context&, const std::vector<Href>&, std::shared_ptr<HintListener> listener
    ) override {
        if (refuses) return Error{ErrorCode::Unsupported, "No.", {}};
        listeners.push_back(std::move(listener));
        return std::unique_ptr<HintStream>(std::make_unique<Line>(open));
    }
    bool refuses = false;
    int open = 0;
    std::vector<std::shared_ptr<HintListener>> listeners{};

private:
    struct Line final : HintStream {
        explicit Line(int& count) : open(count) { ++open; }
        ~Line() override { --open; }
        Line(const Line&) = delete;
        Line& operator=(const Line&) = delete;
        int& open;
    };
};

struct Desks {
    HandClock clock{};
    ZoneResolver zones{};
    memory::MemoryService service{zones, clock};
    memory::MemoryConnector inner{service};
    Switchboard board{inner};
    std::vector<std::string> woken{};
    StreamKeeper keeper{
        clock,
        [this](const CalendarId& id, StreamKeeper::Cause cause) {
            woken.push_back(id.value + (cause == StreamKeeper::Cause::Changed ? " changed" : " ended"));
        },
        [](const std::string&) {}};

    static Account account(const std::string& id, const std::string& user = "service") {
        return {.id = {id}, .kind = "ews", .url = "https://mail.example/EWS/Exchange.asmx", .user = user};
    }
    StreamKeeper::Kept keep(const Account& account) {
        return keeper.keep(
            {clock.steady() + std::chrono::seconds(20), {}}, board, account, {{{"folder"}, {"cal-" + account.id.value}}}
        );
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_keeper, Desks)

BOOST_AUTO_TEST_CASE(no_more_streams_than_a_sign_in_may_have) {
    for (int i = 0; i < 9; ++i) keep(account("mailbox" + std::to_string(i)));
    BOOST_TEST(board.open == StreamKeeper::kMostPerSignIn);
    keep(account("another", "somebody.else"));
    BOOST_TEST(board.open == StreamKeeper::kMostPerSignIn + 1);
    keeper.close_others({{"mailbox8"}, {"another"}});
    BOOST_TEST(board.open == 1);
    keep(account("mailbox8"));
    BOOST_TEST(board.open == 2);
}

BOOST_AUTO_TEST_CASE(what_a_closed_stream_says_is_not_heard) {
    BOOST_TEST(keep(account("a")).opened);
    board.listeners.front()->changed({"folder"});
    board.listeners.front()->changed({"somebody else's"});
    BOOST_TEST((woken == std::vector<std::string>{"cal-a changed"}));
    keeper.close_others({});
    board.listeners.front()->changed({"folder"});
    board.listeners.front()->ended({});
    BOOST_TEST(woken.size() == 1u);
    BOOST_TEST(board.open == 0);
}

BOOST_AUTO_TEST_CASE(one_that_ended_is_opened_again_after_a_pause) {
    keep(account("a"));
    clock.advance(std::chrono::seconds(60));
    board.listeners.front()->ended({});
    BOOST_TEST((woken == std::vector<std::string>{"cal-a ended"}));
    const auto kept = keep(account("a"));
    BOOST_TEST(!kept.opened);
    BOOST_REQUIRE(kept.again.has_value());
    BOOST_TEST((*kept.again - clock.steady() == StreamPace::kAfterEnd));
    BOOST_TEST(board.open == 0);
    clock.advance(std::chrono::seconds(1));
    BOOST_TEST(keep(account("a")).opened);
    BOOST_TEST(!keep(account("a")).opened);
    BOOST_TEST(board.listeners.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_account_that_changed_gets_another_one) {
    keep(account("a"));
    Account again = account("a");
    again.sign_ins = 2;
    BOOST_TEST(keep(again).opened);
    BOOST_TEST(board.open == 1);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_waited_out) {
    board.refuses = true;
    const auto kept = keep(account("a"));
    BOOST_REQUIRE(kept.again.has_value());
    BOOST_TEST((*kept.again - clock.steady() >= StreamPace::kAfterRefusal));
    board.refuses = false;
    BOOST_TEST(!keep(account("a")).opened);
    clock.advance(std::chrono::seconds(31));
    BOOST_TEST(keep(account("a")).opened);
}

BOOST_AUTO_TEST_CASE(a_dry_run_opens_no_stream) {
    SmallBusiness business;
    business.book("a", 20, 9);
    memory::MemoryConnector connector(business.service);
    Switchboard telling(connector);
    const auto preview = preview_run(
        {business.store,
         business.index,
         business.factory,
         business.zones,
         business.clock,
         business.random,
         business.keys,
         {}},
        {},
        telling,
        business.calendar
    );
    BOOST_TEST(!preview.report.error.has_value());
    BOOST_TEST(preview.writes.size() >= 1u);
    BOOST_TEST(telling.listeners.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
