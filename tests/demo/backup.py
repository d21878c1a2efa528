"""A backup taken while the gateway takes bookings comes back whole in another folder (docs/operating.md)."""

import argparse
import os
import shutil
import sqlite3
import sys
import threading

from gateway import Gateway
from scratch import in_a_folder


def check(what, good):
    print(("ok   " if good else "BAD  ") + what)
    return good


def book(gateway, number):
    hour, minute = divmod(number * 10, 60)
    day, hour = divmod(hour, 24)
    start, end = (f"2030-01-{day + 1:02}T{hour:02}:{minute + later:02}:00" for later in (0, 9))
    booking = {"staff": "anna", "start": start, "end": end, "zone": "Europe/Berlin", "title": f"Nr. {number}"}
    status, answer = gateway.call("PUT", f"/v1/appointments/nr-{number}", booking)
    if status != 201:
        raise RuntimeError(f"booking {number} answered {status}: {answer}")


def work(program, folder):
    gateway = Gateway(program, os.path.join(folder, "data"))
    gateway.init("Salon Aurora", "Europe/Berlin")
    gateway.start()
    try:
        gateway.expect("PUT", "/v1/staff/anna", {"name": "Anna", "zone": "Europe/Berlin"})
        acknowledged, enough = [], threading.Event()

        def keep_booking():
            for number in range(200):
                book(gateway, number)
                acknowledged.append(number)
                if number == 50:
                    enough.set()

        booking = threading.Thread(target=keep_booking)
        booking.start()
        enough.wait(60)
        known = len(acknowledged)
        os.makedirs(os.path.join(folder, "again"), 0o700)
        store = sqlite3.connect(f"file:{gateway.folder}/calgate.db?mode=ro", uri=True)
        store.execute("VACUUM INTO ?", [os.path.join(folder, "again", "calgate.db")])
        store.close()
        booking.join()
        good = check(f"all 200 bookings were taken, {known} before the backup began", len(acknowledged) == 200 and 50 < known < 200)
        living = {one["id"]: one for one in gateway.appointments()}
    finally:
        gateway.stop()

    for name in ("calgate.toml", "keys.json"):
        shutil.copy2(os.path.join(gateway.folder, name), os.path.join(folder, "again", name))
    again = Gateway(program, os.path.join(folder, "again"))
    again.port, again.key = gateway.port, gateway.key
    again.start()
    try:
        found = {one["id"]: one for one in again.appointments()}
        missing = [number for number in range(known) if f"nr-{number}" not in found]
        good &= check(f"the backup has all that was acknowledged before it: {len(found)} bookings", not missing)
        good &= check("each as it was", all(living[name] == one for name, one in found.items()))
        book(again, 300)
        return good & check("and it takes bookings", again.get("nr-300")["title"] == "Nr. 300")
    finally:
        again.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calgate", required=True)
    options = parser.parse_args()
    return in_a_folder("backup", lambda folder: work(options.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
