"""
The README's section "Connect your own CalDAV server", and a thousand appointments edited from both sides, at a CalDAV server that
already runs and that nothing else here knows. The account has two calendars, "Personal" and "Bookings"; this fills both with events
of every kind (`strange_events.py`) and compares every byte of them before and after. Not part of any run: docs/testing.md says how.
"""

import argparse
import os
import random
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from caldav_client import DAV, CalDav, field, unfold
from caldav_site import instant_of, later, rewritten
from demo import read_all, require, say, stamp, wait_until
from foreign_calendar import clipped, union
from gateway import Gateway
from scratch import in_a_folder
from strange_events import ZONES, StrangeEvent, to_utc


class StrangeServer:
    def __init__(self, options):
        self.raw, self.home = CalDav(options.port, options.user, options.password), options.home

    def snapshot(self, calendar):
        """{address: bytes} of everything in a calendar, each read by itself."""
        body = ('<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:resourcetype/></d:prop>'
                "</d:propfind>")
        status, _, answer = self.raw.request("PROPFIND", calendar, body, {"Depth": "1", "Content-Type": "application/xml"}, 300)
        require(status == 207, f"PROPFIND {calendar} answered {status}")
        hrefs = [unquote(r.findtext(DAV + "href")) for r in ET.fromstring(answer).findall(DAV + "response")]
        hrefs = [href for href in hrefs if href.rstrip("/") != calendar.rstrip("/")]

        def get(href):
            status, headers, text = self.raw.request("GET", href)
            require(status == 200, f"GET {href} answered {status}")
            return href, (headers.get("etag"), text)

        with ThreadPoolExecutor(6) as pool:
            return dict(pool.map(get, hrefs))

    def fill(self, calendar, events):
        """@return those that the server took."""
        def put(event):
            refused = []
            for name, text in event.objects.items():
                status, _, body = self.raw.request(
                    "PUT", f"{calendar}{name}.ics", text.encode(), {"Content-Type": "text/calendar; charset=utf-8"})
                if status not in (200, 201, 204):
                    refused.append((event.kind, status, body[:160]))
            return event, refused

        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(put, events))
        for kind, count in Counter((row[0], row[1]) for _, refused in done for row in refused).items():
            say(f"   not taken by the server: {count} of kind {kind[0]} ({kind[1]})")
        return [event for event, refused in done if not refused]


def with_given_ends(events, snapshot):
    """SOGo 5.8 stores an hour's length with an event that came without an end; then that is what it blocks."""
    stored = {href.rsplit("/", 1)[1]: unfold(text.decode()) for href, (_, text) in snapshot.items()}
    for event in events:
        if event.kind == "no-end" and field(stored[event.uid + ".ics"], "DURATION") == "PT1H":
            event.block(to_utc(event.start, event.zone), to_utc(event.start, event.zone) + timedelta(hours=1))


def copies_of(snapshot):
    found = {}
    for href, (etag, content) in snapshot.items():
        text = unfold(content.decode())
        ours = field(text, "X-CALGATE-MARK") or "calgate-mark" in text
        if ours and field(text, "SUMMARY") != "calgate marker":
            found[href] = (etag, text)
    return found


def untouched(before, after, what):
    changed = [href for href, (_, text) in before.items() if href in after and after[href][1] != text]
    gone = [href for href in before if href not in after]
    say(f"   {what}: {len(before)} foreign events, {len(changed)} changed, {len(gone)} gone")
    return not changed and not gone


def timed(gateway, *arguments, code=0):
    begun = time.monotonic()
    done = gateway.command(*arguments, check=False)
    say(f"$ calgate {' '.join(arguments)}   [{done.code}, {time.monotonic() - begun:.1f} s]")
    say("   " + "\n   ".join(done.output.strip().splitlines()[:8]))
    require(done.code == code, f"it ended with {done.code}")
    return done.output


def walk(gateway, options):
    account = ["connect", "caldav", "--url", options.url, "--user", options.user]
    timed(gateway, *account)
    timed(gateway, *account, "--staff", "anna", "--create-staff", "Anna Berg", "--zone", "Europe/Berlin", "--mirror", "Bookings",
          "--busy", "Personal")
    begun = time.monotonic()
    wait_until(lambda: all(source["freshness"] != "unknown" for source in sources(gateway)), 300, "no first reading")
    say(f"   read after {time.monotonic() - begun:.1f} s")
    timed(gateway, "calendars")
    timed(gateway, "status")
    appointment = ('{"staff":"anna","start":"2027-01-12T09:00:00","end":"2027-01-12T09:30:00","zone":"Europe/Berlin",'
                   '"title":"Haircut"}')
    curl = ["curl", "-s", "-H", "Authorization: Bearer " + gateway.key]
    for command in (["-X", "PUT", gateway.url + "/v1/appointments/booking-1", "-H", "Content-Type: application/json", "-d", appointment],
                    [gateway.url + "/v1/availability?staff=anna&from=2027-01-12T00:00:00Z&to=2027-01-13T00:00:00Z"]):
        shown = subprocess.run(curl + command, capture_output=True, text=True, check=True, timeout=30).stdout
        say("   " + shown[:300])
    wait_until(lambda: gateway.waiting() == 0, 60, "no copy of the first booking")
    timed(gateway, "verify")


def sources(gateway):
    day = datetime.now(timezone.utc)
    window = f"from={stamp(day)}&to={stamp(day + timedelta(days=1))}"
    return gateway.expect("GET", f"/v1/availability?staff=anna&{window}")["staff"][0]["sources"]


def compare_busy(gateway, events, first_day, chance, count):
    expected, wrong, seconds = [span for event in events for span in event.busy], [], []
    parse = lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    for number in range(count):
        zone, days = ZoneInfo(chance.choice([*ZONES, "UTC"])), (1, 7, 30)[number % 3]
        day = datetime.combine(first_day + timedelta(days=chance.randrange(-15, 330)), datetime.min.time())
        start, end = (at.replace(tzinfo=zone).astimezone(timezone.utc) for at in (day, day + timedelta(days=days)))
        begun = time.monotonic()
        answer = gateway.expect("GET", f"/v1/availability?staff=anna&from={stamp(start)}&to={stamp(end)}")["staff"][0]["busy"]
        seconds.append(time.monotonic() - begun)
        for kinds in (("busy",), ("busy", "tentative")):
            got = union((parse(i["start"]), parse(i["end"])) for i in answer if i["kind"] in kinds)
            want = union(clipped([(a, b) for a, b, kind in expected if kind in kinds], start, end))
            if got != want:
                wrong.append((kinds, stamp(start), days, sorted(set(got) ^ set(want))[:4]))
    year = clipped([(a, b) for a, b, _ in expected], at := datetime.now(timezone.utc), at + timedelta(days=330))
    share = sum(((b - a) for a, b in union(year)), timedelta()) / timedelta(days=330)
    say(f"   busy time: {2 * count} answers compared, {len(wrong)} wrong; {share:.0%} of the time is taken; "
        f"slowest answer {1000 * max(seconds):.0f} ms")
    for row in wrong[:5]:
        say(f"      {row}")
    return not wrong


class Business:
    """A thousand appointments, and what each should be after edits from both sides."""

    def __init__(self, gateway, server, calendar, count):
        self.gateway, self.server, self.calendar = gateway, server, calendar
        self.wanted = {}
        first = datetime.combine(date.today() + timedelta(days=20), datetime.min.time())
        for number in range(count):
            start = first + timedelta(days=number // 20, minutes=480 + 40 * (number % 20))
            self.wanted[f"b-{number:04d}"] = [start, start + timedelta(minutes=25), f"Visit {number}"]
        self.fresh, self.edits = list(self.wanted), Counter()

    def body(self, name):
        start, end, title = self.wanted[name]
        return {"id": name, "staff": "anna", "start": start.isoformat(), "end": end.isoformat(), "zone": "Europe/Berlin",
                "title": title, "override_busy": True}

    def book(self):
        self.gateway.put_all([self.body(name) for name in self.wanted])

    def settle(self, seconds=600):
        read_all(self.gateway)
        wait_until(lambda: self.gateway.waiting() == 0, seconds, "copies wait")

    def take(self, count):
        taken, self.fresh = self.fresh[:count], self.fresh[count:]
        return taken

    def round(self, moves, renames, removals):
        """Each edit hits another appointment, half of them through the API and half by the raw client."""
        copies = copies_of(self.server.snapshot(self.calendar))
        by_title = {field(text, "SUMMARY"): (href, etag, text) for href, (etag, text) in copies.items()}
        self.gateway.renew()
        spans = [timedelta(minutes=1 + number % 14) for number in range(moves)]  # Many alike would be a wrong time zone.
        for name, by in zip(self.take(moves), spans):
            self.wanted[name][0] += by
            self.wanted[name][1] += by
            self.gateway.expect("PUT", "/v1/appointments/" + name, self.body(name))
        for name in self.take(renames):
            self.wanted[name][2] += " anew"
            self.gateway.expect("PUT", "/v1/appointments/" + name, self.body(name))
        for name in self.take(removals):
            del self.wanted[name]
            self.gateway.expect("DELETE", "/v1/appointments/" + name)
        for name, by in zip(self.take(moves), spans):
            self.rewrite(by_title[self.wanted[name][2]], lambda line: later(line, by))
            self.wanted[name][0] += by
            self.wanted[name][1] += by
        for name in self.take(renames):
            title = self.wanted[name][2] + " by phone"
            self.rewrite(by_title[self.wanted[name][2]], lambda l: "SUMMARY:" + title if l.startswith("SUMMARY") else l)
            self.wanted[name][2] = title
        for name in self.take(1):
            self.server.raw.delete(by_title[self.wanted.pop(name)[2]][0])
        self.edits.update(moves=2 * moves, renames=2 * renames, cancels=removals, deletions=1)

    def rewrite(self, copy, change):
        href, etag, text = copy
        self.server.raw.put(href, rewritten(text, change), etag)

    def compare(self):
        zone = ZoneInfo("Europe/Berlin")
        want = Counter((a.replace(tzinfo=zone).astimezone(timezone.utc), b.replace(tzinfo=zone).astimezone(timezone.utc), title)
                       for a, b, title in self.wanted.values())
        copies = copies_of(self.server.snapshot(self.calendar)).values()
        got = Counter((instant_of(t, "DTSTART"), instant_of(t, "DTEND"), field(t, "SUMMARY")) for _, t in copies)
        lost, doubled = sum((want - got).values()), sum((got - want).values())
        told = {a["id"]: a for a in self.gateway.appointments() if a["state"] == "confirmed"}
        differ = [name for name, (start, end, title) in self.wanted.items()
                  if name not in told or (told[name]["start"], told[name]["title"]) != (start.isoformat(), title)]
        say(f"   {len(self.wanted)} appointments, edits {dict(self.edits)}; {len(got)} copies, {lost} lost, {doubled} doubled, "
            f"{len(differ)} differ in the API, {len(set(told) - set(self.wanted))} too many")
        for row in [*(want - got), *(got - want), *differ][:6]:
            say(f"      {row}")
        return not (lost or doubled or differ or set(told) - set(self.wanted))


def run(options, folder):
    chance, first_day = random.Random(options.seed), date.today() + timedelta(days=1)
    horizon = datetime.combine(first_day, datetime.min.time()) + timedelta(days=500)
    server, calendars = StrangeServer(options), {name: f"{options.home}{name}/" for name in ("Personal", "Bookings")}
    made = {name: [StrangeEvent(n, f"{name[0].lower()}{options.seed}", chance, first_day, horizon, options.own)
                   for n in range(options.events if name == "Personal" else options.events // 3)] for name in calendars}
    haircut = datetime(2027, 1, 12, 8, 0, tzinfo=timezone.utc)
    made["Personal"] = [e for e in made["Personal"] if not clipped([span[:2] for span in e.busy], haircut, haircut + timedelta(minutes=30))]
    events = {name: server.fill(calendars[name], made[name]) for name in calendars}
    before = {name: server.snapshot(calendars[name]) for name in calendars}
    with_given_ends(events["Personal"], before["Personal"])
    gateway = Gateway(options.calgate, os.path.join(folder, "calgate-data"))
    gateway.password = options.password
    good = True
    try:
        gateway.init("Salon Aurora", "Europe/Berlin")
        gateway.start()
        walk(gateway, options)
        for name in calendars:
            good &= untouched(before[name], server.snapshot(calendars[name]), name)
        gateway.renew()
        gateway.expect("DELETE", "/v1/appointments/booking-1")
        good &= compare_busy(gateway, events["Personal"], first_day, chance, options.windows)
        timed(gateway, "connect", "caldav", "--url", options.url, "--user", options.user, "--staff", "anna", "--mirror", "Bookings",
              "--show", "title")
        business, begun = Business(gateway, server, calendars["Bookings"], options.appointments), time.monotonic()
        business.book()
        say(f"   booked after {time.monotonic() - begun:.1f} s")
        business.settle()
        say(f"   mirrored after {time.monotonic() - begun:.1f} s")
        good &= business.compare()
        for _ in range(6):
            size = options.appointments // 50
            business.round(size, size // 2, size // 4)
            business.settle()
        good &= business.compare()
        for name in calendars:
            good &= untouched(before[name], server.snapshot(calendars[name]), name)
        timed(gateway, "verify")
        return good
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--url", required=True, help="what README calls https://cal.example.org/")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", default="anna")
    parser.add_argument("--password", default="demo")
    parser.add_argument("--home", required=True, help="path under which Personal/ and Bookings/ lie")
    parser.add_argument("--own", required=True, help="the account's mail address, as the server gives it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument("--appointments", type=int, default=1000)
    options = parser.parse_args()
    return in_a_folder("strange", lambda folder: run(options, folder))


if __name__ == "__main__":
    sys.exit(main())
