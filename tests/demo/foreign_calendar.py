"""A calendar of 500 events (1,000 with CALGATE_LONG=1) of every kind that calgate has never seen: nothing foreign is changed, busy time is right to
the second for any day, week or month. The expectation comes from python-dateutil and zoneinfo, which share nothing with calgate."""

import argparse
import os
import random
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from caldav_client import CalDav
from demo import stamp, wait_until
from gateway import Gateway
from scratch import in_a_folder
from servers import Radicale, Xandikos

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]
WINDOWS_NAMES = {"Europe/Berlin": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time"}
OWNER_ZONE = ZoneInfo("Europe/Berlin")
RULES = [
    "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR", "FREQ=DAILY;COUNT=30", "FREQ=MONTHLY;BYMONTHDAY=15",
    "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY", "FREQ=DAILY;INTERVAL=3;COUNT=20",
    "FREQ=WEEKLY;COUNT=12;BYDAY=TU,TH", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
]


def to_utc(local, zone):
    """RFC 5545 3.3.5: the first of two, the offset before a gap; zoneinfo's fold=0 is exactly that."""
    return local.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)


class Generated:
    """One calendar object and what it blocks, as (start, end, kind) in UTC."""

    def __init__(self, number, chance, first_day, horizon):
        self.uid = f"foreign-{number:04d}"
        self.busy = []
        name = chance.choice(ZONES)
        zone = ZoneInfo(name)
        start = datetime.combine(first_day + timedelta(days=chance.randrange(-20, 120)), datetime.min.time())
        start += timedelta(minutes=15 * chance.randrange(0, 96))
        length = timedelta(minutes=15 * chance.randrange(1, 13))
        shape = chance.choices(["single", "all-day", "series", "exceptions"], [60, 10, 20, 10])[0]
        style = chance.choices(["busy", "transparent", "tentative", "cancelled", "private"], [80, 6, 6, 3, 5])[0]
        # Radicale 3.1.8 takes no repeating event in a zone that it does not know.
        windows = shape == "single" and chance.random() < 0.15
        tzid = WINDOWS_NAMES.get(name, name) if windows else name
        local = lambda prop, when: f"{prop}:{when:%Y%m%dT%H%M%S}Z" if name == "UTC" else f"{prop};TZID={tzid}:{when:%Y%m%dT%H%M%S}"
        extra = {"transparent": ["TRANSP:TRANSPARENT"], "tentative": ["STATUS:TENTATIVE"], "cancelled": ["STATUS:CANCELLED"],
                 "private": ["CLASS:PRIVATE"]}.get(style, [])
        kind = {"transparent": None, "cancelled": None, "tentative": "tentative"}.get(style, "busy")
        head = ["BEGIN:VEVENT", f"UID:{self.uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:Event {number}", *extra]
        detached = []
        if shape == "all-day":
            days = chance.randrange(1, 4)
            head += [f"DTSTART;VALUE=DATE:{start:%Y%m%d}", f"DTEND;VALUE=DATE:{start + timedelta(days=days):%Y%m%d}"]
            day = datetime.combine(start.date(), datetime.min.time())
            occurrences = [(to_utc(day, OWNER_ZONE), to_utc(day + timedelta(days=days), OWNER_ZONE))]
        elif shape == "single":
            if chance.random() < 0.2:
                head += [local("DTSTART", start), f"DURATION:PT{int(length.total_seconds() // 60)}M"]
                occurrences = [(to_utc(start, zone), to_utc(start, zone) + length)]
            else:
                head += [local("DTSTART", start), local("DTEND", start + length)]
                occurrences = [(to_utc(start, zone), to_utc(start + length, zone))]
        else:
            rule = chance.choice(RULES)
            locals_ = [w for w in rrulestr("RRULE:" + rule, dtstart=start).between(start, horizon, inc=True)]
            if start not in locals_:
                locals_.insert(0, start)
            head += [local("DTSTART", start), local("DTEND", start + length), "RRULE:" + rule]
            moved = None
            if shape == "exceptions" and len(locals_) > 3:
                dropped, moved = locals_[1], locals_[2]
                head += [local("EXDATE", dropped)]
                locals_.remove(dropped)
                locals_.remove(moved)
            occurrences = [(to_utc(w, zone), to_utc(w + length, zone)) for w in locals_]
            if moved:
                at = moved + timedelta(hours=5)
                detached = ["BEGIN:VEVENT", f"UID:{self.uid}", "DTSTAMP:20260101T000000Z", local("RECURRENCE-ID", moved),
                            local("DTSTART", at), local("DTEND", at + length), "SUMMARY:Moved", *extra, "END:VEVENT"]
                occurrences.append((to_utc(at, zone), to_utc(at + length, zone)))
        if kind:
            self.busy = [(a, b, kind) for a, b in occurrences if b > a]
        self.text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody else//EN", *head, "END:VEVENT", *detached,
                                 "END:VCALENDAR", ""])


def union(spans):
    joined = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def clipped(spans, start, end):
    return [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]


def compare_windows(gateway, expected, first_day, chance):
    """Days, weeks and months: everything that blocks, and the part that is not merely tentative."""
    wrong, windows = [], 0
    for days in [1] * 40 + [7] * 25 + [30] * 10:
        start = datetime.combine(first_day + timedelta(days=chance.randrange(-15, 300)), datetime.min.time(), timezone.utc)
        end = start + timedelta(days=days)
        answer = gateway.expect("GET", f"/v1/availability?staff=owner&from={stamp(start)}&to={stamp(end)}")["staff"][0]["busy"]
        parse = lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        for kinds in (("busy",), ("busy", "tentative")):
            got = union((parse(i["start"]), parse(i["end"])) for i in answer if i["kind"] in kinds)
            want = union(clipped([(a, b) for a, b, kind in expected if kind in kinds], start, end))
            windows += 1
            if got != want:
                wrong.append((kinds, stamp(start), days, sorted(set(got) ^ set(want))[:4]))
    return windows, wrong


def run(calgate, server, seed, folder, count):
    chance = random.Random(seed)
    first_day = date.today() + timedelta(days=1)
    horizon = datetime.combine(first_day, datetime.min.time()) + timedelta(days=500)
    events = [Generated(number, chance, first_day, horizon) for number in range(count)]
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    try:
        server.start()
        raw = CalDav(server.port)
        calendar = f"{server.home}own/"
        raw.make_calendar(calendar, "own")
        for event in events:
            raw.put(calendar + event.uid + ".ics", event.text)
        before = {href: text for href, (_, text) in raw.events(calendar).items()}
        gateway.init("Foreign", "Europe/Berlin")
        gateway.start()
        gateway.expect("PUT", "/v1/staff/owner", {"id": "owner", "name": "Owner", "zone": "Europe/Berlin", "capacity": 1})
        gateway.connect(server.port, "owner", mirror=["own"], busy=["own"])
        far = datetime.combine(first_day + timedelta(days=600), datetime.min.time())
        for number in range(10):
            start = far + timedelta(days=number)
            gateway.expect("PUT", f"/v1/appointments/far-{number}", {
                "id": f"far-{number}", "staff": "owner", "start": start.isoformat(),
                "end": (start + timedelta(minutes=30)).isoformat(), "zone": "Europe/Berlin", "title": "Far",
                "override_busy": True})
        wait_until(lambda: gateway.waiting() == 0 and all(t["live"] for t in gateway.status()["targets"]), 180, "no first sync")
        after = {href: text for href, (_, text) in raw.events(calendar).items()}
        changed = [href for href, text in before.items() if after.get(href) != text]
        added = len(after) - len(before)
        expected = [span for event in events for span in event.busy]
        windows, wrong = compare_windows(gateway, expected, first_day, chance)
        print(f"{server.name}: {count} foreign events, {len(changed)} changed or gone, {added} added (10 copies and the marker); "
              f"{windows} windows compared, {len(wrong)} wrong")
        for row in wrong[:3]:
            print("   ", row)
        return not changed and not wrong and added == 11
    finally:
        gateway.stop()
        server.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1000 if os.environ.get("CALGATE_LONG") else 500)
    arguments = parser.parse_args()
    codes = [
        in_a_folder("foreign", lambda folder, kind=kind: run(
            arguments.calgate, kind(kind.__name__, os.path.join(folder, "server")), arguments.seed, folder, arguments.events
        ))
        for kind in (Radicale, Xandikos)
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
