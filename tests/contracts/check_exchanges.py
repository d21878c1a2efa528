#!/usr/bin/env python3
"""Checks recorded exchanges against the contracts. First the checker itself has to prove that it can refuse.

    check_exchanges.py CONTRACTS [RECORDED.jsonl[=CALL,CALL…] …]

A CALL has to be among the recorded ones, as the beginning of "METHOD address"; "told ADDRESS" is a notification.
"""

import json
import os
import sys
from urllib.parse import urlsplit

from contracts import Document, Google, Graph, Unknown
from refusals import RIGHT, SIGNING_IN_AND_PUSH

CALENDAR = "https://www.googleapis.com/calendar/v3/calendars/c"
GRAPH = "https://graph.microsoft.com/v1.0/me"
BATCH = "https://www.googleapis.com/batch/calendar/v3"
IMMUTABLE = 'IdType="ImmutableId"'


def parts(boundary, *texts):
    return "".join(f"--{boundary}\r\n{text}\r\n" for text in texts) + f"--{boundary}--\r\n"


def call(name="<a>", line="GET /calendar/v3/calendars/c/events/e", body=""):
    head = "Content-Type: application/json\r\n" if body else ""
    return f"Content-Type: application/http\r\nContent-ID: {name}\r\n\r\n{line}\r\n{head}\r\n{body}"


def answer(name="<response-a>", line="HTTP/1.1 404 Not Found", body="{}"):
    return f"Content-Type: application/http\r\nContent-ID: {name}\r\n\r\n{line}\r\n\r\n{body}"


def together(*calls):
    return json.dumps({"requests": list(calls)})


def asks(name="1", method="GET", url="/me/events/e", prefer=IMMUTABLE, **more):
    return {"id": name, "method": method, "url": url, "headers": {"Prefer": prefer, **more.pop("headers", {})}, **more}


def answers(*all_of_them):
    return json.dumps({"responses": [{"id": name, "status": status, "body": body} for name, status, body in all_of_them]})


STUB = {"id": "e", "status": "cancelled"}
GONE = {"error": {"code": "ErrorItemNotFound", "message": "no"}}
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
    ("a member that a partial answer should have", "'kind' is a required",
     "GET", f"{CALENDAR}/events?fields=kind,items(id)", "", 200, '{"items": []}'),
    ("a member that nobody asked for", "etag was not asked for",
     "GET", f"{CALENDAR}/events?fields=kind", "", 200, '{"kind": "calendar#events", "etag": "1"}'),
    ("an inner member that nobody asked for", "status was not asked for",
     "GET", f"{CALENDAR}/events?fields=kind,items/id", "", 200, json.dumps({"kind": "calendar#events", "items": [STUB]})),
    ("a cancelled event that is another", "another event",
     "GET", f"{CALENDAR}/events/f", "", 200, json.dumps(STUB)),
    ("a cancelled instance without its place", "where in it it was",
     "GET", f"{CALENDAR}/events/e", "", 200, json.dumps(STUB | {"recurringEventId": "s"})),
    ("a cancelled event with a weak etag", "the etag is none",
     "GET", f"{CALENDAR}/events/e", "", 200, json.dumps(STUB | {"etag": "W/1"})),
    ("a cancelled event with a wrong time", "the answer 200, start",
     "GET", f"{CALENDAR}/events/e", "", 200, json.dumps(STUB | {"start": 7})),
    ("a batch of nothing", "no batch", "POST", BATCH, "--b--", 200, ""),
    ("a batch of too many", "holds 51", "POST", BATCH, parts("b", *(call(f"<{n}>") for n in range(51))), 200, ""),
    ("a batch with one name for two", "name of its own", "POST", BATCH, parts("b", call(), call()), 200, ""),
    ("a batch that leads elsewhere", "leads elsewhere", "POST", BATCH, parts("b", call(line="GET /drive/v3/files")), 200, ""),
    ("a wrong body inside a batch", "'end' is a required", "POST", BATCH,
     parts("b", call(line="POST /calendar/v3/calendars/c/events", body='{"start": {"date": "2026-03-01"}}')), 200,
     parts("r", answer(line="HTTP/1.1 200 OK"))),
    ("an unknown parameter inside a batch", "color is not known", "POST", BATCH,
     parts("b", call(line="GET /calendar/v3/calendars/c/events/e?color=red")), 200, parts("r", answer())),
    ("an answer without a name in a batch", "belongs to no part", "POST", BATCH, parts("b", call()), 200,
     parts("r", answer(name="<response-b>"))),
    ("a missing answer in a batch", "has no answer", "POST", BATCH, parts("b", call()), 200, "--r--"),
    ("a wrong error inside a batch", "the answer 404", "POST", BATCH, parts("b", call()), 200, parts("r", answer())),
    ("a call without immutable ids", "immutable ids", "GET", f"{GRAPH}/events/e", "", 404, json.dumps(GONE), ""),
    ("a $batch of too many", "the request, requests:", "POST", f"{GRAPH[:-3]}/$batch",
     together(*(asks(str(n), dependsOn=["0"]) for n in range(21))), 200, answers()),
    ("a $batch that meets the mailbox at once", "at once", "POST", f"{GRAPH[:-3]}/$batch",
     together(*(asks(str(n)) for n in range(5))), 200, answers()),
    ("a $batch with one name for two", "two calls", "POST", f"{GRAPH[:-3]}/$batch", together(asks("a"), asks("A")), 200, answers()),
    ("a part of a $batch without immutable ids", "immutable ids", "POST", f"{GRAPH[:-3]}/$batch",
     together(asks(prefer="")), 200, answers(("1", 404, GONE))),
    ("a body without a type in a $batch", "what its body is", "POST", f"{GRAPH[:-3]}/$batch",
     together(asks(method="POST", url="/me/events", body={})), 200, answers(("1", 404, GONE))),
    ("a wrong body inside a $batch", "the request, subject", "POST", f"{GRAPH[:-3]}/$batch",
     together(asks(method="POST", url="/me/events", body={"subject": 7}, headers={"Content-Type": "application/json"})), 200,
     answers(("1", 404, GONE))),
    ("a wrong answer inside a $batch", "the answer 404", "POST", f"{GRAPH[:-3]}/$batch", together(asks()), 200,
     answers(("1", 404, {}))),
    ("a missing answer in a $batch", "has no answer", "POST", f"{GRAPH[:-3]}/$batch", together(asks()), 200, answers()),
    ("a host that is in no contract", "no contract speaks", "GET", "https://calendar.example.org/", "", 200, "{}"),
]


def wrong_with(services, exchange):
    host = urlsplit(exchange["url"]).hostname
    for service in services:
        if exchange["notifier"] == service.name if "notifier" in exchange else host in service.hosts:
            try:
                return service.check(exchange)
            except Unknown as unknown:
                return [str(unknown)]
    return [f"no contract speaks of {exchange.get('notifier', host)}"]


def prove_that_it_refuses(services):
    wrong, refused = [], list(SIGNING_IN_AND_PUSH)
    for name, because, method, url, request, status, response, *prefer in MUST_BE_REFUSED:
        exchange = {"method": method, "url": url, "request": request, "prefer": prefer[0] if prefer else IMMUTABLE,
                    "status": status, "type": "multipart/mixed; boundary=r", "response": response}
        refused.append((name, because, exchange))
    for name, because, exchange in refused:
        found = wrong_with(services, exchange)
        if not any(because in each for each in found):
            wrong.append(f"the checker does not refuse {name} for that reason; nothing it says counts: {found}")
    for name, exchange in RIGHT:
        wrong += [f"the checker refuses {name}, which is right: {each}" for each in wrong_with(services, exchange)]
    if missing_calls(["GET https://a", "told https://b"], ["GET https://a/1", "POST https://b"]) != ["told https://b"]:
        wrong.append("the checker does not miss a call that was not made; nothing it says counts")
    return len(refused), wrong


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


def missing_calls(wanted, seen):
    return [each for each in wanted if not any(call.startswith(each) for call in seen)]


def check_file(services, argument):
    path, _, wanted = argument.partition("=")
    seen, wrong = [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            exchange = json.loads(line)
            method = "told" if "notifier" in exchange else exchange["method"]
            seen.append(f"{method} {exchange['url']}")
            for each in wrong_with(services, exchange):
                wrong.append(f"{path}:{number}: {seen[-1][:160]}: {each}")
    if not seen:
        wrong.append(f"{path} holds no exchange; the run recorded nothing")
    wrong += [f"{path} holds no {each}; the run did not do it" for each in missing_calls(wanted.split(",") if wanted else [], seen)]
    return len(seen), wrong


def main():
    folder, recorded = sys.argv[1], sys.argv[2:]
    services = [Google(folder), Graph(folder)]
    refusals, wrong = prove_that_it_refuses(services)
    count, more = check_examples(folder)
    wrong += more
    print(f"{refusals} refusals and {count} examples, {len(wrong)} problems")
    for argument in recorded:
        count, more = check_file(services, argument)
        print(f"{argument.partition('=')[0]}: {count} exchanges, {len(more)} problems")
        wrong += more
    for each in wrong[:50]:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
