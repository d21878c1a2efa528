#include "tests/sim/seed_main.hpp"
#include "tests/sim/seed_services.hpp"

using namespace calgate::seeds;

int main(int argc, char** argv) { return play_seeds(argc, argv, make_any_host); }
