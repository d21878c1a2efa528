"""Kills `calgate serve` with kill -9 again and again under booking load: nothing acknowledged may be lost, nothing doubled (I1, I6)."""

import argparse
import os
import random
import sys
import threading
import time
from datetime import datetime, timedelta

import business
from caldav_site import CaldavSite
from copies import compare
from demo import wait_until
from gateway import Gateway
from scratch import in_a_folder
from servers import Radicale

BOOKERS = 4


class Booker(threading.Thread):
    """Books one person's slots one after the other, each under its own key, and keeps what was acknowledged."""

    def __init__(self, gateway, person, first_day):
        super().__init__()
        self.gateway, self.person, self.first_day = gateway, person, first_day
        self.acknowledged, self.refused, self.stop = {}, [], threading.Event()

    def run(self):
        number = 0
        while not self.stop.is_set():
            start = datetime.combine(self.first_day, datetime.min.time()) + timedelta(minutes=30 * number)
            booking = {
                "id": f"{self.person}-{number:05d}", "staff": self.person, "start": start.isoformat(),
                "end": (start + timedelta(minutes=30)).isoformat(), "zone": "UTC", "title": f"Booking {number}",
            }
            try:
                status, answer = self.gateway.call(
                    "PUT", "/v1/appointments/" + booking["id"], booking, {"Idempotency-Key": booking["id"]}
                )
            except OSError:
                time.sleep(0.01)
                continue  # The gateway is dead: the same request again.
            if status in (200, 201):
                self.acknowledged[booking["id"]] = booking
            else:
                self.refused.append((booking["id"], status, answer))
            number += 1
            time.sleep(0.01)


def settle(gateway):
    """Until nothing waits. A server takes what it takes for thousands of copies; a minute without any is too long."""
    waiting = gateway.waiting()
    while waiting > 0:
        before = waiting
        wait_until(lambda: gateway.waiting() < before, 60, f"{before} copies wait and none was written", every=1)
        waiting = gateway.waiting()


def run(calgate, rounds, seed, folder):
    chance = random.Random(seed)
    first_day = business.monday(business.today())
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    people = list(business.STAFF)[:BOOKERS]
    try:
        radicale.start()
        gateway.init("Killed", "UTC")
        gateway.start()
        for name in people:
            gateway.expect("PUT", f"/v1/staff/{name}", {"id": name, "name": name, "zone": "UTC", "capacity": 1})
        calendars = CaldavSite(radicale)
        for name in people:
            calendars.make_calendar(name)
            gateway.connect(radicale.port, name, mirror=[f"bookings-{name}"], busy=[])
        bookers = [Booker(gateway, name, first_day) for name in people]
        for booker in bookers:
            booker.start()
        for _ in range(rounds):
            time.sleep(chance.uniform(0.1, 0.9))
            gateway.kill()
            gateway.start()
        for booker in bookers:
            booker.stop.set()
        for booker in bookers:
            booker.join()
        acknowledged = {k: v for booker in bookers for k, v in booker.acknowledged.items()}
        refused = [r for booker in bookers for r in booker.refused]
        held = {a["id"]: a for a in gateway.appointments()}
        lost = [i for i, b in acknowledged.items() if i not in held or held[i]["start"] != b["start"]]
        settle(gateway)
        copies, missing, doubled = compare(held.values(), calendars.copies())
        print(
            f"{rounds} kills (seed {seed}): {len(acknowledged)} acknowledged, {len(lost)} lost, {len(refused)} refused; "
            f"{copies} copies, {missing} missing, {doubled} doubled"
        )
        return not lost and not refused and not missing and not doubled and len(acknowledged) >= rounds
    finally:
        gateway.stop()
        radicale.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--rounds", type=int, default=100 if os.environ.get("CALGATE_LONG") else 8)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return in_a_folder("kill", lambda folder: run(arguments.calgate, arguments.rounds, arguments.seed, folder))


if __name__ == "__main__":
    sys.exit(main())
