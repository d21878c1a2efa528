#include "tests/sim/seed_stage.hpp"

#include <algorithm>

#include "tests/scheduler/map_store.hpp"

namespace calgate::seeds {

using std::chrono::seconds;

WatchedStore::WatchedStore(CrashPlan& crash, std::function<void()> committed, std::unique_ptr<Disk> disk)
    : disk_(std::move(disk)),
      rows_(disk_ ? disk_->open() : std::make_unique<testing::MapStore>()),
      crash_(crash),
      committed_(std::move(committed)) {}

void WatchedStore::fail_next(testing::SeededRandom& random) {
    if (disk_) return disk_->fail_next(random);
    failing_ = true;
}

bool WatchedStore::reopen(std::uint64_t chance, const std::function<void(Disk&)>& meanwhile) {
    closed_ = failing_ = losing_ = false;
    busy_ = 0;
    if (!disk_) return false;
    rows_.reset();
    const bool dark = disk_->come_back(chance);
    meanwhile(*disk_);
    rows_ = disk_->open();
    committed_();  // What nobody was told about may be there.
    return dark;
}

void WatchedStore::keep_copy() {
    if (!disk_) {
        copy_ = rows_->scratch_copy();
        return;
    }
    disk_->come_back(0);  // No power cut while it is closed.
    rows_.reset();
    disk_->keep_copy();
    rows_ = disk_->open();
}

void WatchedStore::put_copy_back() {
    if (!disk_) {
        rows_ = copy_->scratch_copy();
        return;
    }
    disk_->come_back(0);
    rows_.reset();
    disk_->put_back();
    rows_ = disk_->open();
}

void WatchedStore::write(const std::function<void(Writer&)>& work) {
    if (closed_ || failing_) {
        closed_ = true;
        throw StoreFailure("The disk did not take it. Restart the gateway when there is room.");
    }
    if (busy_ > 0) {
        --busy_;
        throw StoreFailure("The store is busy; nothing of this change was kept. Try again.");
    }
    crash_.point();
    rows_->write(work);
    if (disk_) rows_->write([](Writer&) {});  // The log is moved after the answer; that is over then, in every run.
    committed_();
    crash_.point();
    if (!losing_) return;
    closed_ = true;
    throw StoreFailure("Nothing says whether the disk took it. Restart the gateway.");
}

Stage::Stage(const Play& play, const ZoneResolver& given_zones, Statistics& given_statistics)
    : random(play.seed),
      engine_random(play.seed ^ 0x5eed),
      side_random(play.seed ^ 0x51de),
      disk_random(play.seed ^ 0xd15c),
      upkeep_random(play.seed ^ 0x0b5),
      zones(given_zones),
      statistics(given_statistics),
      host_maker(play.services),
      canary(play.canary),
      batches(play.batches),
      upkeep(play.upkeep),
      without_faults(play.without_faults),
      truth(zones, keys, statistics),
      store(
          crash,
          [this] {
              store.read([this](const Reader& reader) { trace.add_commit(reader); });
              truth.committed();
          },
          play.disk ? std::make_unique<Disk>(play.seed) : nullptr
      ) {
    truth.watch(store);
    truth.tell([this](const std::string& line) { note(line); });
    furnish();
    restart();
}

void Stage::furnish() {
    store.write([&](Writer& writer) {
        Business business;
        business.id = "b1";
        business.name = "Salon";
        business.zone = "Europe/Berlin";
        business.epoch = "e1";
        business.deletions = static_cast<DeletionPolicy>(random.between(0, 3));
        if (side_random.one_in(2)) draw_policies(business);
        writer.put(business);
        const int persons = random.between(1, 3);
        for (int person_number = 1; person_number <= persons; ++person_number) {
            Staff staff;
            staff.id = {"staff" + std::to_string(person_number)};
            staff.name = staff.id.value;
            staff.zone = "Europe/Berlin";
            staff.capacity = random.one_in(4) ? 2 : 1;
            writer.put(staff);
            const int services = random.between(1, 2);
            for (int i = 0; i < services; ++i) add_account(writer, staff, i);
        }
    });
}

void Stage::draw_policies(Business& business) {
    business.concurrent_edits = static_cast<ConcurrentEditPolicy>(side_random.between(0, 3));
    policies.moved_onto = static_cast<MovedOntoPolicy>(side_random.between(0, 1));
    policies.moved_away = static_cast<MovedAwayPolicy>(side_random.between(0, 3));
    policies.duplicates = static_cast<DuplicatePolicy>(side_random.between(0, 1));
    policies.masked_edits = static_cast<MaskedEditPolicy>(side_random.between(0, 1));
    history.push_back(
        "policies on edits " + std::to_string(static_cast<int>(business.concurrent_edits)) + ", moved onto another " +
        std::to_string(static_cast<int>(policies.moved_onto)) + ", moved away " +
        std::to_string(static_cast<int>(policies.moved_away)) + ", duplicates " +
        std::to_string(static_cast<int>(policies.duplicates)) + ", masked edits " +
        std::to_string(static_cast<int>(policies.masked_edits))
    );
}

void Stage::add_account(Writer& writer, const Staff& staff, int number) {
    hosts.push_back(host_maker(
        {random, clock, service_clock, zones, statistics, without_faults, static_cast<int>(hosts.size()) + 1, upkeep}
    ));
    Host& host = *hosts.back();
    if (canary == Canary::Invite) host.invite_from_now_on();
    walls.push_back(std::make_unique<Wall>(
        host,
        Surroundings{
            clock,
            random,
            statistics,
            truth,
            crash,
            keys,
            canary,
            batches,
            !is_left_out(Fault::NameUsedUp),
            [this](const Href& href) { person(href); },
            [this] { paused(); }}
    ));
    Account account;
    account.id = {staff.id.value + "." + std::to_string(number)};
    account.kind = host.name();
    account.url = "https://" + account.id.value + ".example/";
    accounts[account.id] = walls.back().get();
    if (side_random.one_in(3)) walls.back()->notify_from_now_on(side_random);
    writer.put(account);
    const int calendars_here = random.between(1, 2);
    for (int i = 0; i < calendars_here; ++i) {
        Calendar calendar;
        calendar.id = {account.id.value + "." + std::to_string(i)};
        calendar.account = account.id;
        calendar.staff = staff.id;
        calendar.href = host.make_calendar("c" + calendar.id.value);
        calendar.name = calendar.id.value;
        calendar.mirror = i == 0 || random.one_in(2);
        calendar.busy = !calendar.mirror || !random.one_in(4);
        calendar.copy_detail = random.one_in(4)   ? CopyDetail::kBusy
                               : random.one_in(2) ? CopyDetail::kTitle
                                                  : CopyDetail::kFull;
        writer.put(calendar);
        truth.add_calendar(calendar.id, calendar.href, host);
        history.push_back(
            calendar.id.value + " at " + host.name() + (calendar.mirror ? " mirror" : "") +
            (calendar.busy ? " busy" : "") + " detail " + std::to_string(number_of(calendar.copy_detail))
        );
    }
}

Result<std::unique_ptr<Connector>> Stage::open(const Account& account) {
    return traced(accounts.at(account.id)->connect(), trace);
}

void Stage::draw_from(const Draws& draws) {
    random = draws.random;
    engine_random = draws.engine_random;
    side_random = draws.side_random;
    disk_random = draws.disk_random;
    upkeep_random = draws.upkeep_random;
    numbers_ = draws.numbers;
}

void Stage::trace_rows() {
    store.read([this](const Reader& reader) { trace.add_rows(reader); });
}

void Stage::restart() {
    crash.points_left = 0;
    for (const auto& one : walls)
        if (one->channels()) one->channels()->forget_words(!store.writable());
    engine.reset();
    if (store.reopen(store.disk() ? disk_random.next() : 0, [this](Disk& disk) { upgrade(disk); })) {
        note("the power was cut; the machine starts again");
        statistics.fire(Fault::PowerCut);
    }
    index = std::make_unique<AvailabilityIndex>();
    Engine::Settings settings;
    settings.push_url = "https://cal.example.org";
    settings.policies = policies;
    if (canary == Canary::NoBrake) settings.brake_minimum = 1000;
    if (canary == Canary::NoWindow) settings.consistency_window = seconds{0};
    engine = std::make_unique<Engine>(
        EngineParts{
            store, *index, *this, zones, clock, engine_random, keys, [this](const std::string& line) { logged(line); }},
        settings
    );
    engine->load();
}

void Stage::upgrade(Disk& disk) {
    if (!upkeep || !upkeep_random.one_in(3)) return;
    const bool newer = upkeep_random.one_in(2);
    const int cut_at = upkeep_random.between(1, 40);
    const std::uint64_t chance = upkeep_random.next();
    if (newer && !is_left_out(Fault::NewerStore)) {
        note("a newer version was started and taken back");
        statistics.fire(Fault::NewerStore);
        disk.try_as_newer();
    } else if (!newer && !is_left_out(Fault::UpgradeCutOff)) {
        note("the upgrade from the version before is cut off at write or sync " + std::to_string(cut_at));
        if (disk.cut_upgrade_off(cut_at, chance)) statistics.fire(Fault::UpgradeCutOff);
    }
}

void Stage::logged(const std::string& line) {
    note("  " + line);
    const auto value = [&](const std::string& name) {
        const auto at = line.find(" " + name + "=");
        if (at == std::string::npos) return std::string();
        const auto from = at + name.size() + 2;
        return line.substr(from, line.find(' ', from) - from);
    };
    PassReport report;
    report.calendar = {value("calendar")};
    report.completed = value("completed") == "true";
    if (!value("pages").empty()) report.pages = std::stoi(value("pages"));
    const auto taken = value("taken");
    if (!taken.empty()) report.taken = std::stoi(taken);
    truth.passed(report);
}

void Stage::advance(seconds by) {
    const auto until = clock.steady() + by;
    while (clock.steady() < until) {
        for (const auto& one : walls) one->apply_late(false);
        const auto wait = engine->run_due();
        if (wait.count() > 0)
            pass_time(std::chrono::ceil<seconds>(std::min<std::chrono::milliseconds>(wait, until - clock.steady())));
    }
}

void Stage::pass_time(std::chrono::milliseconds by) {
    clock.advance(by);
    service_clock.advance(by);
}

PassReport Stage::pass(const CalendarId& id) {
    auto report = engine->run_pass(id);
    truth.passed(report);
    std::string line = "  pass " + id.value + (report.completed ? " completed" : "");
    const auto add = [&](const char* name, int value) {
        if (value != 0) line += std::string(" ") + name + "=" + std::to_string(value);
    };
    add("created", report.created);
    add("updated", report.updated);
    add("deleted", report.deleted);
    add("adopted", report.adopted);
    add("taken", report.taken);
    add("conflicts", report.conflicts);
    add("parked", report.parked);
    if (report.error) line += std::string(" ") + to_string(report.error->code) + ": " + report.error->detail;
    note(line);
    return report;
}

BookingResult Stage::change(const std::function<BookingResult(Writer&)>& work) {
    auto result = calgate::write(store, work);
    if (result.outcome == BookingOutcome::Created || result.outcome == BookingOutcome::Changed)
        truth.acknowledged(*result.appointment);
    follow({result}, result.targets);
    return result;
}

void Stage::follow(const std::vector<BookingResult>& bookings, const std::vector<CalendarId>& targets) {
    for (const auto& booking : bookings) {
        if (!booking.appointment) continue;
        const StaffId staff = booking.appointment->staff;
        if (booking.staff_before && *booking.staff_before != staff) {
            index->change_appointment(*booking.staff_before, booking.before, std::nullopt);
            index->change_appointment(staff, std::nullopt, booking.after);
        } else {
            index->change_appointment(staff, booking.before, booking.after);
        }
    }
    engine->wake(targets);
}

void Stage::note(const std::string& what) {
    trace.add(what);
    history.push_back(format_instant(clock.now()) + " " + what);
}

std::vector<Calendar> Stage::calendars() {
    auto all = read(store, [](const Reader& reader) { return reader.calendars(); });
    std::erase_if(all, [&](const Calendar& calendar) { return truth.is_gone(calendar.href); });
    return all;
}

Wall& Stage::wall(const CalendarId& id) {
    const auto calendar = read(store, [&](const Reader& reader) { return reader.calendar(id); });
    return *accounts.at(calendar->account);
}

}  // namespace calgate::seeds
