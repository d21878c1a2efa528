"""`./dev demo`: a fixture business in Google, Microsoft 365, iCloud, an Exchange server and on two real CalDAV servers; phone edits, outages, a crash, and the proof."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import business
from caldav_client import CalDav
from caldav_site import CaldavSite
from cloud import Simulator
from copies import compare, utc_of
from gateway import Gateway
from own_sites import ExchangeSite, IcloudSite
from servers import Radicale, Xandikos

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".demo")


class Failure(Exception):
    """A figure of the demo is wrong."""


def require(condition, sentence):
    if not condition:
        raise Failure(sentence)


def say(text):
    print(text, flush=True)


def wait_until(condition, seconds, sentence, every=0.1):
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if condition():
            return time.monotonic() - start
        time.sleep(every)
    raise Failure(f"{sentence} (waited {seconds} s)")


def read_all(gateway):
    """Until calgate has read everything that was done before, in every target."""
    asked = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def read():
        if all((t["as_of"] or "") > asked for t in gateway.status()["targets"]):
            return True
        gateway.sync()  # as_of counts whole seconds and is when a reading began
        return False

    wait_until(read, 90, "the calendars were not read")


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


def set_up(gateway, services, first_day):
    for name, (person, zone) in business.STAFF.items():
        gateway.expect("PUT", f"/v1/staff/{name}", {"id": name, "name": person, "zone": zone, "capacity": 1})
    for name, (title, minutes) in business.SERVICES.items():
        gateway.expect(
            "PUT", f"/v1/services/{name}", {"id": name, "name": title, "duration_min": minutes, "staff": list(business.STAFF)}
        )
    for site in services.sites:
        for name in business.STAFF:
            site.make_calendar(name)
    for number, name in enumerate(business.STAFF):
        server = services.servers[number % 2]
        raw = CalDav(server.port)
        raw.make_calendar(f"{server.home}private-{name}/", f"private-{name}")
        for file, text in business.private_events(name, first_day).items():
            raw.put(f"{server.home}private-{name}/{file}", text)

    def connect_all(connect):
        for number, name in enumerate(business.STAFF):
            connect(number, name)

    def at(parity):
        server = services.servers[parity]
        return lambda number, name: gateway.connect(
            server.port, name, mirror=[f"bookings-{name}"], busy=[f"private-{name}"] if number % 2 == parity else []
        )

    simulator = services.simulator
    ways = [
        at(0), at(1), lambda _, name: simulator.connect_google(gateway, name),
        lambda number, name: simulator.connect_graph(gateway, name, by_application=number > 0),
        lambda _, name: services.exchange.connect(gateway, name), lambda _, name: services.icloud.connect(gateway, name),
    ]
    with ThreadPoolExecutor(len(ways)) as pool:
        list(pool.map(connect_all, ways))


def phone_edits(gateway, services, booked):
    """Edits at every service, as a phone would make them; waits until the booking system knows."""
    moved, edited, deleted, dropped, shifted, renamed = (booked[number] for number in (0, 7, 14, 21, 28, 35))
    services.radicale.move(services.radicale.copy_of(moved), timedelta(hours=8))
    services.graph.retitle(services.graph.copy_of(edited), "Haircut and beard")
    services.xandikos.delete(services.xandikos.copy_of(deleted))
    services.google.delete(services.google.copy_of(dropped))
    services.icloud.move(services.icloud.copy_of(shifted), timedelta(hours=8))
    services.exchange.retitle(services.exchange.copy_of(renamed), "Colour and cut")
    gateway.sync()
    took = wait_until(
        lambda: utc_of(gateway.get(moved["id"]), "start") == utc_of(moved, "start") + timedelta(hours=8)
        and utc_of(gateway.get(shifted["id"]), "start") == utc_of(shifted, "start") + timedelta(hours=8)
        and gateway.get(edited["id"])["title"] == "Haircut and beard"
        and gateway.get(renamed["id"])["title"] == "Colour and cut"
        and all(gateway.get(gone["id"])["state"] == "cancelled" for gone in (deleted, dropped)),
        60, "the six phone edits did not come back",
    )
    say(
        f"   {moved['id']} moved by 8 h in Radicale, {edited['id']} retitled in Outlook, {deleted['id']} deleted in Xandikos,\n"
        f"   {dropped['id']} deleted in Google, {shifted['id']} moved by 8 h in iCloud, {renamed['id']} retitled at Exchange: in the API after {took:.1f} s"
    )


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


class Services:
    """Where the copies are: two real CalDAV servers, and Google, Microsoft 365, Exchange and iCloud as calgate-sim plays them."""

    def __init__(self, simulator):
        self.simulator = Simulator(simulator, os.path.join(FOLDER, "sim"), "--ews", "plain", "--caldav", "icloud")
        self.servers = [
            Radicale("Radicale", os.path.join(FOLDER, "radicale")), Xandikos("Xandikos", os.path.join(FOLDER, "xandikos"))
        ]

    def start(self):
        self.simulator.start()
        for server in self.servers:
            server.start()
        self.google, self.graph = self.simulator.google, self.simulator.graph
        self.radicale, self.xandikos = map(CaldavSite, self.servers)
        self.exchange, self.icloud = ExchangeSite(self.simulator), IcloudSite(self.simulator)
        self.sites = [self.google, self.graph, self.exchange, self.icloud, self.radicale, self.xandikos]

    def stop(self):
        self.simulator.stop()
        for server in self.servers:
            server.kill()

    def break_down(self):
        self.google.faults(down=True)
        self.graph.faults(failing_percent=60)
        self.servers[1].kill()

    def come_back(self):
        self.google.faults()
        self.graph.faults()
        self.servers[1].start()

    def site_of(self, account):
        """Which site an account of the API is at."""
        port = {server.port: site for server, site in zip(self.servers, (self.radicale, self.xandikos))}
        simulated = {"google": self.google, "graph": self.graph, "ews": self.exchange, "icloud": self.icloud}
        return simulated.get(account["kind"]) or port[urlsplit(account["url"]).port]


def run(arguments):
    shutil.rmtree(FOLDER, ignore_errors=True)
    first_day = business.monday(business.today())
    services = Services(arguments.simulator)
    gateway = Gateway(arguments.calgate, os.path.join(FOLDER, "calgate"))
    began = time.monotonic()
    try:
        story(gateway, services, first_day, began)
        if arguments.keep:
            say(f"\nStill running: the API at {gateway.url} (key in {gateway.folder}/demo-key),")
            say("   ".join(f"{server.name} at http://127.0.0.1:{server.port}/" for server in services.servers) + " (demo / demo),")
            say(f"the controls of the simulated services at http://127.0.0.1:{services.simulator.control}/. Ctrl-C ends it.")
            signal.sigwait([signal.SIGINT, signal.SIGTERM])
    finally:
        gateway.stop()
        services.stop()


def wait_for_every_site(gateway, services, seconds):
    """Until nothing waits any more. @return for each site's name how long that took there."""
    accounts = {a["id"]: services.site_of(a) for a in gateway.expect("GET", "/v1/accounts")["accounts"]}
    site_of = {c["id"]: accounts[c["account"]] for c in gateway.expect("GET", "/v1/calendars")["calendars"]}
    began, settled = time.monotonic(), {}

    def all_settled():
        open_sites = {site_of[t["calendar"]].name for t in gateway.status()["targets"] if t["waiting"]}
        for site in services.sites:
            if site.name in open_sites:
                settled.pop(site.name, None)
            else:
                settled.setdefault(site.name, time.monotonic() - began)
        return not open_sites

    wait_until(all_settled, seconds, "the waiting copies were not written")
    return settled


def story(gateway, services, first_day, began):
    say("1. A business of five people in two time zones. Their calendars: Google, Microsoft 365,\n   an Exchange server, iCloud and two CalDAV servers")
    services.start()
    gateway.init("Salon Aurora", "Europe/Berlin")
    services.simulator.configure(gateway)
    # As often as one watches a demo; 30 s otherwise.
    gateway.configure({"sync": {"probe_every_s": 10}})
    gateway.start()
    set_up(gateway, services, first_day)
    say(f"   calgate on {gateway.url}; {' and '.join(s.name for s in services.servers)} are real, the others are simulated")
    say(f"   over HTTPS under their own names; five people signed in at each, {time.monotonic() - began:.1f} s")

    booked = business.appointments(first_day)
    say(f"2. {len(booked)} appointments over four weeks are booked and mirrored to all six, of five kinds")
    gateway.put_all(booked)
    took = wait_until(lambda: gateway.waiting() == 0, 120, "not every appointment was mirrored")
    table(gateway, services)
    say(f"   {len(booked)} copies at each of the six, {took:.1f} s after the last booking")
    check_private_time(gateway, first_day)
    say("   busy time from the private calendars (series, exception, moved instance, leave, private, free) is right to the second")

    say("3. Staff edit six copies on their phones, one at each service")
    read_all(gateway)
    phone_edits(gateway, services, booked)
    wait_until(lambda: gateway.waiting() == 0, 60, "the other copies did not follow")

    say("4. Google dies, Graph fails at 60 % of all requests, Xandikos is killed; bookings go on")
    window = (stamp(datetime.now(timezone.utc)), stamp(datetime.now(timezone.utc) + timedelta(days=28)))
    healthy = Load(gateway, [], window)
    healthy.start()
    time.sleep(2)
    healthy.finish()
    services.break_down()
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
    require(gateway.waiting() > 0, "nothing waits although two services are dead")
    say(f"   {len(load.accepted)} bookings accepted, {len(load.latencies)} availability answers, 0 failed; {gateway.waiting()} copies wait")
    say(
        f"   availability p99 {percentile(load.latencies, 0.99) * 1000:.1f} ms during the outage, "
        f"{percentile(healthy.latencies, 0.99) * 1000:.1f} ms before"
    )

    say("6. All three are back")
    services.come_back()
    settled = wait_for_every_site(gateway, services, 120)
    say(f"   everything that waited was written {max(settled.values()):.1f} s after they came back")

    say("7. Every copy is compared by content")
    verified = gateway.verify()
    say("   calgate verify, all calendars: " + verify_summary(verified.output))
    table(gateway, services, settled)
    ports = gateway.source_ports()
    for server in services.servers:
        stale = sum(count for source, count in load.cached.items() if ports.get(source) == server.port)
        say(f"   {stale} of {len(load.latencies)} answers rested on the cache of {server.name}, each with its age")
        require(
            stale > 0 if server is services.servers[1] else stale < len(load.latencies),
            f"{stale} answers rested on the cache of {server.name}",
        )
    say(f"\n   The whole story took {time.monotonic() - began:.0f} s.")
    require(verified.code == 0, "calgate verify found differences:\n" + verified.output)


def verify_summary(output):
    """The columns of `calgate verify`, added up."""
    head, *rows = [line.split() for line in output.splitlines() if line.strip()]
    numbers = [row[-(len(head) - 1):] for row in rows if row[-1].isdigit()]
    return ", ".join(f"{sum(int(n) for n in column)} {name}" for name, column in zip(head[1:], zip(*numbers)))


def table(gateway, services, settled=None):
    """What an independent reader counts at each service, and that it is exactly what the API says. Printed at the end."""
    held = gateway.appointments()
    live = sum(1 for a in held if a["state"] == "confirmed")
    rows = [(site, *compare(held, site.copies())) for site in services.sites]
    if settled:
        say(f"\n   {'target':<10} {'appointments':>12} {'copies':>7} {'lost':>5} {'doubled':>8} {'mails':>6} {'converged':>10}")
        for site, copies, lost, doubled in rows:
            when = f"{settled[site.name]:.1f} s"
            say(f"   {site.name:<10} {live:>12} {copies:>7} {lost:>5} {doubled:>8} {site.mails():>6} {when:>10}")
        say("")
    for site, copies, lost, doubled in rows:
        require(
            (copies, lost, doubled, site.mails()) == (live, 0, 0, 0),
            f"{site.name}: {copies} copies of {live}, {lost} lost, {doubled} doubled, {site.mails()} mails",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    try:
        run(parser.parse_args())
    except (Failure, RuntimeError, subprocess.CalledProcessError) as failure:
        print(f"\nThe demo failed: {failure}\nLogs are in {os.path.normpath(FOLDER)}.", file=sys.stderr)
        return 1
    print("\nNothing was lost, nothing was doubled.")
    print("Next: ./dev demo --keep leaves it running for a look; README.md, \"Start your own gateway\", is for your calendars.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
