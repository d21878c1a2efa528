"""Two providers are killed, frozen, slowed to a byte a second, refused, answering 503 or half answers, under 50 requests a second:
availability stays as quick as beside it, at a gateway whose providers are well (R14, I19). CALGATE_LONG=1: minutes each."""

import argparse
import os
import signal
import socket
import struct
import sys
import threading
import time
from datetime import datetime, timedelta

import business
from caldav_client import CalDav
from cloud import Simulator
from demo import wait_until
from gateway import Gateway
from scratch import in_a_folder
from servers import Radicale

LONG = bool(os.environ.get("CALGATE_LONG"))
SECONDS, RATE, CLIENTS, ROUNDS, WITHIN_MS = (150 if LONG else 4), 50, 5, (1 if LONG else 3), 50
BUSY_503 = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Relay(threading.Thread):
    """Passes bytes to a server, and in the ways of `mode` does not."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.behind, self.mode, self.hits = port, "pass", 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        mode = self.mode
        self.hits += mode != "pass"
        try:
            if mode == "refusing":  # A reset, as from a port on which nobody listens.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                return
            if mode == "503":
                client.recv(65536)
                client.sendall(BUSY_503)
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self.behind), 5)
        except OSError:
            client.close()
            return
        threading.Thread(target=self.pass_on, args=(client, server, False), daemon=True).start()
        self.pass_on(server, client, True)

    def pass_on(self, source, target, answering):
        try:
            while data := source.recv(65536):
                if answering and self.mode in ("half", "slow"):
                    self.hits += 1
                if answering and self.mode == "half":
                    target.sendall(data[: len(data) // 2])
                    break
                if answering and self.mode == "slow":
                    for byte in data:
                        target.sendall(bytes([byte]))
                        if self.mode == "slow":
                            time.sleep(1)
                    continue
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Client(threading.Thread):
    """Its share of the requests at even distances; one in ten books."""

    def __init__(self, gateway, name, person, first_day, times, wrong):
        super().__init__()
        self.gateway, self.name_, self.person, self.first_day, self.times, self.wrong = gateway, name, person, first_day, times, wrong

    def run(self):
        window = f"from={self.first_day}T00:00:00Z&to={self.first_day + timedelta(days=7)}T00:00:00Z"
        began, number = time.monotonic(), 0
        while (due := began + number * CLIENTS / RATE) < began + SECONDS:
            time.sleep(max(0, due - time.monotonic()))
            asked = time.monotonic()
            if number % 10 == 9:
                start = datetime.combine(self.first_day, datetime.min.time()) + timedelta(days=30, minutes=30 * number)
                status, answer = self.gateway.call("PUT", f"/v1/appointments/{self.name_}-{number}", {
                    "staff": self.person, "start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat(),
                    "zone": "UTC", "title": "Load", "override_busy": True,
                })
            else:
                status, answer = self.gateway.call("GET", f"/v1/availability?staff={self.person}&{window}")
                self.times.append(time.monotonic() - asked)
            if status not in (200, 201):
                self.wrong.append(f"{self.name_}: {status} {answer}")
            number += 1


def load(gateways, phase, people, first_day, wrong):
    """The same load at all gateways at once. @return the answer times of each."""
    times = [[] for _ in gateways]
    clients = [
        Client(gateway, f"{phase}-{number}", people[number % len(people)], first_day, kept, wrong)
        for gateway, kept in zip(gateways, times) for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return times


def p99(times):
    return sorted(times)[int(len(times) * 0.99) - 1] * 1000


def all_live(gateway):
    return all(target["live"] for target in gateway.status()["targets"])


def run(calgate, simulator_program, folder):
    first_day = business.monday(business.today())
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    simulator = Simulator(simulator_program, os.path.join(folder, "sim"))
    gateway, well = Gateway(calgate, os.path.join(folder, "calgate")), Gateway(calgate, os.path.join(folder, "beside"))
    people, wrong = list(business.STAFF)[:4], []
    try:
        radicale.start()
        simulator.start()
        relays = [Relay(radicale.port), Relay(simulator.https)]
        for relay in relays:
            relay.start()
        simulator.https = relays[1].port
        for one in (gateway, well):
            one.init("Failing", "UTC")
            one.configure({"sync": {"call_timeout_s": 20 if LONG else 5, "probe_every_s": 5}})
        simulator.configure(gateway)
        for one in (gateway, well):
            one.start()
            for name in people:
                one.expect("PUT", f"/v1/staff/{name}", {"name": name, "zone": "UTC", "capacity": 50})
        raw = CalDav(radicale.port)
        for name in people[:2]:
            raw.make_calendar(f"{radicale.home}bookings-{name}/", f"bookings-{name}")
            gateway.connect(relays[0].port, name, mirror=[f"bookings-{name}"], busy=[])
        for name in people[2:]:
            simulator.google.make_calendar(name)
            simulator.connect_google(gateway, name)
        wait_until(lambda: all_live(gateway), 60, "the calendars were not read")

        def set_modes(mode):
            for relay in relays:
                relay.mode = mode

        def signal_both(number):
            os.killpg(radicale.process.pid, number)
            simulator.process.send_signal(number)

        def kill():
            radicale.kill()
            relays[1].mode = "refusing"  # The simulator keeps its calendars in memory.

        phases = {
            "frozen": (lambda: signal_both(signal.SIGSTOP), lambda: signal_both(signal.SIGCONT)),
            "slow": (lambda: set_modes("slow"), lambda: set_modes("pass")),
            "refusing": (lambda: set_modes("refusing"), lambda: set_modes("pass")),
            "503": (lambda: (setattr(relays[0], "mode", "503"), simulator.google.faults(failing_percent=100, status=503)),
                    lambda: (set_modes("pass"), simulator.google.faults())),
            "half": (lambda: set_modes("half"), lambda: set_modes("pass")),
            "killed": (kill, lambda: (radicale.start(), set_modes("pass"))),
        }
        for phase, (begin, end) in phases.items():
            hits = sum(relay.hits for relay in relays)
            begin()
            gateway.sync()
            best = None
            for attempt in range(ROUNDS):
                times, beside = load([gateway, well], f"{phase}-{attempt}", people, first_day, wrong)
                apart = p99(times) - p99(beside)
                if best is None or apart < best[0]:
                    best = (apart, p99(times), p99(beside), len(times))
                if apart <= WITHIN_MS:
                    break
            gateway.local.connection = None  # Idle for longer than a server keeps one.
            waiting = gateway.waiting()
            print(
                f"{phase:9} availability p99 {best[1]:.1f} ms, beside it {best[2]:.1f} ms ({best[3]} answers); "
                f"{sum(relay.hits for relay in relays) - hits} calls met the failure, {waiting} copies wait"
            )
            if best[0] > WITHIN_MS:
                wrong.append(f"{phase}: p99 is {best[0]:.0f} ms above that of a gateway whose providers are well")
            if waiting == 0:
                wrong.append(f"{phase}: copies were written, so the providers did not fail")
            if phase in ("slow", "refusing", "half") and sum(relay.hits for relay in relays) == hits:
                wrong.append(f"{phase}: no call met the failure")
            end()
            wait_until(lambda: all_live(gateway) and gateway.waiting() == 0, 300, f"{phase}: what waited was not written")
        verified = gateway.verify()
        if verified.code != 0:
            wrong.append("verify: " + verified.output)
        print(verified.output.strip())
        for sentence in wrong[:20]:
            print("WRONG: " + sentence, file=sys.stderr)
        return not wrong
    finally:
        gateway.stop()
        well.stop()
        try:
            signal_both(signal.SIGCONT)
        except (OSError, AttributeError, NameError):
            pass
        simulator.stop()
        radicale.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--simulator", required=True)
    arguments = parser.parse_args()
    return in_a_folder("failing", lambda folder: run(arguments.calgate, arguments.simulator, folder))


if __name__ == "__main__":
    sys.exit(main())
