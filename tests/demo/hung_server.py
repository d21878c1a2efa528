"""A CalDAV server that accepts and never answers: availability, bookings and status go on, and say how old their data is (R14, I17, I19)."""

import argparse
import os
import re
import socket
import sys
import threading
import time
from datetime import datetime, timedelta

import business
from caldav_client import CalDav
from demo import wait_until
from gateway import Gateway
from scratch import in_a_folder
from servers import Radicale

CLIENTS, SECONDS, LONGEST = 4, 8, 5.0


class Relay(threading.Thread):
    """Passes bytes to a server until it hangs: then it accepts, reads and says nothing."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.behind, self.hung, self.taken = port, threading.Event(), 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.behind))
            threading.Thread(target=self.pass_on, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(server, client, False), daemon=True).start()

    def pass_on(self, source, target, asking):
        try:
            while data := source.recv(65536):
                if self.hung.is_set():
                    self.taken += asking
                    continue
                target.sendall(data)
        except OSError:
            pass
        if not self.hung.is_set():
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Client(threading.Thread):
    """Asks for availability and books, over and over; keeps every answer's status and time, and what was acknowledged."""

    def __init__(self, gateway, name, person, first_day, end):
        super().__init__()
        self.gateway, self.name_, self.person, self.first_day, self.end = gateway, name, person, first_day, end
        self.asked, self.booked, self.bad, self.acknowledged = [], [], [], []

    def timed(self, into, method, path, body=None):
        began = time.monotonic()
        status, answer = self.gateway.call(method, path, body)
        into.append(time.monotonic() - began)
        if status not in (200, 201):
            self.bad.append((method, path, status, answer))
        return status

    def run(self):
        window = f"from={self.first_day}T00:00:00Z&to={self.first_day + timedelta(days=7)}T00:00:00Z"
        number = 0
        while time.monotonic() < self.end:
            for _ in range(20):
                self.timed(self.asked, "GET", f"/v1/availability?staff={self.person}&{window}")
            start = datetime.combine(self.first_day, datetime.min.time()) + timedelta(days=30, minutes=30 * number)
            booking = {
                "id": f"{self.name_}-{number:04d}", "staff": self.person, "start": start.isoformat(),
                "end": (start + timedelta(minutes=30)).isoformat(), "zone": "UTC", "title": "Load", "override_busy": True,
            }
            if self.timed(self.booked, "PUT", "/v1/appointments/" + booking["id"], booking) == 201:
                self.acknowledged.append(booking["id"])
            self.timed(self.booked, "GET", "/v1/status")
            number += 1


def load(gateway, phase, people, first_day):
    """@return answer times of availability and of the rest, what was refused, what was acknowledged."""
    end = time.monotonic() + SECONDS
    clients = [Client(gateway, f"{phase}-{name}", name, first_day, end) for name in people]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    gather = lambda field: [entry for client in clients for entry in getattr(client, field)]
    return gather("asked"), gather("booked"), gather("bad"), gather("acknowledged")


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def set_call_timeout(gateway, seconds):
    file = os.path.join(gateway.folder, "calgate.toml")
    with open(file, encoding="utf-8") as settings:
        text = settings.read()
    with open(file, "w", encoding="utf-8") as settings:
        settings.write(re.sub(r"call_timeout_s = \d+", f"call_timeout_s = {seconds}", text))


def sources(gateway, people, first_day):
    """Age and freshness of every external calendar, by calendar."""
    window = f"from={first_day}T00:00:00Z&to={first_day + timedelta(days=7)}T00:00:00Z"
    answer = gateway.expect("GET", f"/v1/availability?staff={','.join(people)}&{window}")
    return {
        source["source"] + person["id"]: source
        for person in answer["staff"] for source in person["sources"] if source["source"] != "appointments"
    }, [person["busy"] for person in answer["staff"]]


def run(calgate, folder):
    first_day = business.monday(business.today())
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    people = list(business.STAFF)[:CLIENTS]
    wrong = []

    def check(good, sentence):
        if not good:
            wrong.append(sentence)

    try:
        radicale.start()
        relay = Relay(radicale.port)
        relay.start()
        gateway.init("Hung", "UTC")
        set_call_timeout(gateway, 3)
        gateway.start()
        raw = CalDav(radicale.port)
        for name in people:
            gateway.expect("PUT", f"/v1/staff/{name}", {"id": name, "name": name, "zone": "UTC", "capacity": 2})
            for kind in ("bookings", "private"):
                raw.make_calendar(f"{radicale.home}{kind}-{name}/", f"{kind}-{name}")
            for file, text in business.private_events(name, first_day).items():
                raw.put(f"{radicale.home}private-{name}/{file}", text)
            gateway.connect(relay.port, name, mirror=[f"bookings-{name}"], busy=[f"private-{name}"])
        wait_until(lambda: all(t["live"] for t in gateway.status()["targets"]), 30, "the calendars were not read")
        _, busy = sources(gateway, people, first_day)
        healthy = load(gateway, "healthy", people, first_day)

        relay.hung.set()
        gateway.sync()
        wait_until(lambda: relay.taken > 0, 20, "nothing was asked of the hung server")
        before, busy_before = sources(gateway, people, first_day)
        hung = load(gateway, "hung", people, first_day)
        after, busy_after = sources(gateway, people, first_day)

        for phase, (asked, rest, bad, acknowledged) in (("healthy", healthy), ("hung", hung)):
            print(
                f"{phase:8} availability p50 {percentile(asked, 0.5):.1f} ms, p99 {percentile(asked, 0.99):.1f} ms, longest "
                f"{max(asked) * 1000:.0f} ms ({len(asked)} answers); bookings and status p99 {percentile(rest, 0.99):.1f} ms "
                f"({len(rest)} answers, {len(acknowledged)} booked)"
            )
            check(not bad, f"{phase}: {len(bad)} answers were no success, the first {bad[:1]}")
            check(max(asked + rest) < LONGEST, f"{phase}: an answer took {max(asked + rest):.1f} s")
        check(busy and busy == busy_before == busy_after, "the busy time that was known is not served any more")
        check(set(before) == set(after) and len(after) == len(people), "a source is missing in the answer")
        for name in after:
            check(after[name]["age_s"] > before[name]["age_s"], f"the age of {name} does not grow")
        trouble = [t for t in gateway.status()["targets"] if not t["live"]]
        wait_until(
            lambda: all(s["freshness"] == "cached" for s in sources(gateway, people, first_day)[0].values()), 25,
            "the hung calendars are still called live",
        )
        held = {a["id"] for a in gateway.appointments()}
        check(held >= set(healthy[3]) | set(hung[3]), "an acknowledged booking is lost")
        print(f"{relay.taken} requests swallowed; {len(trouble)} calendars named as not live at the end of the load")
        for sentence in wrong:
            print("WRONG: " + sentence, file=sys.stderr)
        return not wrong
    finally:
        gateway.stop()
        radicale.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    arguments = parser.parse_args()
    return in_a_folder("hung", lambda folder: run(arguments.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
