#include <unistd.h>

#include <cstdio>
#include <string>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"

/// Books until it is killed; prints each id once it is acknowledged. Arguments: the store's file, the round.
int main(int argc, char** argv) {
    using namespace calgate;
    if (argc != 3) return 2;
    const int round = std::stoi(argv[2]);
    const auto store = SqliteStore::open(argv[1]);
    store->write([](Writer& writer) { testing::set_up(writer); });
    for (int i = 0; i < 100'000; ++i) {
        const std::string id = std::to_string(round) + "-" + std::to_string(i);
        store->write([&](Writer& writer) { testing::book(writer, testing::hour_of(id, round * 100'000 + i)); });
        const std::string line = id + "\n";
        if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 1;
    }
    return 0;
}
