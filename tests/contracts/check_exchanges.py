#!/usr/bin/env python3
"""Checks recorded exchanges against the contracts. First the checker itself has to prove that it can refuse.

    check_exchanges.py CONTRACTS [RECORDED.jsonl …]
"""

import json
import os
import sys
from urllib.parse import urlsplit

from contracts import Document, Google, Graph, Unknown

CALENDAR = "https://www.googleapis.com/calendar/v3/calendars/c"
GRAPH = "https://graph.microsoft.com/v1.0/me"
# Each of these must be refused, and for that reason, or nothing that follows counts.
MUST_BE_REFUSED = [
    ("an event without an end", "'end' is a required",
     "POST", f"{CALENDAR}/events", '{"start": {"date": "2026-03-01"}}', 200, "{}"),
    ("an unknown parameter", "color is not known", "GET", f"{CALENDAR}/events?color=red", "", 200, "{}"),
    ("a filter beside a sync token", "timeMin may not go with syncToken",
     "GET", f"{CALENDAR}/events?syncToken=a&timeMin=2026-03-01T00:00:00Z", "", 200, "{}"),
    ("too small a page", "maxResults is out of range", "GET", f"{CALENDAR}/events?maxResults=0", "", 200, "{}"),
    ("an unknown operation of Google", "has no operation", "POST", f"{CALENDAR}/e", "", 200, "{}"),
    ("a body on a deletion", "where none belongs", "DELETE", f"{CALENDAR}/events/e", "{}", 204, ""),
    ("an error that is none of Google's", "the answer 404", "GET", f"{CALENDAR}/events/e", "", 404, '{"message": "no"}'),
    ("an event that is none", "the answer 200", "GET", f"{CALENDAR}/events/e", "", 200, '{"kind": 1}'),
    ("an answer that is no JSON", "is no JSON", "GET", f"{CALENDAR}/events/e", "", 200, "<p>"),
    ("an event whose subject is a number", "the request, subject", "POST", f"{GRAPH}/events", '{"subject": 7}', 201, "{}"),
    ("an unknown operation of Graph", "has no operation", "PUT", f"{GRAPH}/events", "", 200, "{}"),
    ("a status that Graph does not give", "the answer 200", "DELETE", f"{GRAPH}/events/e", "", 200, ""),
    ("an error that is none of Graph's", "the answer 404", "GET", f"{GRAPH}/events/e", "", 404, '{"no": 1}'),
    ("a token answer without a token", "the answer 200", "POST", "https://oauth2.googleapis.com/token", "", 200, "{}"),
    ("a host that is in no contract", "no contract speaks", "GET", "https://calendar.example.org/", "", 200, "{}"),
]


def wrong_with(services, exchange):
    host = urlsplit(exchange["url"]).hostname
    for service in services:
        if host in service.hosts:
            try:
                return service.check(exchange)
            except Unknown as unknown:
                return [str(unknown)]
    return [f"no contract speaks of {host}"]


def prove_that_it_refuses(services):
    wrong = []
    for name, because, method, url, request, status, response in MUST_BE_REFUSED:
        exchange = {"method": method, "url": url, "request": request, "status": status, "response": response}
        found = wrong_with(services, exchange)
        if not any(because in each for each in found):
            wrong.append(f"the checker does not refuse {name} for that reason; nothing it says counts: {found}")
    return wrong


def check_examples(folder):
    """Bodies that are known to be right or wrong."""
    wrong = []
    with open(os.path.join(folder, "examples", "manifest.json"), encoding="utf-8") as file:
        entries = json.load(file)["examples"]
    documents = {}
    for entry in entries:
        name, pointer = entry["schema"].split("#")
        document = documents.setdefault(name, Document(os.path.join(folder, name)))
        with open(os.path.join(folder, "examples", entry["file"]), encoding="utf-8") as file:
            errors = document.check("#" + pointer, json.load(file))
        if bool(errors) == entry["valid"]:
            wrong.append(f"{entry['file']} is judged wrongly: {errors[:2]}")
    return len(entries), wrong


def check_file(services, path):
    count, wrong = 0, []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            exchange = json.loads(line)
            count += 1
            for each in wrong_with(services, exchange):
                wrong.append(f"{path}:{number}: {exchange['method']} {exchange['url'][:160]}: {each}")
    if not count:
        wrong.append(f"{path} holds no exchange; the run recorded nothing")
    return count, wrong


def main():
    folder, recorded = sys.argv[1], sys.argv[2:]
    services = [Google(folder), Graph(folder)]
    wrong = prove_that_it_refuses(services)
    count, more = check_examples(folder)
    wrong += more
    print(f"{len(MUST_BE_REFUSED)} refusals and {count} examples, {len(wrong)} problems")
    for path in recorded:
        count, more = check_file(services, path)
        print(f"{path}: {count} exchanges, {len(more)} problems")
        wrong += more
    for each in wrong[:50]:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
