#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>
#include <thread>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

constexpr int kClients = 64;
constexpr int kCapacity = 2;
constexpr int kMinutes = 5 * 24 * 60;  ///< Of each person's calendar.

/// One of several who want time of the same two people, for odd lengths at odd minutes; books, moves and cancels.
class Client {
public:
    Client(Store& store, int number) : store_(store), number_(number), draw_(static_cast<unsigned>(number)) {}

    void try_for(int attempts) {
        for (int i = 0; i < attempts; ++i) {
            const int kind = pick(10);
            const auto outcome = kind == 0 && last_ > 0 ? cancel_one() : place(kind < 3 && last_ > 0);
            if (outcome == BookingOutcome::Created || outcome == BookingOutcome::Changed) ++taken;
            if (outcome == BookingOutcome::Overlap) ++refused;
        }
    }

    int taken = 0;
    int refused = 0;

private:
    int pick(int below) { return static_cast<int>(draw_() % static_cast<unsigned>(below)); }
    std::string mine(int which) const { return std::to_string(number_) + "-" + std::to_string(which); }

    BookingOutcome place(bool again) {
        Appointment wanted = hour_of(mine(again ? pick(last_) : last_++), 0, pick(2) == 0 ? "ann" : "bob");
        wanted.start += std::chrono::minutes{pick(kMinutes)};
        wanted.end = wanted.start + std::chrono::minutes{1 + pick(90)};
        return write(store_, [&](Writer& writer) { return book(writer, wanted); }).outcome;
    }
    BookingOutcome cancel_one() {
        const std::string id = mine(pick(last_));
        return write(store_, [&](Writer& writer) { return cancel(writer, id); }).outcome;
    }

    Store& store_;
    const int number_;
    std::mt19937 draw_;
    int last_ = 0;
};

/// The most that run at once, counted minute by minute.
int most_at_once(const Reader& reader, const std::string& staff) {
    std::vector<int> running(kMinutes + 200);
    const Instant begin = instant("2026-04-01T00:00:00Z");
    for (const auto& [appointment, when] : reader.appointments_of({staff}, {begin, kFarFuture}))
        for (Instant at = when.start; at < when.end; at += std::chrono::minutes{1})
            ++running.at(static_cast<std::size_t>((at - begin) / std::chrono::minutes{1}));
    return *std::max_element(running.begin(), running.end());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(contention)

/// CALGATE_LONG=1: 100,000 attempts of each client.
BOOST_AUTO_TEST_CASE(I15_clients_who_book_at_once_never_overlap) {
    const int attempts = std::getenv("CALGATE_LONG") ? 100'000 : 40;  // NOLINT(concurrency-mt-unsafe): nobody sets it.
    const ScratchFolder folder;
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->write([](Writer& writer) { set_up(writer, kCapacity); });
    std::vector<Client> clients;
    for (int number = 0; number < kClients; ++number) clients.emplace_back(*store, number);
    {
        std::vector<std::jthread> threads;
        for (Client& client : clients) threads.emplace_back([&, attempts] { client.try_for(attempts); });
    }
    int taken = 0, refused = 0;
    for (const Client& client : clients) {
        taken += client.taken;
        refused += client.refused;
    }
    store->read([](const Reader& reader) {
        for (const char* staff : {"ann", "bob"}) BOOST_TEST(most_at_once(reader, staff) == kCapacity);
    });
    BOOST_TEST(taken > kClients);
    BOOST_TEST(refused > kClients);
    BOOST_TEST_MESSAGE(
        kClients << " clients, " << attempts << " attempts each: " << taken << " taken, " << refused << " refused"
    );
}

BOOST_AUTO_TEST_SUITE_END()
