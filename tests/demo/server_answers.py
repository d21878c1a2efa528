"""
What servers themselves say about busy time beside what calgate says of the same calendar, event by event: Xandikos by
free-busy-query, Radicale by calendar-query with a time range. Each disagreement has a reason here and a line in
docs/service-notes.md; another one, or one that is gone, fails.
"""

import argparse
import os
import re
import sys
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone

from caldav_client import DAV, CalDav
from demo import stamp, wait_until
from gateway import Gateway
from scratch import in_a_folder
from servers import Radicale, Xandikos

FROM, TO = datetime(2027, 3, 26, tzinfo=timezone.utc), datetime(2027, 4, 6, tzinfo=timezone.utc)

# name: the lines of the VEVENTs, with DTSTAMP and UID left out; within FROM to TO except for what lies at its edges.
EVENTS = {
    "plain": [["DTSTART:20270327T090000Z", "DTEND:20270327T100000Z"]],
    "tentative": [["DTSTART:20270327T110000Z", "DTEND:20270327T120000Z", "STATUS:TENTATIVE"]],
    "transparent": [["DTSTART:20270327T130000Z", "DTEND:20270327T140000Z", "TRANSP:TRANSPARENT"]],
    "cancelled": [["DTSTART:20270327T150000Z", "DTEND:20270327T160000Z", "STATUS:CANCELLED"]],
    "zero-length": [["DTSTART:20270327T170000Z", "DTEND:20270327T170000Z"]],
    "ends-as-the-window-begins": [["DTSTART:20270325T230000Z", "DTEND:20270326T000000Z"]],
    "begins-as-the-window-ends": [["DTSTART:20270406T000000Z", "DTEND:20270406T010000Z"]],
    "reaches-in": [["DTSTART:20270325T230000Z", "DTEND:20270326T003000Z"]],
    "in-a-zone": [["DTSTART;TZID=Europe/Berlin:20270330T090000", "DTEND;TZID=Europe/Berlin:20270330T100000"]],
    "across-the-change": [["DTSTART;TZID=Europe/Berlin:20270328T013000", "DTEND;TZID=Europe/Berlin:20270328T033000"]],
    "all-day": [["DTSTART;VALUE=DATE:20270401", "DTEND;VALUE=DATE:20270402"]],
    "floating": [["DTSTART:20270402T080000", "DTEND:20270402T090000"]],
    "duration": [["DTSTART:20270402T100000Z", "DURATION:PT45M"]],
    "series": [["DTSTART:20270301T060000Z", "DTEND:20270301T063000Z", "RRULE:FREQ=DAILY;UNTIL=20270329T060000Z"]],
    "series-across-the-change": [["DTSTART;TZID=Europe/Berlin:20270327T200000", "DTEND;TZID=Europe/Berlin:20270327T203000",
                                  "RRULE:FREQ=DAILY;COUNT=3"]],
    "excluded": [["DTSTART:20270330T120000Z", "DTEND:20270330T123000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270331T120000Z"]],
    "extra-date": [["DTSTART:20270330T140000Z", "DTEND:20270330T143000Z", "RDATE:20270403T140000Z"]],
    "moved": [["DTSTART:20270330T160000Z", "DTEND:20270330T163000Z", "RRULE:FREQ=DAILY;COUNT=3"],
              ["RECURRENCE-ID:20270331T160000Z", "DTSTART:20270331T190000Z", "DTEND:20270331T193000Z"]],
    "this-and-future": [["DTSTART:20270330T210000Z", "DTEND:20270330T213000Z", "RRULE:FREQ=DAILY;COUNT=3"],
                        ["RECURRENCE-ID;RANGE=THISANDFUTURE:20270331T210000Z", "DTSTART:20270331T220000Z",
                         "DTEND:20270331T223000Z"]],
}

FIRST_ONLY = "series are not expanded: only DTSTART and each override's own time count (RFC 4791 7.10 wants all)"
BY_TIME_ALONE = "calendar-query matches by time alone (RFC 4791 9.9); STATUS and TRANSP are the client's to read"
NO_LENGTH = "an event without length is named; it takes no time"

# What a server says otherwise, and why.
KNOWN = {
    "Xandikos": {"series": FIRST_ONLY, "series-across-the-change": FIRST_ONLY, "excluded": FIRST_ONLY, "extra-date": FIRST_ONLY,
                 "moved": FIRST_ONLY, "this-and-future": FIRST_ONLY, "zero-length": NO_LENGTH},
    "Radicale": {"cancelled": BY_TIME_ALONE, "transparent": BY_TIME_ALONE, "zero-length": NO_LENGTH},
}


def text_of(name):
    parts = [["BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20260101T000000Z", "SUMMARY:" + name, *lines, "END:VEVENT"]
             for lines in EVENTS[name]]
    zone = ["BEGIN:VTIMEZONE", "TZID:Europe/Berlin",
            "BEGIN:DAYLIGHT", "DTSTART:19810329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT",
            "BEGIN:STANDARD", "DTSTART:19961027T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
            "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD", "END:VTIMEZONE"]
    uses = any("TZID=" in line for lines in EVENTS[name] for line in lines)
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody else//EN", *(zone if uses else []),
                        *[line for part in parts for line in part], "END:VCALENDAR", ""])


def compact(when):
    return when.strftime("%Y%m%dT%H%M%SZ")


def parse(text):
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)


def report(raw, path, body):
    status, _, answer = raw.request("REPORT", path, '<?xml version="1.0" encoding="utf-8"?>' + body,
                                    {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"})
    return status, answer.decode()


def asked_by_free_busy(raw, path):
    """Spans as (start, end, kind), or why there are none."""
    status, text = report(raw, path, '<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav">'
                          f'<c:time-range start="{compact(FROM)}" end="{compact(TO)}"/></c:free-busy-query>')
    if status != 200:
        return f"status {status}"
    spans = set()
    for kind, value in re.findall(r"^FREEBUSY(?:;FBTYPE=([A-Z-]+))?[^:\n]*:(.*)$", text.replace("\r\n ", "").replace("\r\n", "\n"), re.M):
        for period in value.split(","):
            start, end = period.strip().split("/")
            begins = parse(start)
            ends = begins + length_of(end) if end.startswith("P") else parse(end)
            spans.add((begins, ends, "tentative" if kind == "BUSY-TENTATIVE" else "busy"))
    return spans


def length_of(text):
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def touched_by_query(raw, path):
    """Whether the event touches the window, as calendar-query with a time range says (RFC 4791 9.9)."""
    status, text = report(raw, path, '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop>'
                          '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
                          f'<c:time-range start="{compact(FROM)}" end="{compact(TO)}"/>'
                          "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>")
    if status != 207:
        return f"status {status}"
    return len(ET.fromstring(text).findall(DAV + "response")) > 0


def own_answers(gateway):
    answers = {}
    for name in EVENTS:
        busy = gateway.expect("GET", f"/v1/availability?staff={name}&from={stamp(FROM)}&to={stamp(TO)}")["staff"][0]["busy"]
        read = lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        answers[name] = {(read(i["start"]), read(i["end"]), i["kind"]) for i in busy}
    return answers


def clipped(spans):
    return {(max(a, FROM), min(b, TO), kind) for a, b, kind in spans}


def run(calgate, server, folder):
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    try:
        server.start()
        raw = CalDav(server.port)
        for name in EVENTS:  # A calendar and a person for each, so that a disagreement has a name.
            raw.make_calendar(f"{server.home}{name}/", name)
            raw.put(f"{server.home}{name}/{name}.ics", text_of(name))
        gateway.init("Answers", "UTC")
        gateway.start()
        for name in EVENTS:
            gateway.expect("PUT", "/v1/staff/" + name, {"id": name, "name": name, "zone": "UTC", "capacity": 1})
            gateway.connect(server.port, name, mirror=[], busy=[name])
        wait_until(lambda: all(t["live"] for t in gateway.status()["targets"]), 120, "no first sync")
        own, differs = own_answers(gateway), {}
        for name in EVENTS:
            path = f"{server.home}{name}/"
            if server.name == "Xandikos":
                theirs = asked_by_free_busy(raw, path)
                same = not isinstance(theirs, str) and clipped(theirs) == own[name]
            else:
                theirs = touched_by_query(raw, path)
                same = theirs is bool(own[name])
            if not same:
                differs[name] = (theirs, sorted(own[name]))
        known = KNOWN[server.name]
        for name in sorted(set(differs) ^ set(known)):
            print("  not as expected:", name, *differs.get(name, ("as calgate says, though it should not:", known.get(name))))
        print(f"{server.name}: {len(EVENTS)} events, {len(differs)} answered otherwise, {len(known)} of them for a known reason")
        return set(differs) == set(known)
    finally:
        gateway.stop()
        server.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    arguments = parser.parse_args()
    return max(
        in_a_folder("answers", lambda folder, kind=kind: run(arguments.calgate, kind(kind.__name__, os.path.join(folder, "server")), folder))
        for kind in (Xandikos, Radicale)
    )


if __name__ == "__main__":
    sys.exit(main())
