#include <boost/test/unit_test.hpp>
#include <set>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

/// One suite over the store in memory, on disk, and reopened between every two steps.
namespace calgate::testing {
namespace {

enum class Kind { Memory, Disk, Reopened };

class Subject {
public:
    explicit Subject(Kind kind) : kind_(kind) { open(); }
    void write(const std::function<void(Writer&)>& work) {
        step();
        store_->write(work);
    }
    void read(const std::function<void(const Reader&)>& work) {
        step();
        store_->read(work);
    }

    bool in_memory() const { return kind_ == Kind::Memory; }
    const Store& store() const { return *store_; }

private:
    void open() { store_ = SqliteStore::open(kind_ == Kind::Memory ? ":memory:" : folder_.file("store.db")); }
    void step() {
        if (kind_ != Kind::Reopened) return;
        store_.reset();
        open();
    }
    Kind kind_;
    ScratchFolder folder_{};
    std::unique_ptr<SqliteStore> store_{};
};

void what_is_put_comes_back(Subject& subject) {
    Staff staff;
    staff.id = {"ann"};
    staff.name = "Änn";
    staff.zone = "Europe/Berlin";
    staff.capacity = 2;
    staff.week[0] = {{540, 720}, {780, 1020}};
    Service service;
    service.id = {"cut"};
    service.duration = std::chrono::minutes{45};
    service.staff = {staff.id};
    Account account;
    account.id = {"acc"};
    account.method = SignInMethod::Person;
    account.identity = "google:1001";
    account.client_id = "client";
    account.tenant = "tenant";
    account.may_write = false;
    account.sign_ins = 3;
    const SealedSecret secret{account.id, "refresh_token", 2, std::string("\x02\x00\xff sealed", 10)};
    Calendar calendar;
    calendar.id = {"cal"};
    calendar.account = account.id;
    calendar.sync_token = SyncToken{"token"};
    calendar.as_of = kNow;
    Appointment appointment = hour_of("a", 1);
    appointment.revision = 4;
    appointment.created = kNow;
    subject.write([&](Writer& writer) {
        writer.put(staff);
        writer.put(service);
        writer.put(account);
        writer.put(secret);
        writer.put(calendar);
        writer.put(appointment, interval_of(appointment, zones()));
    });
    subject.read([&](const Reader& reader) {
        BOOST_TEST((reader.staff(staff.id) == staff));
        BOOST_TEST((reader.service(service.id) == service));
        BOOST_TEST((reader.account(account.id) == account));
        BOOST_TEST((reader.secret(account.id, "refresh_token") == secret));
        BOOST_TEST(!reader.secret(account.id, "password").has_value());
        BOOST_TEST((reader.calendar(calendar.id) == calendar));
        BOOST_TEST((reader.appointment(appointment.id) == appointment));
        BOOST_TEST(!reader.staff({"nobody"}));
    });
}

void a_mirror_comes_back_whole(Subject& subject) {
    Mirror mirror;
    mirror.appointment = {"a"};
    mirror.calendar = {"cal-ann"};
    mirror.wanted = 3;
    mirror.confirmed = 2;
    mirror.uid = {"uid"};
    mirror.href = Href{"/x.ics"};
    mirror.version = Version{"\"1\""};
    mirror.base = Shown{{}, {}, "Title", "Place", "Notes", true};
    mirror.base->start.zone = "Europe/Berlin";
    mirror.remote_text = "BEGIN:VCALENDAR\r\nNOTE:\xff\xfe broken \xc3\xa4";
    mirror.written_text = "{\"summary\":\"Cut\"}";
    mirror.unknown_call = true;
    mirror.missing_since = kNow;
    subject.write([&](Writer& writer) {
        set_up(writer);
        writer.put(mirror);
    });
    subject.read([&](const Reader& reader) {
        BOOST_TEST((reader.mirror(mirror.appointment, mirror.calendar) == mirror));
        BOOST_TEST((reader.mirror_by_uid(mirror.calendar, mirror.uid) == mirror));
    });
}

void an_event_keeps_every_byte(Subject& subject) {
    CachedEvent event;
    event.calendar = {"cal-ann"};
    event.href = {"/\xe4.ics"};
    event.version = Version{"v"};
    for (int i = 0; i < 256; ++i) event.text += static_cast<char>(i);
    event.busy = {
        {kNow, kNow + std::chrono::hours{1}, BusyKind::Busy},
        {kNow, kNow + std::chrono::hours{2}, BusyKind::Tentative}};
    event.busy_to = kNow;
    event.recurring = true;
    subject.write([&](Writer& writer) {
        set_up(writer);
        writer.put(event);
    });
    subject.read([&](const Reader& reader) {
        BOOST_TEST((reader.cached_event(event.calendar, event.href) == event));
        BOOST_TEST((reader.cached_versions(event.calendar) == std::vector{std::pair(event.href, event.version)}));
        BOOST_TEST(reader.cached_events_to_expand(kNow, 9).size() == 0u);
        BOOST_TEST(reader.cached_events_to_expand(kNow + std::chrono::seconds{1}, 9).size() == 1u);
    });
    subject.write([&](Writer& writer) { writer.erase(event.calendar); });
    subject.read([&](const Reader& reader) { BOOST_TEST(reader.cached_events(event.calendar).empty()); });
}

/// A copy that was read back, and what makes each of the others doubted.
void doubted_mirrors_are_those_that_every_pass_looks_at(Subject& subject) {
    const CalendarId calendar{"cal-ann"};
    using Edit = void (*)(Mirror&);
    const std::pair<const char*, Edit> rows[] = {
        {"certain", [](Mirror&) {}},
        {"never_written", [](Mirror& m) { m.href.reset(); }},
        {"missing", [](Mirror& m) { m.missing_since = kNow; }},
        {"twin", [](Mirror& m) { m.twin = Href{"/twin"}, m.twin_since = kNow; }},
        {"backing_off", [](Mirror& m) { m.not_before = kNow; }},
        {"not_listed", [](Mirror& m) { m.unlisted = true; }},
        {"asked", [](Mirror& m) { m.state = MirrorState::Conflict; }},
    };
    subject.write([&](Writer& writer) {
        set_up(writer);
        int hour = 0;
        for (const auto& [name, edit] : rows) {
            book(writer, hour_of(name, hour++));
            Mirror mirror = writer.mirror({name}, calendar).value();
            mirror.href = Href{std::string("/ann/") + name};
            mirror.remote_text = "BEGIN:VCALENDAR";
            edit(mirror);
            writer.put(mirror);
        }
    });
    subject.read([&](const Reader& reader) {
        std::set<std::string> found;
        for (const Mirror& mirror : reader.doubted_mirrors(calendar)) found.insert(mirror.appointment.value);
        BOOST_TEST((found == std::set<std::string>{"missing", "twin", "backing_off", "not_listed", "asked"}));
        BOOST_TEST(reader.mirror_by_href(calendar, Href{"/ann/twin"})->appointment.value == "twin");
        BOOST_TEST(!reader.mirror_by_href(calendar, Href{"/twin"}));
        BOOST_TEST(!reader.mirror_by_href(CalendarId{"other"}, Href{"/ann/twin"}));
    });
}

void open_mirrors_come_soonest_first(Subject& subject) {
    subject.write([](Writer& writer) {
        set_up(writer);
        for (const int hour : {5, 1, 9, 3}) book(writer, hour_of("h" + std::to_string(hour), hour));
        Mirror later = writer.mirror({"h1"}, {"cal-ann"}).value();
        later.not_before = kNow + std::chrono::seconds{1};
        writer.put(later);
        confirm(writer, "h9", "cal-ann");
    });
    subject.read([](const Reader& reader) {
        const CalendarId calendar{"cal-ann"};
        const auto due = reader.open_mirrors(calendar, kNow, 10);
        BOOST_TEST_REQUIRE(due.size() == 2u);
        BOOST_TEST(due.at(0).appointment.value == "h3");
        BOOST_TEST(due.at(1).appointment.value == "h5");
        BOOST_TEST(reader.open_mirrors(calendar, kNow + std::chrono::seconds{1}, 1).at(0).appointment.value == "h1");
        BOOST_TEST(reader.count_open_mirrors(calendar) == 3);
    });
}

void an_exception_undoes_its_own_work_only(Subject& subject) {
    subject.write([](Writer& writer) { writer.put_setting("before", "1"); });
    BOOST_CHECK_THROW(
        subject.write([](Writer& writer) {
            writer.put_setting("before", "2");
            writer.put_setting("half", "1");
            throw std::out_of_range("no");
        }),
        std::out_of_range
    );
    subject.read([](const Reader& reader) {
        BOOST_TEST(reader.setting("before").value() == "1");
        BOOST_TEST(!reader.setting("half"));
    });
}

void appointments_of_a_person_within_a_window(Subject& subject) {
    subject.write([](Writer& writer) {
        set_up(writer);
        for (int hour = 0; hour < 6; ++hour) book(writer, hour_of("h" + std::to_string(hour), hour));
        book(writer, hour_of("other", 2, "bob"));
        cancel(writer, "h3");
    });
    subject.read([](const Reader& reader) {
        const Interval window{instant("2026-04-01T02:00:00Z"), instant("2026-04-01T05:00:00Z")};
        const auto found = reader.appointments_of({"ann"}, window);
        BOOST_TEST_REQUIRE(found.size() == 2u);
        BOOST_TEST(found.at(0).first.id.value == "h2");
        BOOST_TEST(found.at(1).first.id.value == "h4");
        BOOST_TEST((reader.appointments({"h4"}, 2).at(0).id.value == "h5"));
    });
}

void conflicts_changes_answers_and_keys(Subject& subject) {
    std::int64_t id = 0;
    subject.write([&](Writer& writer) {
        Conflict conflict;
        conflict.why = "Both changed.";
        conflict.theirs = Shown{};
        id = writer.add(conflict);
        writer.add(Conflict{});
        conflict.id = id;
        conflict.state = ConflictState::ResolvedOurs;
        writer.put(conflict);
        for (int i = 0; i < 3; ++i) writer.append(Change{0, kNow, "kind", "s" + std::to_string(i), "cli", "", 0});
        writer.put_idempotent_answer("old", {"d", 201, "{}", kNow});
        writer.put_idempotent_answer("new", {"d", 201, "{}", kNow + std::chrono::hours{1}});
        writer.forget_idempotent_answers(kNow + std::chrono::minutes{1});
        writer.put(ApiKey{"hash", "till", KeyScope::Read, kNow, std::nullopt});
        writer.put(ApiKey{"hash", "till", KeyScope::Write, kNow, kNow + std::chrono::hours{1}});
        writer.put(ApiKey{"other", "website", KeyScope::Monitor, kNow, std::nullopt});
    });
    subject.read([&](const Reader& reader) {
        BOOST_TEST(reader.conflicts(true).size() == 1u);
        BOOST_TEST(reader.conflicts(false).size() == 2u);
        BOOST_TEST((reader.conflict(id)->state == ConflictState::ResolvedOurs));
        BOOST_TEST(reader.last_change() == 3);
        BOOST_TEST(reader.changes(1, 1).at(0).subject == "s1");
        BOOST_TEST(reader.changes(1, 1).at(0).sequence == 2);
        BOOST_TEST(!reader.idempotent_answer("old"));
        BOOST_TEST(reader.idempotent_answer("new")->status == 201);
        const std::vector<ApiKey> keys = {
            {"hash", "till", KeyScope::Write, kNow, kNow + std::chrono::hours{1}},
            {"other", "website", KeyScope::Monitor, kNow, std::nullopt}};
        BOOST_TEST((reader.api_keys() == keys));
    });
    subject.write([](Writer& writer) { writer.erase_api_key("other"); });
    subject.write([](Writer& writer) { writer.erase_api_key("hash"); });
    subject.read([](const Reader& reader) { BOOST_TEST(reader.api_keys().empty()); });
}

void every_revision_is_kept(Subject& subject) {
    const auto put = [&](std::int64_t revision, const std::string& title) {
        subject.write([&](Writer& writer) {
            writer.put(Staff{.id = {"ann"}});
            Appointment row;
            row.id = {"a"};
            row.staff = {"ann"};
            row.title = title;
            row.revision = revision;
            writer.put(row, {kNow, kNow + std::chrono::hours{1}});
            for (const char* about : {"a", "other"})
                writer.append(Change{0, kNow, "appointment.changed", about, "cli", title, revision});
        });
    };
    for (std::int64_t revision = 1; revision <= 4; ++revision) put(revision, "t" + std::to_string(revision));
    put(4, "t4 again");
    subject.read([](const Reader& reader) {
        const auto last = reader.versions({"a"}, 3);
        BOOST_REQUIRE(last.size() == 3u);
        BOOST_TEST(last[0].title == "t2");
        BOOST_TEST(last[2].title == "t4 again");
        BOOST_TEST(reader.versions({"b"}, 3).empty());
        const auto about = reader.changes_about("a", 2);
        BOOST_REQUIRE(about.size() == 2u);
        BOOST_TEST(about[0].why == "t4");
        BOOST_TEST(about[0].sequence == 7);
        BOOST_TEST(about[1].why == "t4 again");
        BOOST_TEST(reader.changes_about("nobody", 2).empty());
    });
}

void a_scratch_copy_touches_nothing(Subject& subject) {
    subject.write([](Writer& writer) { writer.put_setting("name", "living"); });
    if (subject.in_memory()) {
        BOOST_CHECK_THROW((void)subject.store().scratch_copy(), StoreFailure);
        return;
    }
    const auto copy = subject.store().scratch_copy();
    copy->read([](const Reader& reader) { BOOST_TEST(reader.setting("name").value() == "living"); });
    copy->write([](Writer& writer) { writer.put_setting("name", "scratch"); });
    copy->read([](const Reader& reader) { BOOST_TEST(reader.setting("name").value() == "scratch"); });
    subject.read([](const Reader& reader) { BOOST_TEST(reader.setting("name").value() == "living"); });
}

struct Case {
    const char* name;
    void (*run)(Subject&);
};
constexpr Case kCases[] = {
    {"what_is_put_comes_back", what_is_put_comes_back},
    {"a_mirror_comes_back_whole", a_mirror_comes_back_whole},
    {"an_event_keeps_every_byte", an_event_keeps_every_byte},
    {"doubted_mirrors_are_those_that_every_pass_looks_at", doubted_mirrors_are_those_that_every_pass_looks_at},
    {"open_mirrors_come_soonest_first", open_mirrors_come_soonest_first},
    {"an_exception_undoes_its_own_work_only", an_exception_undoes_its_own_work_only},
    {"appointments_of_a_person_within_a_window", appointments_of_a_person_within_a_window},
    {"conflicts_changes_answers_and_keys", conflicts_changes_answers_and_keys},
    {"every_revision_is_kept", every_revision_is_kept},
    {"a_scratch_copy_touches_nothing", a_scratch_copy_touches_nothing},
};

const struct Registration {
    Registration() {
        namespace ut = boost::unit_test;
        for (const auto& [name, kind] :
             {std::pair("memory", Kind::Memory), {"disk", Kind::Disk}, {"reopened", Kind::Reopened}}) {
            auto* suite = BOOST_TEST_SUITE(name);
            for (const Case& one : kCases) {
                const auto body = [run = one.run, kind = kind] {
                    Subject subject(kind);
                    run(subject);
                };
                suite->add(ut::make_test_case(body, one.name, __FILE__, __LINE__));
            }
            ut::framework::master_test_suite().add(suite);
        }
    }
} kRegistration;

}  // namespace
}  // namespace calgate::testing
