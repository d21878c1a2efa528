#include "tests/sim/seed_main.hpp"

using namespace calgate::seeds;

int main(int argc, char** argv) { return play_seeds(argc, argv, {}); }
