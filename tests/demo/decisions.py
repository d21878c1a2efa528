"""A receptionist decides at the command line: conflicts side by side, a stopped run, what a run would do, undo, provenance."""

import argparse
import os
import sys
from datetime import datetime, timedelta

import business
from caldav_site import CaldavSite
from demo import read_all, wait_until
from gateway import Gateway
from scratch import in_a_folder
from servers import Radicale

BOOKINGS = 10
WAITS = 3  # The exit code of a command that leaves something for a person to decide.
ZONE = "Europe/Berlin"


def booking(number):
    day = datetime.combine(business.monday(business.today()) + timedelta(days=7 + number % 5), datetime.min.time())
    start = day + timedelta(hours=9 + 3 * (number // 5))
    return {
        "staff": "anna", "service": "cut", "start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat(),
        "zone": ZONE, "title": f"Cut {number}",
    }


class Desk:
    """The gateway, the calendar that Anna's phone shows, and what is expected of both."""

    def __init__(self, gateway, site):
        self.gateway, self.site, self.wrong = gateway, site, []

    def check(self, name, good, shown=""):
        if not good:
            self.wrong.append(name)
            print(f"BAD: {name}\n{shown}", file=sys.stderr)

    def says(self, name, arguments, *words, code=0):
        done = self.gateway.command(*arguments, check=False)
        missing = [word for word in words if word not in done.output]
        self.check(name, done.code == code and not missing, f"{arguments} ended with {done.code}, without {missing}:\n{done.output}")
        return done.output

    def title(self, number):
        return self.gateway.get(f"b{number}")["title"]

    def start(self, number):
        return self.gateway.get(f"b{number}")["start"][:19]

    def copies(self):
        """By the number of the booking; the phone knows it from the title that was booked."""
        found = {int(c.title.split()[1]): c for c in self.site.copies() if c.title.startswith("Cut ")}
        self.check("every copy is there once", len(found) == BOOKINGS, str(found))
        return found

    def on_both_sides(self, number):
        """Anna and the booking system give one appointment different titles, neither knowing of the other."""
        self.site.retitle(self.copies()[number], f"Cut {number} by Anna")
        self.gateway.expect("PUT", f"/v1/appointments/b{number}", {**booking(number), "title": f"Cut {number} at the desk"})

    def conflict(self, **wanted):
        """The number of the conflict that has these values; waits until there is one."""
        def found():
            listed = self.gateway.expect("GET", "/v1/conflicts")["conflicts"]
            return [c["id"] for c in listed if wanted.items() <= c.items()]

        wait_until(found, 90, f"no conflict came up with {wanted}")
        return str(found()[0])

    def settled(self):
        wait_until(lambda: self.gateway.waiting() == 0, 60, "the copies were not written")
        read_all(self.gateway)


def one_by_one(desk):
    """Ours, theirs, and both with a time of its own."""
    for number in range(3):
        desk.on_both_sides(number)
    ours, theirs, merged = (desk.conflict(appointment=f"b{number}") for number in range(3))
    desk.says("both versions are shown", ["conflicts"], "Cut 0 at the desk", "Cut 0 by Anna", "* title", "Anna", "Cut 0", code=WAITS)
    desk.check("the booking stands while it waits", desk.title(1) == "Cut 1 at the desk")
    desk.check("Anna's words stand while they wait", desk.copies()[1].title == "Cut 1 by Anna")
    desk.says("an unknown number is told", ["conflicts", "resolve", "9999", "ours"], "no conflict with this number", code=1)
    desk.says("an unknown answer is told", ["conflicts", "resolve", ours, "mine-and-theirs"], "ours", code=2)
    desk.says("one conflict is no run", ["conflicts", "approve", ours], "calgate conflicts resolve", code=1)
    taken = booking(3)["start"]
    desk.says("a taken time is refused", ["conflicts", "resolve", merged, "merged", "--start", taken], code=1)
    desk.says("ours", ["conflicts", "resolve", ours, "ours"], "settled")
    desk.says("theirs", ["conflicts", "resolve", theirs, "theirs"], "settled")
    free = (datetime.fromisoformat(booking(2)["start"]) + timedelta(hours=8)).isoformat()
    desk.says("merged", ["conflicts", "resolve", merged, "merged", "--start", free], "settled")
    desk.says("a conflict is decided once", ["conflicts", "resolve", ours, "theirs"], code=1)
    desk.settled()
    copies = desk.copies()
    desk.check("ours is booked and shown", desk.title(0) == copies[0].title == "Cut 0 at the desk")
    desk.check("theirs is booked and shown", desk.title(1) == copies[1].title == "Cut 1 by Anna")
    desk.check("the new time is booked", desk.start(2) == free and desk.gateway.get("b2")["end"] > desk.gateway.get("b2")["start"])
    desk.says("nothing waits any more", ["conflicts"], "Nothing waits")
    desk.says(
        "the provenance names versions, sides and the copy", ["explain", "b1"],
        "Cut 1 at the desk", "Cut 1 by Anna", "as it should be", "conflict",
    )
    desk.says("an unknown appointment is told", ["explain", "nobody"], "no appointment with this id", code=1)


def what_a_run_would_do(desk):
    """While nobody reads, a phone edit is planned, shown, and written nowhere."""
    calendar = next(c for c in desk.gateway.expect("GET", "/v1/calendars")["calendars"] if c["mirror"])
    title = desk.title(5)
    desk.gateway.stop()
    desk.site.retitle(desk.copies()[5], "Cut 5 on the phone")
    before = desk.site.raw().events(desk.site.calendars["anna"])
    desk.says("the plan names the edit", ["sync", "--dry-run"], calendar["name"], "b5", "Nothing was written")
    desk.check("a plan writes into no calendar", desk.site.raw().events(desk.site.calendars["anna"]) == before)
    desk.gateway.start()
    wait_until(lambda: desk.title(5) == "Cut 5 on the phone", 60, f"the edit of {title} was not taken over")


def a_whole_run(desk):
    """Every copy an hour later, as a wrong time zone does it: a person is asked, approves, and takes it back."""
    before = {number: desk.start(number) for number in range(BOOKINGS)}
    for copy in desk.copies().values():
        desk.site.move(copy, timedelta(hours=1))
    run = desk.conflict(kind="brake")
    desk.says("the stopped run is shown", ["conflicts"], "a whole run", "approve N", code=WAITS)
    desk.says("what approving would do is shown", ["sync", "--dry-run"], "waits for a person", "b7", "Nothing was written")
    desk.check("nothing moved yet", {n: desk.start(n) for n in range(BOOKINGS)} == before)
    desk.says("approved", ["conflicts", "approve", run], "settled")
    later = {n: (datetime.fromisoformat(at) + timedelta(hours=1)).isoformat() for n, at in before.items()}
    wait_until(lambda: {n: desk.start(n) for n in range(BOOKINGS)} == later, 60, "the approved run was not taken over")
    desk.settled()
    listed = desk.says("the run is listed", ["undo"], "calgate undo RUN")
    number = str(max(int(line.split()[0]) for line in listed.splitlines() if line[:1].isdigit()))
    desk.gateway.expect("PUT", "/v1/appointments/b9", {**booking(9), "title": "Cut 9 booked since",
                                                       "start": later[9], "end": later[9][:14] + "30:00"})
    desk.says("undone", ["undo", number], "as before the run")
    desk.says("undone once", ["undo", number], "undone before", code=WAITS)
    desk.settled()
    desk.check("every time is as before the run", {n: desk.start(n) for n in range(BOOKINGS)} == before)
    desk.check("what was booked since stays", desk.title(9) == "Cut 9 booked since")
    desk.says("the provenance names the run", ["explain", "b7"], f"run {number}", "start")
    desk.says("an unknown run is told", ["undo", "987654"], "no run with this number", code=1)


def an_emptied_calendar(desk):
    """All copies deleted: nobody's customer is cancelled, and rejecting writes them again."""
    for copy in desk.copies().values():
        desk.site.delete(copy)
    desk.says("rejected", ["conflicts", "reject", desk.conflict(kind="brake")], "settled")
    wait_until(lambda: len(desk.site.copies()) == BOOKINGS, 90, "the copies were not written again")
    desk.check("nobody was cancelled", all(desk.gateway.get(f"b{n}")["state"] == "confirmed" for n in range(BOOKINGS)))


def run(calgate, folder):
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    try:
        radicale.start()
        site = CaldavSite(radicale)
        site.make_calendar("anna")
        gateway.init("Salon", ZONE)
        gateway.start()
        gateway.expect("PUT", "/v1/staff/anna", {"name": "Anna", "zone": ZONE, "capacity": 1})
        gateway.expect("PUT", "/v1/services/cut", {"name": "Cut", "duration_min": 30, "staff": ["anna"]})
        gateway.connect(radicale.port, "anna", ["bookings-anna"], [])
        gateway.put_all([{"id": f"b{number}", **booking(number)} for number in range(BOOKINGS)])
        desk = Desk(gateway, site)
        desk.settled()
        for part in (one_by_one, what_a_run_would_do, a_whole_run, an_emptied_calendar):
            part(desk)
            print(f"{part.__name__.replace('_', ' ')}: {'good' if not desk.wrong else 'BAD'}")
        return not desk.wrong
    finally:
        gateway.stop()
        radicale.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    arguments = parser.parse_args()
    return in_a_folder("decisions", lambda folder: run(arguments.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
