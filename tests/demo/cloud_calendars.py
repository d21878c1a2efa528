"""One business in Google, Graph and Radicale at once: edits there, one service at 60 % errors, one dead, all converge, no secret leaks."""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import business
from caldav_site import CaldavSite
from cloud import Simulator
from copies import compare, utc_of
from demo import read_all, wait_until
from gateway import Gateway
from planted import files_below, leaks
from scratch import in_a_folder
from servers import Radicale

PEOPLE = list(business.STAFF)[:3]


def connect(gateway, simulator, calendars):
    for name in PEOPLE:
        for site in (calendars, simulator.google, simulator.graph):
            site.make_calendar(name)
    ways = (
        lambda name: gateway.connect(calendars.server.port, name, mirror=[f"bookings-{name}"], busy=[]) or "",
        lambda name: simulator.connect_google(gateway, name),
        lambda name: simulator.connect_graph(gateway, name, by_application=name != PEOPLE[0]),
    )
    # All at once: each waits its turn.
    with ThreadPoolExecutor(len(ways)) as pool:
        return "".join(pool.map(lambda way: "".join(way(name) for name in PEOPLE), ways))


def deliver(simulator):
    """Notifications go out; a service that was not asked to notify has none."""
    return sum(simulator.call("POST", f"/{site}/notifications")["delivered"] for site in ("google", "graph"))


def edit(gateway, simulator, booked):
    moved, retitled, deleted = booked[0], booked[4], booked[8]
    google, graph = simulator.google, simulator.graph
    google.move(google.copy_of(moved), timedelta(hours=8))
    graph.retitle(graph.copy_of(retitled), "Haircut and beard")
    google.delete(google.copy_of(deleted))
    if deliver(simulator) < 2:
        raise RuntimeError("Google and Graph did not both notify the gateway of what was changed there.")
    return wait_until(
        lambda: utc_of(gateway.get(moved["id"]), "start") == utc_of(moved, "start") + timedelta(hours=8)
        and gateway.get(retitled["id"])["title"] == "Haircut and beard"
        and gateway.get(deleted["id"])["state"] == "cancelled",
        60, "the edits at Google and Graph did not come back",
    )


def run(calgate, program, folder):
    first_day = business.monday(business.today())
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    simulator = Simulator(program, os.path.join(folder, "sim"))
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    calendars, wrong = CaldavSite(radicale), []
    try:
        radicale.start()
        simulator.start()
        gateway.init("Cloud", "Europe/Berlin")
        simulator.configure(gateway)
        gateway.configure({"gateway": {"public_url": "https://cal.example.org"}})
        gateway.start()
        for site in ("google", "graph"):
            simulator.call("POST", f"/{site}/receiver", {"origin": gateway.url})
        for name in PEOPLE:
            person, zone = business.STAFF[name]
            gateway.expect("PUT", f"/v1/staff/{name}", {"id": name, "name": person, "zone": zone, "capacity": 1})
        texts = {"connect": connect(gateway, simulator, calendars).encode()}
        made = [{k: v for k, v in b.items() if k != "service"} for b in business.appointments(first_day, 75) if b["staff"] in PEOPLE]
        booked, later = made[:30], made[30:]
        gateway.put_all(booked)
        took = wait_until(lambda: gateway.waiting() == 0, 60, "not every appointment was mirrored")
        print(f"{len(booked)} appointments in three services after {took:.1f} s")
        read_all(gateway)
        for event in ("missed", "reauthorizationRequired"):
            simulator.call("POST", "/graph/lifecycle", {"event": event})
        print(f"moved at Google, retitled at Graph, deleted at Google: in the API after {edit(gateway, simulator, booked):.1f} s")
        wait_until(lambda: gateway.waiting() == 0, 60, "the other copies did not follow")

        simulator.google.faults(failing_percent=60)
        simulator.graph.faults(down=True)
        gateway.put_all(later)
        gateway.sync()
        time.sleep(5)
        if gateway.waiting() == 0:
            wrong.append("nothing waited although a service was dead")
        simulator.google.faults()
        simulator.graph.faults()
        took = wait_until(lambda: gateway.waiting() == 0, 120, "what waited was not written")
        print(f"{len(later)} booked while Google failed at 60 % and Graph was dead: written {took:.1f} s after they came back")

        held = gateway.appointments()
        for site in (simulator.google, simulator.graph, calendars):
            copies, lost, doubled = compare(held, site.copies())
            print(f"{site.name}: {copies} copies, {lost} lost, {doubled} doubled, {site.mails()} mails")
            if lost or doubled or site.mails() or copies != len(made) - 1:
                wrong.append(f"{site.name} is not what it should be")
        verified = gateway.verify()
        if verified.code != 0:
            wrong.append("calgate verify found differences:\n" + verified.output)
        for path in ("accounts", "calendars", "status", "changes", "conflicts", "keys", "export"):
            texts["/v1/" + path] = repr(gateway.expect("GET", "/v1/" + path)).encode()
        texts["verify"] = verified.output.encode()
        deliver(simulator)
        for account in gateway.expect("GET", "/v1/accounts")["accounts"]:
            gateway.expect("DELETE", f"/v1/accounts/{account['id']}")
        if deliver(simulator):
            wrong.append("a service notifies the gateway of calendars that were disconnected")
        texts.update(files_below(gateway.folder))
        gateway.stop()
        texts.update({name + " after stop": text for name, text in files_below(gateway.folder).items() if not name.endswith(".secret")})
        found = leaks(simulator.secrets(), texts)
        print(f"{len(texts)} answers, logs and files searched for secrets: found in {found}")
        if found != ["google.secret", "microsoft.secret"]:
            wrong.append(f"secrets stand in {found}; only the two files of the operator may hold them")
    finally:
        gateway.stop()
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
    return in_a_folder("cloud", lambda folder: run(arguments.calgate, arguments.simulator, folder))


if __name__ == "__main__":
    sys.exit(main())
