"""`./dev demo`: a fixture business on two real CalDAV servers, phone edits, an outage, a crash, and the proof after it."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import business
from caldav_client import CalDav, field
from gateway import Gateway
from servers import Radicale, Xandikos

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".demo")


class Failure(Exception):
    """A figure of the demo is wrong."""


def require(condition, sentence):
    if not condition:
        raise Failure(sentence)


def say(text):
    print(text, flush=True)


def wait_until(condition, seconds, sentence):
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if condition():
            return time.monotonic() - start
        time.sleep(0.1)
    raise Failure(f"{sentence} (waited {seconds} s)")


class Load:
    """Bookings and availability questions during the outage, each outcome kept."""

    def __init__(self, gateway, bookings, window):
        self.gateway, self.bookings, self.window = gateway, list(bookings), window
        self.accepted, self.refused, self.latencies, self.ageless, self.failed = [], [], [], 0, 0
        self.cached = {}  # Source to the number of answers that rested on what was known of it.
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.book, self.ask)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def book(self):
        for booking in self.bookings:
            while not self.stop.is_set():  # Across the crash: the same key again until there is an answer.
                try:
                    status, answer = self.gateway.call(
                        "PUT", "/v1/appointments/" + booking["id"], booking, {"Idempotency-Key": booking["id"]}
                    )
                except OSError:
                    time.sleep(0.05)
                    continue
                (self.accepted if status in (200, 201) else self.refused).append((booking["id"], status, answer))
                break
            time.sleep(0.02)

    def ask(self):
        start, end = self.window
        path = f"/v1/availability?staff=anna,ben&from={start}&to={end}"
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                status, answer = self.gateway.call("GET", path)
            except OSError:
                time.sleep(0.02)
                continue
            self.latencies.append(time.monotonic() - began)
            self.failed += status != 200
            if status == 200:
                sources = [source for person in answer["staff"] for source in person["sources"]]
                self.ageless += any(s.get("as_of") is None or "freshness" not in s for s in sources)
                for source in sources:
                    if source["freshness"] == "cached":
                        self.cached[source["source"]] = self.cached.get(source["source"], 0) + 1
            time.sleep(0.01)


def set_up(gateway, servers, first_day):
    for name, (person, zone) in business.STAFF.items():
        gateway.expect("PUT", f"/v1/staff/{name}", {"id": name, "name": person, "zone": zone, "capacity": 1})
    for name, (title, minutes) in business.SERVICES.items():
        gateway.expect(
            "PUT", f"/v1/services/{name}", {"id": name, "name": title, "duration_min": minutes, "staff": list(business.STAFF)}
        )
    for server in servers:
        raw = CalDav(server.port)
        for name in business.STAFF:
            raw.make_calendar(f"{server.home}bookings-{name}/", f"bookings-{name}")
    for number, name in enumerate(business.STAFF):
        server = servers[number % 2]
        raw = CalDav(server.port)
        raw.make_calendar(f"{server.home}private-{name}/", f"private-{name}")
        for file, text in business.private_events(name, first_day).items():
            raw.put(f"{server.home}private-{name}/{file}", text)
    for server in servers:
        for number, name in enumerate(business.STAFF):
            busy = [f"private-{name}"] if servers[number % 2] is server else []
            gateway.connect(server.port, name, mirror=[f"bookings-{name}"], busy=busy)


def copies_on(server):
    """Every event in the mirror calendars of a server that carries calgate's mark, marker events left out."""
    raw, found = CalDav(server.port), {}
    for name in business.STAFF:
        for href, (etag, text) in raw.events(f"{server.home}bookings-{name}/").items():
            if field(text, "X-CALGATE-MARK") and field(text, "SUMMARY") != "calgate marker":
                found[href] = (name, etag, text)
    return found


def instant_of(text, name):
    """A DTSTART or DTEND of a copy as UTC."""
    body = text[text.index("BEGIN:VEVENT"):]
    line = next(l for l in body.split("\n") if l.startswith(name))
    value = line.split(":", 1)[1]
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    zone = line.split("TZID=", 1)[1].split(":", 1)[0].split(";", 1)[0].strip('"')
    return datetime.strptime(value, "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)


def count_differences(gateway, server):
    """What an independent reader sees: (copies, lost, doubled) on this server against the API's appointments."""
    wanted = {}
    for appointment in gateway.appointments():
        if appointment["state"] == "confirmed":
            zone = ZoneInfo(appointment["zone"])
            span = tuple(
                datetime.fromisoformat(appointment[key]).replace(tzinfo=zone).astimezone(timezone.utc) for key in ("start", "end")
            )
            wanted[(appointment["staff"], *span)] = wanted.get((appointment["staff"], *span), 0) + 1
    copies = copies_on(server)
    seen = {}
    for name, _, text in copies.values():
        key = (name, instant_of(text, "DTSTART"), instant_of(text, "DTEND"))
        seen[key] = seen.get(key, 0) + 1
    lost = sum(max(0, count - seen.get(key, 0)) for key, count in wanted.items())
    doubled = sum(max(0, count - wanted.get(key, 0)) for key, count in seen.items())
    return len(copies), lost, doubled


def copy_at(server, staff, start_utc):
    for href, (name, etag, text) in copies_on(server).items():
        if name == staff and instant_of(text, "DTSTART") == start_utc:
            return href, etag, text
    raise Failure(f"{server.name} has no copy for {staff} at {start_utc}.")


def utc_of(booking, key):
    return datetime.fromisoformat(booking[key]).replace(tzinfo=ZoneInfo(booking["zone"])).astimezone(timezone.utc)


def phone_edits(gateway, radicale, xandikos, booked):
    """Moves one copy, retitles one and deletes one, as a phone would, and waits until the booking system knows."""
    moved, edited, deleted = booked[0], booked[7], booked[14]
    raw = CalDav(radicale.port)
    href, etag, text = copy_at(radicale, moved["staff"], utc_of(moved, "start"))
    later = {key: (datetime.fromisoformat(moved[key]) + timedelta(hours=8)).strftime("%Y%m%dT%H%M%S") for key in ("start", "end")}
    lines = []
    inside = False
    for line in text.split("\n"):
        inside = inside or line == "BEGIN:VEVENT"
        if inside and line.startswith("DTSTART"):
            line = line.split(":", 1)[0] + ":" + later["start"]
        if inside and line.startswith("DTEND"):
            line = line.split(":", 1)[0] + ":" + later["end"]
        lines.append(line)
    raw.put(href, "\r\n".join(lines), etag)
    href, etag, text = copy_at(radicale, edited["staff"], utc_of(edited, "start"))
    title = field(text, "SUMMARY")
    raw.put(href, text.replace(f"SUMMARY:{title}", "SUMMARY:Haircut and beard").replace("\n", "\r\n"), etag)
    href, _, _ = copy_at(xandikos, deleted["staff"], utc_of(deleted, "start"))
    CalDav(xandikos.port).delete(href)

    gateway.sync()
    took = wait_until(
        lambda: gateway.get(moved["id"])["start"].startswith(datetime.strptime(later["start"], "%Y%m%dT%H%M%S").isoformat())
        and gateway.get(edited["id"])["title"] == "Haircut and beard"
        and gateway.get(deleted["id"])["state"] == "cancelled",
        60, "the three phone edits did not come back",
    )
    say(f"   {moved['id']} moved by 8 h, {edited['id']} retitled, {deleted['id']} cancelled: in the API after {took:.1f} s")


def check_private_time(gateway, first_day):
    """Busy time of the first week's end against what the fixture says, to the second."""
    for name, (_, zone) in business.STAFF.items():
        zone = ZoneInfo(zone)
        start = datetime.combine(first_day + timedelta(days=4), datetime.min.time(), zone)
        end = start + timedelta(days=3)
        answer = gateway.expect("GET", f"/v1/availability?staff={name}&from={stamp(start)}&to={stamp(end)}")
        got = [(i["start"], i["end"]) for i in answer["staff"][0]["busy"]]
        want = [(stamp(a.replace(tzinfo=zone)), stamp(b.replace(tzinfo=zone))) for a, b in business.expected_private_busy(name, first_day)]
        require(got == want, f"busy time of {name} is {got}, the calendars say {want}")


def stamp(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def run(arguments):
    shutil.rmtree(FOLDER, ignore_errors=True)
    first_day = business.monday(business.today())
    radicale = Radicale("Radicale", os.path.join(FOLDER, "radicale"))
    xandikos = Xandikos("Xandikos", os.path.join(FOLDER, "xandikos"))
    servers = [radicale, xandikos]
    gateway = Gateway(arguments.calgate, os.path.join(FOLDER, "calgate"))
    began = time.monotonic()
    try:
        story(gateway, radicale, xandikos, servers, first_day, began)
        if arguments.keep:
            say(f"\nStill running: the API at {gateway.url} (key in {gateway.folder}/demo-key),")
            say(f"Radicale at http://127.0.0.1:{radicale.port}/, Xandikos at http://127.0.0.1:{xandikos.port}/ (demo / demo). Ctrl-C ends it.")
            signal.sigwait([signal.SIGINT, signal.SIGTERM])
    finally:
        gateway.stop()
        for server in servers:
            server.kill()


def story(gateway, radicale, xandikos, servers, first_day, began):
    say("1. Two CalDAV servers that other people wrote, and a business of five people in two time zones")
    for server in servers:
        server.start()
    gateway.init("Salon Aurora", "Europe/Berlin")
    gateway.start()
    set_up(gateway, servers, first_day)
    say(f"   Radicale on port {radicale.port}, Xandikos on port {xandikos.port}, calgate on {gateway.url}")

    booked = business.appointments(first_day)
    say(f"2. {len(booked)} appointments over four weeks are booked and mirrored to both")
    gateway.put_all(booked)
    took = wait_until(lambda: gateway.waiting() == 0, 120, "not every appointment was mirrored")
    for server in servers:
        copies, lost, doubled = count_differences(gateway, server)
        require((copies, lost, doubled) == (len(booked), 0, 0), f"{server.name} holds {copies} copies, {lost} lost, {doubled} doubled")
    say(f"   {len(booked)} copies on each server, {took:.1f} s after the last booking")
    check_private_time(gateway, first_day)
    say("   busy time from the private calendars (series, exception, moved instance, leave, private, free) is right to the second")

    say("3. Staff edit three copies on their phones")
    asked = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    gateway.sync()
    wait_until(lambda: all((t["as_of"] or "") >= asked for t in gateway.status()["targets"]), 60, "the calendars were not read")
    phone_edits(gateway, radicale, xandikos, booked)
    wait_until(lambda: gateway.waiting() == 0, 60, "the other copies did not follow")

    say("4. Xandikos dies while bookings come in")
    window = (stamp(datetime.now(timezone.utc)), stamp(datetime.now(timezone.utc) + timedelta(days=28)))
    healthy = Load(gateway, [], window)
    healthy.start()
    time.sleep(2)
    healthy.finish()
    xandikos.kill()
    load = Load(gateway, business.extra_appointments(first_day, 60), window)
    load.start()
    wait_until(lambda: len(load.accepted) >= 20, 60, "bookings stopped during the outage")
    gateway.sync()
    question = f"/v1/availability?staff=ben&from={window[0]}&to={window[1]}"
    sources = lambda: gateway.expect("GET", question)["staff"][0]["sources"]
    wait_until(lambda: any(s["freshness"] == "cached" for s in sources()), 60, "nobody noticed the outage")
    names = gateway.calendar_names()
    for source in sources():
        name = names.get(source["source"], source["source"])
        say(f"   Ben's answer rests on {name}: {source['freshness']}, {source['age_s']} s old")

    say("5. calgate itself is killed with kill -9 and started again")
    gateway.kill()
    gateway.start()
    wait_until(lambda: len(load.accepted) + len(load.refused) >= 60, 60, "bookings did not go on after the restart")
    load.finish()
    require(not load.refused, f"bookings were refused: {load.refused[:3]}")
    lost_bookings = [i for i, _, _ in load.accepted if gateway.call("GET", "/v1/appointments/" + i)[0] != 200]
    require(not lost_bookings, f"acknowledged bookings are lost: {lost_bookings}")
    require(load.failed == 0, f"{load.failed} availability answers failed")
    require(load.ageless == 0, f"{load.ageless} availability answers did not say how old their sources are")
    say(f"   {len(load.accepted)} bookings accepted, {len(load.latencies)} availability answers, 0 failed")
    say(
        f"   availability p99 {percentile(load.latencies, 0.99) * 1000:.1f} ms during the outage, "
        f"{percentile(healthy.latencies, 0.99) * 1000:.1f} ms before"
    )

    say("6. Xandikos is back")
    xandikos.start()
    converged = wait_until(lambda: gateway.waiting() == 0, 120, "the waiting copies were not written")
    gateway.sync()
    say(f"   everything that waited was written {converged:.1f} s after it came back")

    say("7. Every copy is compared by content")
    verified = gateway.verify()
    say("\n".join("   " + line for line in verified.output.splitlines()))
    rows = [(server, *count_differences(gateway, server)) for server in servers]
    ports = gateway.source_ports()
    live = sum(1 for a in gateway.appointments() if a["state"] == "confirmed")
    say("")
    say(f"   {'target':<10} {'appointments':>12} {'copies':>7} {'lost':>5} {'doubled':>8} {'stale answers':>14} {'converged':>10}")
    for server, copies, lost, doubled in rows:
        when = f"{converged:.1f} s" if server is xandikos else "–"
        stale = sum(count for source, count in load.cached.items() if ports.get(source) == server.port)
        say(f"   {server.name:<10} {live:>12} {copies:>7} {lost:>5} {doubled:>8} {stale:>14} {when:>10}")
        require(stale > 0 if server is xandikos else stale < len(load.latencies), f"{stale} answers rested on the cache of {server.name}")
    say("   stale answers: given from the cache during the outage, each with the age of what it rests on")
    say(f"\n   The whole story took {time.monotonic() - began:.0f} s.")
    require(verified.code == 0, "calgate verify found differences")
    for server, copies, lost, doubled in rows:
        require((copies, lost, doubled) == (live, 0, 0), f"{server.name}: {copies} copies of {live}, {lost} lost, {doubled} doubled")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    try:
        run(parser.parse_args())
    except (Failure, RuntimeError, subprocess.CalledProcessError) as failure:
        print(f"\nThe demo failed: {failure}\nLogs are in {os.path.normpath(FOLDER)}.", file=sys.stderr)
        return 1
    print("\nNothing was lost, nothing was doubled.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
