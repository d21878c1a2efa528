"""
Export, import into a new gateway, export again: equal to the byte (I29); and what the calendar file holds, read by khal,
which shares no code with us. 10,000 appointments and khal with CALGATE_LONG, 100 without.
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

import business
from gateway import Gateway
from scratch import in_a_folder

LONG = bool(os.environ.get("CALGATE_LONG"))
COUNT = 10_000 if LONG else 100
HOME = ZoneInfo("Europe/Berlin")  # khal's own zone below.
SHOWN = "%Y-%m-%d %H:%M"


def check(what, good):
    print(("ok   " if good else "BAD  ") + what, flush=True)
    return good


def timed(what, work):
    began = time.monotonic()
    done = work()
    print(f"     {what}: {time.monotonic() - began:.1f} s", flush=True)
    return done


def fill(gateway):
    """The demo's business, some of it moved, cancelled and named as people name things."""
    for person, (name, zone) in business.STAFF.items():
        gateway.expect("PUT", f"/v1/staff/{person}", {"name": name, "zone": zone, "working_hours": {"mon": ["09:00-17:00"]}})
    for service, (name, minutes) in business.SERVICES.items():
        gateway.expect("PUT", f"/v1/services/{service}", {"name": name, "duration_min": minutes, "staff": list(business.STAFF)})
    bookings = business.appointments(business.monday(date.today()), COUNT)
    for number, one in enumerate(bookings):
        one["title"] += ("", " ✂️ Ä", ' "quoted", a; b\\c', " =SUM(A1)")[number % 4]
        one["notes"] = ("", "two\nlines", "x" * 900, "übergroß")[number % 4]
    gateway.put_all(bookings)
    gateway.renew()
    for one in bookings[::10]:  # A second revision.
        gateway.expect("PUT", "/v1/appointments/" + one["id"], {**one, "place": "Room 7"})
    for one in bookings[5::20]:
        gateway.expect("DELETE", "/v1/appointments/" + one["id"])


def files_of(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


def expected(gateway):
    """Every appointment as a calendar with the home zone shows it."""
    def at_home(one, edge):
        local = datetime.fromisoformat(one[edge]).replace(tzinfo=ZoneInfo(one["zone"]))
        return local.astimezone(HOME).strftime(SHOWN)

    return sorted((at_home(one, "start"), at_home(one, "end"), one["title"]) for one in gateway.appointments())


def as_khal_reads(folder, text):
    config = os.path.join(folder, "khal.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            f"[calendars]\n[[salon]]\npath = {folder}/vdir\n[sqlite]\npath = {folder}/khal.db\n[locale]\n"
            "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\n"
            "longdatetimeformat = %Y-%m-%d %H:%M\nlocal_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n"
            "[default]\ndefault_calendar = salon\n")
    os.mkdir(os.path.join(folder, "vdir"))

    def khal(*arguments):
        return subprocess.run(["khal", "-c", config, *arguments], capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "XDG_DATA_HOME": folder}).stdout

    timed("khal imports", lambda: khal("import", "--batch", "-a", "salon", text))
    said = timed("khal lists", lambda: khal(
        "list", "--once", "--day-format", "", "--format", "{start-long-full}|{end-long-full}|{title}", str(date.today()), "2000d"))
    return sorted(tuple(line.split("|", 2)) for line in said.splitlines() if line.count("|") >= 2)


def work(program, folder):
    first, second = Gateway(program, os.path.join(folder, "first")), Gateway(program, os.path.join(folder, "second"))
    for gateway in (first, second):
        gateway.init("Salon Aurora", "Europe/Berlin")
    first.start()
    try:
        timed(f"booking {COUNT}", lambda: fill(first))
        wanted = expected(first)
        one, again = os.path.join(folder, "export"), os.path.join(folder, "export-again")
        timed("export", lambda: first.command("export", one))
    finally:
        first.stop()
    tried = timed("dry run", lambda: second.command("import", one)).output
    good = check("the dry run says what it would take in: " + tried.splitlines()[0], f"{COUNT} appointments" in tried)
    timed("import", lambda: second.command("import", one, "--apply"))
    timed("export again", lambda: second.command("export", again))
    before, after = files_of(one), files_of(again)
    differ = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    good &= check(f"{len(before)} files, {sum(map(len, before.values()))} bytes, equal to the byte{': not ' + str(differ) if differ else ''}",
                  before and not differ)
    good &= check(f"of {COUNT} appointments, as many events", before["appointments.ics"].count(b"BEGIN:VEVENT") == COUNT == len(wanted))
    if LONG:
        read = as_khal_reads(folder, os.path.join(one, "appointments.ics"))
        wrong = sorted(set(read) ^ set(wanted))
        good &= check(f"khal shows {len(read)} events at the same times{': but ' + str(wrong[:4]) if wrong else ''}", read == wanted)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calgate", required=True)
    options = parser.parse_args()
    return in_a_folder("round-trip", lambda folder: work(options.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
