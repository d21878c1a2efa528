"""The host is gone: from any one service the business comes back by the command line, with the recovery key and one account (L6)."""

import argparse
import os
import re
import shutil
import sys
from datetime import datetime, timedelta

import business
from caldav_site import CaldavSite
from cloud import Simulator
from copies import compare
from demo import wait_until
from gateway import Gateway
from own_sites import ExchangeSite, IcloudSite
from planted import plant
from scratch import in_a_folder
from servers import Radicale

BOOKINGS = 12
TARGET = ["--staff", "anna", "--mirror", "bookings-anna", "--show", "busy"]
LEFT_OUT = ("mirrors",)  # Which calendars hold it, and how far: of this host alone.


def book(gateway):
    gateway.expect("PUT", "/v1/staff/anna", {"name": "Anna", "zone": "Europe/Berlin", "capacity": 1})
    gateway.expect("PUT", "/v1/services/cut", {"name": "Cut", "duration_min": 30, "staff": ["anna"]})
    first = datetime.combine(business.monday(business.today()) + timedelta(days=7), datetime.min.time())
    for number in range(BOOKINGS):
        start = first + timedelta(days=number // 4, hours=8 + number % 4)
        gateway.expect("PUT", f"/v1/appointments/anna-{number:03d}", {
            "staff": "anna", "service": "cut", "start": start.isoformat(), "zone": "Europe/Berlin",
            "end": (start + timedelta(minutes=30)).isoformat(), "title": f"Çelik & <Söhne> {number}",
            "customer": f"Customer {number}, +49 30 {number}", "notes": "Colour 7\nallergic to latex", "place": "Chair 2",
        })


def content(gateway):
    return {a["id"]: {name: value for name, value in a.items() if name not in LEFT_OUT} for a in gateway.appointments()}


class Services:
    """How an account of each is connected, with what `connect` is given besides."""

    def __init__(self, simulator, radicale):
        self.simulator, self.radicale = simulator, radicale
        exchange, icloud = ExchangeSite(simulator), IcloudSite(simulator)
        self.all = {
            "google": (simulator.google, lambda gateway, more: simulator.sign_in(gateway, "google", *more)),
            "microsoft": (simulator.graph, lambda gateway, more: simulator.sign_in(gateway, "microsoft", *more)),
            "ews": (exchange, lambda gateway, more: exchange.with_password(
                gateway, "ews", "--url", simulator.logins["ews"]["url"], "--user", simulator.logins["ews"]["user"], *more)),
            "icloud": (icloud, lambda gateway, more: icloud.with_password(
                gateway, "icloud", "--user", simulator.logins["caldav-icloud"]["user"], *more)),
            "caldav": (CaldavSite(radicale), lambda gateway, more: gateway.command(
                "connect", "caldav", "--url", f"http://127.0.0.1:{radicale.port}/", "--user", "demo", *more)),
        }


def restored(calgate, folder, services, name, key_file, before):
    """A new host that knows one account. @return sentences about what is wrong."""
    site, connect = services.all[name]
    gateway, wrong = Gateway(calgate, os.path.join(folder, "calgate-" + name)), []
    check = lambda good, sentence: good or wrong.append(f"{name}: {sentence}")
    try:
        gateway.init("Nobody", "UTC")
        services.simulator.configure(gateway)
        connect(gateway, [])
        asked = ["restore", "--from", "bookings-anna"]
        other = gateway.command(*asked, "--apply", check=False)
        check(other.code == 1 and "Nothing was written." in other.output, "without its key: " + other.output)
        dry = gateway.command(*asked, "--recovery-key", key_file, check=False)
        check(dry.code == 0 and f"{BOOKINGS} appointments, 1 people, 1 services" in dry.output, "the dry run: " + dry.output)
        done = gateway.command(*asked, "--recovery-key", key_file, "--apply", check=False)
        check(done.code == 0 and f"{BOOKINGS} copies adopted" in done.output, "restore: " + done.output)
        gateway.start()
        check(content(gateway) == before, "what came back differs")
        gateway.sync()
        wait_until(lambda: gateway.waiting() == 0 and all(t["live"] for t in gateway.status()["targets"]), 60, f"{name} did not settle")
        check(content(gateway) == before, "what came back differs after it was read")
        copies, lost, doubled = compare(gateway.appointments(), site.copies())
        check((copies, lost, doubled) == (BOOKINGS, 0, 0), f"{copies} copies, {lost} lost, {doubled} doubled")
        verified = gateway.verify()
        check(verified.code == 0, "verify: " + verified.output)
        check([s["id"] for s in gateway.expect("GET", "/v1/services")["services"]] == ["cut"], "the services are not back")
    finally:
        gateway.stop()
    print(f"{name}: {len(before)} appointments came back, {len(wrong)} things wrong")
    return wrong


def run(calgate, program, folder):
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    simulator = Simulator(program, os.path.join(folder, "sim"), "--ews", "plain", "--caldav", "icloud")
    first, wrong = Gateway(calgate, os.path.join(folder, "calgate")), []
    try:
        radicale.start()
        simulator.start()
        services = Services(simulator, radicale)
        shown = first.command("init", "--name", "Salon", "--zone", "Europe/Berlin", "--listen", f"127.0.0.1:{first.port}").output
        first.key = plant(re.search(r"cg_[A-Za-z0-9_-]+", shown).group(0), "a key of the API", "demo-key")
        key_file = os.path.join(folder, "recovery.key")
        with open(os.open(key_file, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(plant(re.search(r"Recovery key.*\n +(\S+)", shown).group(1), "the recovery key", "recovery.key", "keys.json") + "\n")
        simulator.configure(first)
        first.start()
        book(first)
        for site, connect in services.all.values():
            site.make_calendar("anna")
            connect(first, TARGET)
        wait_until(lambda: first.waiting() == 0, 60, "the copies were not written")
        before = content(first)
        masked = {name: [c.title for c in site.copies()] for name, (site, _) in services.all.items()}
        if any(len(titles) != BOOKINGS or any("Söhne" in title for title in titles) for titles in masked.values()):
            wrong.append(f"the copies are not all there, or show what they should not: {masked}")
        first.kill()
        shutil.rmtree(first.folder)
        for name in services.all:
            wrong += restored(calgate, folder, services, name, key_file, before)
    finally:
        first.stop()
        simulator.stop()
        radicale.kill()
    for sentence in wrong:
        print("WRONG: " + sentence, file=sys.stderr)
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--simulator", required=True)
    arguments = parser.parse_args()
    return in_a_folder("anywhere", lambda folder: run(arguments.calgate, arguments.simulator, folder))


if __name__ == "__main__":
    sys.exit(main())
