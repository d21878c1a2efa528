"""
What others read of a gateway: the change feed as server-sent events by a reader that goes on after each kill -9, nothing lost and
nothing twice; streams that end whole when the gateway is stopped; feeds and free/busy answers as python3-icalendar reads them; holidays out of a file.
"""

import argparse
import http.client
import os
import sys
import threading
from datetime import date, datetime, timedelta, timezone

import icalendar

from demo import wait_until
from gateway import Gateway
from scratch import in_a_folder

BOOKING_THREADS = 3


class Reader(threading.Thread):
    """Follows the feed as a browser's EventSource does: after each end it connects again with the id of its last event."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway, self.seen, self.connections, self.whole_ends = gateway, [], 0, 0
        self.changed, self.leave = threading.Condition(), threading.Event()

    def run(self):
        while not self.leave.is_set():
            try:
                self.follow()
            except (OSError, http.client.HTTPException):
                self.leave.wait(0.02)

    def follow(self):
        headers = {"Authorization": f"Bearer {self.gateway.key}", "Accept": "text/event-stream"}
        if self.seen:
            headers["Last-Event-ID"] = str(self.seen[-1])
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=30)
        try:
            connection.request("GET", "/v1/changes", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise OSError(f"status {answer.status}")
            self.connections += 1
            event = None
            for line in iter(answer.readline, b""):
                # An event counts once the empty line after it is there.
                if line.startswith(b"id: "):
                    event = int(line[4:])
                elif line == b"\n" and event is not None:
                    with self.changed:
                        self.seen.append(event)
                        self.changed.notify_all()
                    event = None
            self.whole_ends += 1
        finally:
            connection.close()

    def wait_for(self, sequence, seconds=60):
        with self.changed:
            return self.changed.wait_for(lambda: self.seen and self.seen[-1] >= sequence, seconds)


def book_until(gateway, name, stop):
    day, number = date.today() + timedelta(days=10), 0
    while not stop.is_set():
        start = datetime.combine(day, datetime.min.time()) + timedelta(minutes=30 * number)
        body = {"staff": name, "start": start.isoformat(), "end": (start + timedelta(minutes=20)).isoformat(), "zone": "UTC",
                "title": "Booking"}
        try:
            status, _ = gateway.call("PUT", f"/v1/appointments/{name}-{number}", body, {"Idempotency-Key": f"{name}-{number}"})
        except OSError:
            stop.wait(0.02)
            continue
        if status in (200, 201):
            number += 1


def whole_feed(gateway):
    found, after = [], 0
    while True:
        page = gateway.expect("GET", f"/v1/changes?limit=1000&after={after}")
        if not page["changes"]:
            return found
        found += [change["sequence"] for change in page["changes"]]
        after = page["next"]


def follow_through_kills(gateway, kills):
    reader, stop = Reader(gateway), threading.Event()
    reader.start()
    names = [f"p{n}" for n in range(BOOKING_THREADS)]
    for name in names:
        gateway.expect("PUT", "/v1/staff/" + name, {"name": name, "zone": "Europe/Berlin"})
    writers = [threading.Thread(target=book_until, args=(gateway, name, stop)) for name in names]
    for writer in writers:
        writer.start()
    for _ in range(kills):
        seen = len(reader.seen)
        with reader.changed:
            if not reader.changed.wait_for(lambda seen=seen: len(reader.seen) >= seen + 60, 60):
                raise RuntimeError("The reader hears nothing.")
        gateway.kill()
        gateway.start()
    stop.set()
    for writer in writers:
        writer.join()
    feed = whole_feed(gateway)
    arrived = reader.wait_for(feed[-1])
    right = arrived and reader.seen == feed
    print(f"feed: {len(feed)} changes through {kills} kills and {reader.connections} connections; "
          f"lost {len(set(feed) - set(reader.seen))}, twice {len(reader.seen) - len(set(reader.seen))}")
    reader.leave.set()
    before = reader.whole_ends
    gateway.stop()
    reader.join(20)
    ended = reader.whole_ends == before + 1 and gateway.process.returncode == 0
    print("stop:", "the stream ended whole" if ended else "the stream was cut")
    return right and ended


def plain(port, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def read_by_others(gateway):
    booked = gateway.appointments()
    address = gateway.command("feeds", "create", "--staff", "p0", "--full", "--label", "P0").output.strip()
    path = address[len(gateway.url):]
    status, headers, text = plain(gateway.port, path)
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    starts = {event.decoded("dtstart").astimezone(timezone.utc) for event in events}
    own = [a for a in booked if a["staff"] == "p0"]
    good = status == 200 and len(events) == len(own) and all(str(e["summary"]) == "Booking" for e in events)
    again, _, rest = plain(gateway.port, path, {"If-None-Match": headers["ETag"]})
    good &= again == 304 and not rest
    busy = gateway.command("feeds", "create", "--staff", "p0").output.strip()[len(gateway.url):]
    _, _, busy_text = plain(gateway.port, busy)
    blocks = [(e.decoded("dtstart"), e.decoded("dtend")) for e in icalendar.Calendar.from_ical(busy_text).walk("VEVENT")]
    good &= b"Booking" not in busy_text and b"p0" not in busy_text
    first, last = min(starts) - timedelta(days=1), max(starts) + timedelta(days=1)
    window = f"from={first:%Y-%m-%dT%H:%M:%SZ}&to={last:%Y-%m-%dT%H:%M:%SZ}"
    _, answer = gateway.call("GET", f"/v1/availability?staff=p0&{window}", headers={"Accept": "text/calendar"})
    component = icalendar.Calendar.from_ical(answer).walk("VFREEBUSY")[0]
    periods = component.get("freebusy", [])
    spans = [value for line in (periods if isinstance(periods, list) else [periods]) for value in getattr(line, "dts", [line])]
    told = [(p.start, p.end) for p in spans]
    wanted = gateway.expect("GET", f"/v1/availability?staff=p0&{window}")["staff"][0]["busy"]
    parse = lambda value: datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    expected = [(parse(i["start"]), parse(i["end"])) for i in wanted]
    same = [(a.astimezone(timezone.utc), b.astimezone(timezone.utc)) for a, b in told] == expected
    good &= same and [(a.astimezone(timezone.utc), b.astimezone(timezone.utc)) for a, b in blocks] == expected
    listed = gateway.command("feeds", "list").output.split()
    gateway.command("feeds", "revoke", listed[0])
    good &= {plain(gateway.port, p)[0] for p in (path, busy)} == {200, 404}
    with open(os.path.join(gateway.folder, "log.txt"), encoding="utf-8") as log:
        good &= path.split("/")[-1][:20] not in log.read()
    print(f"icalendar: {len(events)} events, {len(blocks)} blocks, {len(told)} free/busy periods, {'as booked' if good else 'NOT as booked'}")
    return good


def keep_holidays(gateway):
    """A file of holidays blocks everybody, also somebody new, and goes on doing so when it is spoilt and the gateway started again."""
    day = date.today() + timedelta(days=200)
    path, following = os.path.join(gateway.folder, "holidays.ics"), day + timedelta(days=1)

    def busy(name):
        answer = gateway.expect("GET", f"/v1/availability?staff={name}&from={day}T00:00:00Z&to={following}T00:00:00Z")
        return [(i["start"], i["end"]) for i in answer["staff"][0]["busy"]]

    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//State//EN", "BEGIN:VEVENT", "UID:h", "DTSTAMP:20260101T000000Z",
                               f"DTSTART;VALUE=DATE:{day:%Y%m%d}", "TRANSP:TRANSPARENT", "END:VEVENT", "END:VCALENDAR", ""]))
    whole = [(f"{day}T00:00:00Z", f"{following}T00:00:00Z")]
    gateway.expect("PUT", "/v1/staff/utc", {"name": "Utc", "zone": "UTC"})
    before = busy("utc")
    gateway.stop()
    gateway.configure({"holidays": {"source": "holidays.ics"}})
    gateway.start()
    wait_until(lambda: busy("utc") == whole, 30, "the holidays are not read")
    with open(path, "w", encoding="utf-8") as out:
        out.write("<html>Sign in</html>")
    gateway.kill()
    gateway.start()
    gateway.expect("PUT", "/v1/staff/new", {"name": "New", "zone": "UTC"})
    good = before == [] and busy("utc") == whole and busy("new") == whole
    print("holidays:", "kept" if good else f"NOT kept: {before} {busy('utc')} {busy('new')}")
    return good


def run(calgate, kills, folder):
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    try:
        gateway.init("Consumers", "Europe/Berlin")
        gateway.start()
        right = follow_through_kills(gateway, kills)
        gateway.start()
        right &= read_by_others(gateway)
        return keep_holidays(gateway) and right
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--kills", type=int, default=30 if os.environ.get("CALGATE_LONG") else 3)
    arguments = parser.parse_args()
    return in_a_folder("consumers", lambda folder: run(arguments.calgate, arguments.kills, folder))


if __name__ == "__main__":
    sys.exit(main())
