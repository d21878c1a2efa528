"""
Forged notifications and slow connections, by the thousand, beside a booking system that asks for free times (F22, I24, I26):
nothing is written, nobody is refused, and answers take at most twice as long. Short unless CALGATE_LONG is set; only the
long run judges times.
"""

import argparse
import hashlib
import http.client
import json
import multiprocessing
import os
import resource
import selectors
import socket
import sys
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

from gateway import Gateway
from scratch import in_a_folder

LONG = bool(os.environ.get("CALGATE_LONG"))
RATE, SECONDS = (5000, 60) if LONG else (1000, 2)
SLOW, SLOW_SECONDS = (5000, 60) if LONG else (600, 3)
CALM = 30 if LONG else 1
PER_ADDRESS = 100  # Fewer than the share of one address: they come from many.
ASKED = 50  # Questions a second.


def check(what, good):
    print(("ok   " if good else "BAD  ") + what, flush=True)
    return good


def request(head, body=""):
    return (f"{head}\r\nHost: gateway.example\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def forged():
    """Of each kind one: no channel of ours, a token that is none, many at once, no notification at all."""
    note = {"subscriptionId": "7f1c0f0e-0000-4000-8000-000000000000", "clientState": "guessed", "changeType": "deleted",
            "resource": "Users/anna/Events/x", "lifecycleEvent": "subscriptionRemoved"}
    google = "POST /hooks/google HTTP/1.1\r\nX-Goog-Channel-ID: {}\r\nX-Goog-Channel-Token: {}\r\nX-Goog-Resource-ID: r\r\nX-Goog-Resource-State: exists"
    return [
        request(google.format("11111111-2222-4333-8444-555555555555", "guessed")),
        request(google.format("x" * 200, "y" * 250)),
        request("POST /hooks/graph HTTP/1.1", json.dumps({"value": [note]})),
        request("POST /hooks/graph HTTP/1.1", json.dumps({"value": [note] * 20})),
        request("POST /hooks/graph HTTP/1.1", '{"value": 1}'),
    ]


def send_forged(port, rate, seconds, told):
    """Pipelined over a few connections, a piece every 20 ms; tells how many were sent and what was answered."""
    kinds, connections, pause = forged(), [], 0.02
    for _ in range(4):
        connections.append(socket.create_connection(("127.0.0.1", port)))
    statuses, sent, rest = Counter(), 0, {one: b"" for one in connections}

    def take(one):
        """@return false at the end."""
        more = one.recv(1 << 20)
        data = rest[one] + more
        cut = max(len(data) - 16, 0)  # A status may go on in the next piece.
        at = data.find(b"HTTP/1.1 ")
        while 0 <= at < cut:
            statuses[int(data[at + 9:at + 12])] += 1
            at = data.find(b"HTTP/1.1 ", at + 9)
        rest[one] = data[cut:] if at < 0 else data[at:]
        return bool(more)

    began = time.monotonic()
    while time.monotonic() - began < seconds:
        due = int((time.monotonic() - began + pause) * rate) - sent
        for number, one in enumerate(connections):
            share = due // len(connections) + (number < due % len(connections))
            one.sendall(b"".join(kinds[(sent + i) % len(kinds)] for i in range(share)))
            sent += share
        for one in connections:
            one.setblocking(False)
            try:
                while take(one):
                    pass
            except BlockingIOError:
                pass
            one.setblocking(True)
        time.sleep(max(0.0, began + (sent / rate) - time.monotonic()))
    took = time.monotonic() - began
    for one in connections:
        one.settimeout(60)
        one.shutdown(socket.SHUT_WR)
        while take(one):
            pass
        statuses.update([int(rest[one][9:12])] if rest[one].startswith(b"HTTP/1.1 ") else [])
    told.put((sent, took, dict(statuses)))


def stay_slow(port, count, seconds, told):
    """So many connections that begin and never end a request; what is cut comes again at once."""
    beginnings = [b"", b"GET /live HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"POST /hooks/graph HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{"]
    looking, opened, open_now = selectors.DefaultSelector(), 0, set()

    def come():
        nonlocal opened
        one = socket.socket()
        one.setblocking(False)
        host = opened % count // PER_ADDRESS
        try:
            one.bind((f"127.0.{1 + host // 250}.{1 + host % 250}", 0))
            one.connect_ex(("127.0.0.1", port))
        except OSError:
            one.close()
            return
        looking.register(one, selectors.EVENT_READ, beginnings[opened % len(beginnings)])
        open_now.add(one)
        opened += 1

    end, most, next_byte = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < end:
        for _ in range(min(count - len(open_now), 200)):
            come()
        most = max(most, len(open_now))
        for key, _ in looking.select(0.02):
            try:
                over = not key.fileobj.recv(4096)
            except OSError:
                over = True
            if over:
                looking.unregister(key.fileobj)
                open_now.discard(key.fileobj)
                key.fileobj.close()
        if time.monotonic() >= next_byte:  # A byte now and then, so that it looks alive.
            next_byte = time.monotonic() + 2
            for key in list(looking.get_map().values()):
                try:
                    key.fileobj.send(key.data or b"")
                    looking.modify(key.fileobj, selectors.EVENT_READ, b"x" if key.data else b"")
                except OSError:
                    pass
    told.put((opened, most))


class Asker:
    """A booking system: one connection that is kept, and a new one for every tenth question."""

    def __init__(self, gateway):
        self.gateway = gateway
        day = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.path = f"/v1/availability?staff=anna&from={day:%Y-%m-%dT%H:%M:%SZ}&to={day + timedelta(days=14):%Y-%m-%dT%H:%M:%SZ}"
        self.kept = self.connect()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=30)

    def ask(self, connection):
        connection.request("GET", self.path, headers={"Authorization": f"Bearer {self.gateway.key}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def go_on(self, until):
        """@return how long each question took, in ms, and the answers that were no 200."""
        times, wrong, number = [], Counter(), 0
        while not until():
            began = time.monotonic()
            connection = self.kept if number % 10 else self.connect()
            try:
                status = self.ask(connection)
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
                self.kept = self.connect() if connection is self.kept else self.kept
            if connection is not self.kept:
                connection.close()
            times.append((time.monotonic() - began) * 1000)
            if status != 200:
                wrong[status] += 1
            number += 1
            time.sleep(max(0.0, 1 / ASKED - (time.monotonic() - began)))
        return sorted(times), wrong

    def during(self, work, *arguments):
        told = multiprocessing.Queue()
        attack = multiprocessing.Process(target=work, args=(self.gateway.port, *arguments, told))
        attack.start()
        times, wrong = self.go_on(lambda: not attack.is_alive() or not told.empty())
        said = told.get(timeout=60)
        attack.join(60)
        return times, wrong, said

    def calmly(self):
        end = time.monotonic() + CALM
        return self.go_on(lambda: time.monotonic() > end)


def p99(times):
    return times[min(len(times) - 1, int(len(times) * 0.99))]


def kept_state(gateway):
    """Of every file of the store, to the byte, and of the change feed."""
    files = {}
    for name in sorted(os.listdir(gateway.folder)):
        if name.startswith("calgate.db") and not name.endswith("-shm"):  # Readers take their places there.
            with open(os.path.join(gateway.folder, name), "rb") as file:
                files[name] = hashlib.sha256(file.read()).hexdigest()
    return files, gateway.expect("GET", "/v1/changes?limit=1000")["changes"]


def judge(name, calm, times, wrong):
    good = check(f"{name}: {len(times)} questions, all answered{'' if not wrong else ': but ' + str(dict(wrong))}", times and not wrong)
    print(f"     p50 {times[len(times) // 2]:.1f} ms, p99 {p99(times):.1f} ms, longest {times[-1]:.1f} ms; calm p99 {p99(calm):.1f} ms")
    return good & (not LONG or check(f"{name}: p99 at most doubled", p99(times) <= 2 * p99(calm)))


def work(program, folder):
    gateway = Gateway(program, os.path.join(folder, "data"))
    gateway.init("Salon Aurora", "Europe/Berlin")
    gateway.start()
    try:
        gateway.expect("PUT", "/v1/staff/anna", {"name": "Anna", "zone": "Europe/Berlin"})
        day = datetime.now(timezone.utc).date() + timedelta(days=1)
        gateway.put_all([
            {"id": f"b{n}", "staff": "anna", "start": f"{day + timedelta(days=n // 8)}T{9 + n % 8:02}:00:00",
             "end": f"{day + timedelta(days=n // 8)}T{9 + n % 8:02}:45:00", "zone": "Europe/Berlin", "title": "Cut"} for n in range(100)])
        asker = Asker(gateway)
        asker.calmly()  # What is slow once only counts for nobody.
        before = kept_state(gateway)
        calm, wrong = asker.calmly()
        good = check("without anybody else all is answered", calm and not wrong)

        times, wrong, (sent, took, statuses) = asker.during(send_forged, RATE, SECONDS)
        answered = sum(statuses.values())
        good &= check(f"{sent} forged notifications in {took:.0f} s, {sent / took:.0f} a second: {answered} answers {statuses}",
                      sent >= RATE * SECONDS * 0.95 and answered == sent and set(statuses) <= {202, 400, 404})
        good &= judge("forged notifications", calm, times, wrong)
        good &= check("they wrote nothing: the store's files are equal to the byte", kept_state(gateway) == before)

        times, wrong, (opened, most) = asker.during(stay_slow, SLOW, SLOW_SECONDS)
        # What is cut to make room comes again: that so many stay open is just what the gateway does not allow.
        good &= check(f"{opened} slow connections were opened, {most} at once", opened >= SLOW)
        good &= judge("slow connections", calm, times, wrong)
        good &= check("they wrote nothing", kept_state(gateway) == before)
        good &= check("the gateway still runs", gateway.process.poll() is None)
        return good
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calgate", required=True)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return in_a_folder("flood", lambda folder: work(options.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
