"""
A hundred clients want one slot at once, round after round, in every second one of them with a kill -9 in between: each time one gets it,
the others a clear conflict, and the store holds it once. Clients that were cut off ask again under their Idempotency-Key.
"""

import argparse
import os
import sys
import threading
from collections import Counter
from datetime import date, datetime, timedelta

from gateway import Gateway
from scratch import in_a_folder

CLIENTS = 100


def contend(gateway, number, answers, start_line, bodies):
    start_line.wait()
    body = bodies[number]
    while True:
        try:
            answers[number] = gateway.call("PUT", "/v1/appointments/" + body["id"], {k: v for k, v in body.items() if k != "id"},
                                           {"Idempotency-Key": body["id"]})
        except OSError:
            threading.Event().wait(0.02)
            continue
        if answers[number][0] in (201, 409) and "running" not in str(answers[number][1].get("detail")):
            return


def one_round(gateway, number, kill):
    start = datetime.combine(date.today() + timedelta(days=20), datetime.min.time()) + timedelta(minutes=30 * number)
    bodies = [{"id": f"r{number}-{n}", "staff": "anna", "start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat(),
               "zone": "UTC", "title": "One"} for n in range(CLIENTS)]
    answers, line = [None] * CLIENTS, threading.Barrier(CLIENTS + 1)
    clients = [threading.Thread(target=contend, args=(gateway, n, answers, line, bodies)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    line.wait()
    if kill:
        gateway.kill()
        gateway.start()
    for client in clients:
        client.join()
    counts = Counter(status for status, _ in answers)
    clear = all("free time" in body["detail"] for status, body in answers if status == 409)
    return counts == {201: 1, 409: CLIENTS - 1} and clear, counts


def run(calgate, rounds, folder):
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    try:
        gateway.init("Confirmations", "Europe/Berlin")
        gateway.configure({"limits": {"key_per_minute": 0}})
        gateway.start()
        gateway.expect("PUT", "/v1/staff/anna", {"name": "Anna", "zone": "Europe/Berlin"})
        wrong = []
        for number in range(rounds):
            right, counts = one_round(gateway, number, kill=number % 2 == 1)
            if not right:
                wrong.append((number, counts))
        kept = Counter(a["start"] for a in gateway.appointments())
        print(f"{rounds} rounds of {CLIENTS} clients, {rounds // 2} with a kill -9: {len(wrong)} wrong {wrong[:3]}, "
              f"{len(kept)} slots taken, {sum(kept.values()) - len(kept)} of them twice")
        return not wrong and len(kept) == rounds == sum(kept.values())
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--rounds", type=int, default=1000 if os.environ.get("CALGATE_LONG") else 10)
    arguments = parser.parse_args()
    return in_a_folder("confirmations", lambda folder: run(arguments.calgate, arguments.rounds, folder))


if __name__ == "__main__":
    sys.exit(main())
