"""The host is gone: every appointment comes back from the calendars alone, nothing is lost, nothing doubled (L6, R8)."""

import argparse
import os
import re
import shutil
import sys
from datetime import datetime, timedelta

import business
from caldav_client import CalDav, field
from demo import wait_until
from gateway import Gateway
from planted import plant
from scratch import in_a_folder
from servers import Radicale

PEOPLE = ["anna", "ben"]
BOOKINGS = 40
FIELDS = ["id", "staff", "service", "start", "end", "zone", "state", "title", "place", "customer", "notes"]


def book(gateway, first_day):
    for person in PEOPLE:
        gateway.expect("PUT", f"/v1/staff/{person}", {"name": person.title(), "zone": "Europe/Berlin", "capacity": 1})
    gateway.expect("PUT", "/v1/services/cut", {"name": "Cut", "duration_min": 30, "staff": PEOPLE})
    for person in PEOPLE:
        for number in range(BOOKINGS):
            start = datetime.combine(first_day, datetime.min.time()) + timedelta(days=number // 8, hours=8 + number % 8)
            gateway.expect("PUT", f"/v1/appointments/{person}-{number:03d}", {
                "staff": person, "service": "cut", "start": start.isoformat(), "zone": "Europe/Berlin",
                "end": (start + timedelta(minutes=30)).isoformat(), "title": f"Cut {number}",
                "customer": f"Customer {number}, +49 30 {number}", "notes": "Colour 7\nallergic to latex", "place": "Chair 2",
            })


def edit_on_the_phone(raw, calendar):
    """Moves one copy by eight hours; returns its new start as the calendar shows it."""
    path, (etag, text) = min((p, e) for p, e in raw.events(calendar).items() if "calgate marker" not in e[1])
    start, end = field(text, "DTSTART"), field(text, "DTEND")
    later = lambda at: (datetime.strptime(at, "%Y%m%dT%H%M%S") + timedelta(hours=8)).strftime("%Y%m%dT%H%M%S")
    raw.put(path, text.replace(start, later(start)).replace(end, later(end)).replace("\n", "\r\n"), etag)
    return datetime.strptime(later(start), "%Y%m%dT%H%M%S").isoformat()


def content(appointments):
    return {a["id"]: {name: a.get(name) for name in FIELDS} for a in appointments}


def run(calgate, folder):
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    first = Gateway(calgate, os.path.join(folder, "calgate"))
    second = Gateway(calgate, os.path.join(folder, "calgate-new"))
    try:
        radicale.start()
        raw = CalDav(radicale.port)
        calendars = {person: f"{radicale.home}bookings-{person}/" for person in PEOPLE}
        for person in PEOPLE:
            raw.make_calendar(calendars[person], f"bookings-{person}")
        shown = first.command("init", "--name", "Salon", "--zone", "Europe/Berlin", "--listen", f"127.0.0.1:{first.port}").output
        first.key = plant(re.search(r"cg_[A-Za-z0-9_-]+", shown).group(0), "a key of the API", "demo-key")
        key_file = os.path.join(folder, "recovery.key")
        with open(os.open(key_file, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(plant(re.search(r"Recovery key.*\n +(\S+)", shown).group(1), "the recovery key", "recovery.key", "keys.json") + "\n")
        first.start()
        book(first, business.monday(business.today()) + timedelta(days=7))
        for person in PEOPLE:
            first.command(
                "connect", "caldav", "--url", f"http://127.0.0.1:{radicale.port}/", "--user", "demo",
                "--staff", person, "--mirror", f"bookings-{person}",
            )
        wait_until(lambda: first.waiting() == 0, 60, "the copies were not written")
        before = content(first.appointments())
        first.kill()
        shutil.rmtree(first.folder)

        moved = edit_on_the_phone(raw, calendars["anna"])
        copies = sum(len(raw.events(calendars[person])) for person in PEOPLE)
        second.init("Salon", "Europe/Berlin")
        second.command("connect", "caldav", "--url", f"http://127.0.0.1:{radicale.port}/", "--user", "demo")
        asked = ["restore", "--from", "bookings-anna", "--from", "bookings-ben"]
        without_key = second.command(*asked, check=False)
        dry = second.command(*asked, "--recovery-key", key_file)
        applied = second.command(*asked, "--recovery-key", key_file, "--apply")
        again = second.command(*asked, "--apply")
        second.start()
        wait_until(lambda: second.waiting() == 0, 60, "the copies did not settle")
        second.sync()
        verified = second.verify()
        after = content(second.appointments())
        lost = [i for i in before if i not in after]
        changed = [i for i in before if i in after and after[i] != before[i]]
        followed = len(changed) == 1 and after[changed[0]]["start"] == moved
        doubled = sum(len(raw.events(calendars[person])) for person in PEOPLE) - copies
        services = second.expect("GET", "/v1/services")["services"]
        print(
            f"{len(before)} appointments, {len(lost)} lost, {len(changed)} edited on the phone and "
            f"{'followed' if followed else 'NOT followed'}, {doubled} copies doubled; verify ended with {verified.code}"
        )
        checks = {
            "a wrong key is refused": without_key.code == 1 and "recovery key does not open" in without_key.output,
            "a dry run writes nothing": "add --apply" in dry.output,
            "both calendars are adopted": applied.output.count(f"{BOOKINGS} copies adopted") == 2,
            "restoring again changes nothing": again.output.count("0 copies adopted") == 2,
            "services are back": [s["id"] for s in services] == ["cut"],
            "nothing is lost": not lost and len(after) == len(before),
            "the edit counts": followed,
            "nothing is doubled": doubled == 0,
            "verify is content": verified.code == 0,
        }
        for name, good in checks.items():
            if not good:
                print(f"BAD: {name}", file=sys.stderr)
        if not all(checks.values()):
            for output in (without_key, dry, applied, again, verified):
                print(output.output, file=sys.stderr)
        return all(checks.values())
    finally:
        first.stop()
        second.stop()
        radicale.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    arguments = parser.parse_args()
    return in_a_folder("restore", lambda folder: run(arguments.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
