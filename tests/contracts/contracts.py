"""What the contracts of Google Calendar and Microsoft Graph say about one exchange.

An exchange is a dict: method, url, request (text), headers (of the request, names in lower case), prefer (the Prefer header),
status, type and location (headers of the answer), response (text). With `notifier` it is the service that asks and we who answer.
"""

import json
import os
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft7Validator

from partial_answers import asked_fields, beyond, may_be_missing, stub_troubles
from sign_in import wrong_form, wrong_page, wrong_redirect

# Closed schemas for what this project sends, and the full types for what a service answers.
GOOGLE_REQUESTS = {
    "events.insert": "EventInsertRequest", "events.import": "EventInsertRequest", "events.patch": "EventPatchRequest",
    "events.update": "EventUpdateRequest", "events.watch": "WatchRequest", "channels.stop": "StopRequest",
    "freebusy.query": "FreeBusyQueryRequest",
}
GOOGLE_ANSWERS = {
    "events.get": "EventAnswer", "events.insert": "EventAnswer", "events.import": "EventAnswer",
    "events.patch": "EventAnswer", "events.update": "EventAnswer", "events.list": "EventsAnswer",
    "events.instances": "EventsAnswer",
}


# Members of a channel without which it can be neither renewed nor stopped.
CHANNEL = ("kind", "id", "resourceId", "resourceUri", "expiration")
GOOGLE_BATCH = 50
GRAPH_AT_ONCE = 4  # Parts of a batch that a mailbox takes at once.


class Unknown(Exception):
    """The contract does not know the operation, or a schema that it needs."""


class Document:
    """A contract file. Validators are compiled once; a schema that cannot be is an error, never an empty promise."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.root = json.load(file)
        self.validators = {}

    def resolve(self, pointer):
        node = self.root
        for part in pointer.removeprefix("#/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            if part not in node:
                raise Unknown(f"{pointer} is not in the contract")
            node = node[part]
        return node

    def check(self, pointer, value):
        """Sentences about what is wrong with `value`; empty when it fits."""
        return [sentence(error) for error in self.errors(pointer, value)]

    def errors(self, pointer, value):
        if pointer not in self.validators:
            Draft7Validator.check_schema(self.resolve(pointer))
            # The whole document is the root, so that local references resolve.
            wrapped = {key: self.root[key] for key in ("definitions", "components") if key in self.root}
            self.validators[pointer] = Draft7Validator({"$ref": pointer, **wrapped})
        return list(self.validators[pointer].iter_errors(value))


def sentence(error):
    return f"{'/'.join(map(str, error.absolute_path)) or 'the body'}: {error.message[:300]}"


def parsed(text, what):
    try:
        return json.loads(text), []
    except ValueError as error:
        return None, [f"{what} is no JSON: {error}"]


def is_cancelled(text):
    event, _ = parsed(text, "the answer")
    return isinstance(event, dict) and event.get("status") == "cancelled"


def headers_of(text):
    """Header lines up to an empty one, and what follows it."""
    headers = {}
    while text:
        line, _, text = text.partition("\n")
        line = line.rstrip("\r")
        if not line:
            break
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, text


def multipart(text, boundary):
    """The parts of a multipart body (RFC 2046 5.1), or nothing when it does not end as it has to."""
    pieces = re.split(rf"(?:^|\r?\n)--{re.escape(boundary)}(?=\r?\n|--)", text)
    if len(pieces) < 2 or not pieces[-1].startswith("--"):
        return None
    return [piece.removeprefix("\r").removeprefix("\n") for piece in pieces[1:-1]]


def checked_body(document, pointer, text, what):
    value, wrong = parsed(text, what)
    return wrong or [f"{what}, {each}" for each in document.check(pointer, value)]


def wrong_query(pairs, allowed):
    wrong = []
    for name, value in pairs:
        if name not in allowed:
            wrong.append(f"the parameter {name} is not known here")
            continue
        rule = allowed[name]
        if rule.get("type") == "integer" and not re.fullmatch(r"-?\d+", value):
            wrong.append(f"the parameter {name} is no number: {value}")
        elif rule.get("type") == "integer":
            low, high = rule.get("minimum"), rule.get("maximum")
            if (low is not None and int(value) < int(low)) or (high is not None and int(value) > int(high)):
                wrong.append(f"the parameter {name} is out of range: {value}")
        if rule.get("type") == "boolean" and value not in ("true", "false"):
            wrong.append(f"the parameter {name} is neither true nor false: {value}")
        if "enum" in rule and value not in rule["enum"]:
            wrong.append(f"the parameter {name} has a value nobody knows: {value}")
    return wrong


class Google:
    name = "google"
    hosts = ("www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com")

    def __init__(self, folder):
        self.document = Document(os.path.join(folder, "google-calendar-v3.schema.json"))

    def operation(self, method, path):
        # The narrowest pattern wins: ".../events/watch" also fits ".../events/{eventId}".
        fitting = [
            (len(each["path"].split("{")), name, each)
            for name, each in self.document.root["x-operations"].items()
            if each["method"] == method and re.match(each["pathPattern"], path)
        ]
        if not fitting:
            raise Unknown(f"Google has no operation {method} {path}")
        return min(fitting, key=lambda each: each[0])[1:]

    def notification(self, exchange):
        wrong = [f"the headers of a notification, {each}" for each in
                 self.document.check("#/definitions/NotificationHeaders", exchange["headers"])]
        if exchange["request"]:
            wrong.append("a notification has a body")
        return wrong + wrong_notification(exchange)

    def check(self, exchange):
        if "notifier" in exchange:
            return self.notification(exchange)
        url = urlsplit(exchange["url"])
        if url.path == "/batch/calendar/v3":
            return self.batch(exchange)
        if url.hostname != "www.googleapis.com":
            return check_sign_in(self.document, "#/definitions/OAuthTokenResponse", "#/definitions/OAuthTokenError", exchange)
        name, rules = self.operation(exchange["method"], url.path)
        return (self.asked(name, rules, url, exchange) if is_ours(exchange) else []) + self.answer(name, rules, exchange)

    def asked(self, name, rules, url, exchange):
        pairs = parse_qsl(url.query, keep_blank_values=True)
        allowed = {key: each for key, each in rules["parameters"].items() if each["in"] == "query"}
        wrong = wrong_query(pairs, allowed)
        given = {key for key, _ in pairs}
        if "syncToken" in given:
            wrong += [f"{key} may not go with syncToken" for key in given & set(rules.get("excludedBySyncToken", []))]
        if name in GOOGLE_REQUESTS or "request" in rules:
            pointer = f"#/definitions/{GOOGLE_REQUESTS[name]}" if name in GOOGLE_REQUESTS else rules["request"]
            wrong += checked_body(self.document, pointer, exchange["request"], "the request")
        elif exchange["request"]:
            wrong.append("the request has a body where none belongs")
        return wrong

    def answer(self, name, rules, exchange):
        status = exchange["status"]
        if status == 304:
            return []
        if status >= 400:
            return checked_body(self.document, "#/definitions/ErrorResponse", exchange["response"], f"the answer {status}")
        pointer = f"#/definitions/{GOOGLE_ANSWERS[name]}" if name in GOOGLE_ANSWERS else rules.get("response")
        if not pointer:
            return [] if status == 204 and not exchange["response"] else [f"the answer {status} should be 204 and empty"]
        wrong = [] if status == 200 else [f"the answer should be 200 and is {status}"]
        value, broken = parsed(exchange["response"], f"the answer {status}")
        if broken:
            return wrong + broken
        url = urlsplit(exchange["url"])
        if name == "events.get" and is_cancelled(exchange["response"]):
            pointer = "#/definitions/CancelledStub"
            wrong += stub_troubles(value, unquote(url.path.rsplit("/", 1)[1]))
        if name == "events.watch":
            wrong += [f"the channel lacks {each}" for each in CHANNEL if not value.get(each)]
        mask = asked_fields(dict(parse_qsl(url.query)).get("fields", ""))
        found = [each for each in self.document.errors(pointer, value) if not (mask and may_be_missing(each, mask))]
        wrong += [f"the answer {status}, {sentence(each)}" for each in found]
        return wrong + (beyond(value, mask) if mask else [])

    def batch(self, exchange):
        """Several exchanges in one; each of them is judged as if it stood alone."""
        boundary = exchange["request"].partition("\n")[0].rstrip("\r").removeprefix("--")
        parts = multipart(exchange["request"], boundary)
        if exchange["method"] != "POST" or parts is None:
            return ["the request is no batch"]
        if not 1 <= len(parts) <= GOOGLE_BATCH:
            return [f"the batch holds {len(parts)} calls"]
        wrong, asked = [], {}
        for part in parts:
            around, inner = headers_of(part)
            line, _, rest = inner.partition("\n")
            headers, body = headers_of(rest)
            name = around.get("content-id", "")
            if around.get("content-type") != "application/http" or not re.fullmatch("<[^<>]+>", name) or name in asked:
                wrong.append(f"a part of the batch has no type or no name of its own: {around}")
            method, _, target = line.strip().partition(" ")
            target = target.removesuffix(" HTTP/1.1")
            if not target.startswith("/calendar/v3/"):
                wrong.append(f"a part of the batch leads elsewhere: {target}")
            if body.strip() and not headers.get("content-type", "").startswith("application/json"):
                wrong.append("a part of the batch does not say what its body is")
            asked[name] = {"method": method, "url": f"https://www.googleapis.com{target}", "request": body.strip(),
                           "headers": exchange.get("headers", {})}
        if exchange["status"] != 200:
            return wrong + checked_body(
                self.document, "#/definitions/ErrorResponse", exchange["response"], f"the answer {exchange['status']}")
        found = re.match(r'multipart/mixed; *boundary="?([^";]+)', exchange["type"])
        answers = multipart(exchange["response"], found[1]) if found else None
        if answers is None:
            return wrong + ["the answer to the batch is none"]
        for answer in answers:
            around, inner = headers_of(answer)
            line, _, rest = inner.partition("\n")
            _, body = headers_of(rest)
            name = around.get("content-id", "").replace("<response-", "<", 1)
            status = re.match(r"HTTP/1\.1 (\d{3})", line)
            if name not in asked or not status:
                wrong.append(f"an answer in the batch belongs to no part: {around} {line}")
                continue
            one = dict(asked.pop(name), status=int(status[1]), response=body.strip())
            wrong += [f"in a batch, {one['method']} {one['url']}: {each}" for each in self.check(one)]
        return wrong + [f"{name} of the batch has no answer" for name in asked]


class Graph:
    name = "graph"
    hosts = ("graph.microsoft.com", "login.microsoftonline.com")

    def __init__(self, folder):
        self.document = Document(os.path.join(folder, "msgraph-calendar.openapi.json"))
        self.paths = []
        for path, rules in self.document.root["paths"].items():
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))
            self.paths.append((path.count("{"), re.compile(f"{pattern}$"), rules))

    def operation(self, method, path):
        fitting = [
            (count, rules) for count, pattern, rules in self.paths if pattern.match(path) and method.lower() in rules
        ]
        if not fitting:
            raise Unknown(f"Graph has no operation {method} {path}")
        rules = min(fitting, key=lambda each: each[0])[1]
        return rules[method.lower()]

    def referred(self, node):
        return self.document.resolve(node["$ref"]) if "$ref" in node else node

    def notification(self, exchange):
        token = dict(parse_qsl(urlsplit(exchange["url"]).query)).get("validationToken")
        if token is not None:
            whole = exchange["response"] == token and exchange["type"].startswith("text/plain") and exchange["status"] == 200
            return ([] if whole else ["the handshake is not answered with its token as plain text"]) + wrong_notification(exchange)
        wrong = wrong_notification(exchange)
        if not exchange["headers"].get("content-type", "").startswith("application/json"):
            wrong.append("a notification does not say what its body is")
        schemas = "#/components/schemas/"
        wrong += checked_body(self.document, schemas + "notificationBody", exchange["request"], "the notification")
        for one in [] if wrong else json.loads(exchange["request"])["value"]:
            kind = "lifecycleNotification" if "lifecycleEvent" in one else "changeNotification"
            wrong += [f"the {kind}, {each}" for each in self.document.check(schemas + kind, one)]
            if kind == "changeNotification" and not one.get("resourceData", {}).get("id"):
                wrong.append("a notification of a change does not say of what")
        return wrong

    def check(self, exchange):
        if "notifier" in exchange:
            return self.notification(exchange)
        url = urlsplit(exchange["url"])
        if url.hostname != "graph.microsoft.com":
            schemas = "#/components/schemas/"
            return check_sign_in(self.document, schemas + "oauthTokenResponse", schemas + "oauthTokenError", exchange)
        if not url.path.startswith("/v1.0/"):
            raise Unknown(f"Graph has no version at {url.path}")
        if is_ours(exchange) and 'IdType="ImmutableId"' not in exchange.get("prefer", ""):
            return ["the call does not ask for immutable ids"]
        return self.call(exchange, url)

    def call(self, exchange, url):
        rules = self.operation(exchange["method"], url.path.removeprefix("/v1.0"))
        wrong = self.asked(rules, url, exchange) if is_ours(exchange) else []
        wrong += self.answer(rules, exchange)
        return wrong if wrong or rules["operationId"] != "batch" else self.batch(exchange)

    def asked(self, rules, url, exchange):
        parameters = [self.referred(each) for each in rules.get("parameters", [])]
        allowed = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
        wrong = wrong_query(parse_qsl(url.query, keep_blank_values=True), allowed)
        if "requestBody" in rules:
            pointer = rules["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            wrong += checked_body(self.document, pointer, exchange["request"], "the request")
        elif exchange["request"]:
            wrong.append("the request has a body where none belongs")
        return wrong

    def batch(self, exchange):
        """Several exchanges in one; each of them is judged as if it stood alone. Their form was checked."""
        parts, wrong, asked = json.loads(exchange["request"])["requests"], [], {}
        free = [part for part in parts if not part.get("dependsOn")]
        if len(free) > GRAPH_AT_ONCE:
            wrong.append(f"{len(free)} calls of the batch meet the mailbox at once")
        for part in parts:
            headers = {name.lower(): value for name, value in part.get("headers", {}).items()}
            if part["id"].lower() in asked:
                wrong.append(f"two calls of the batch are called {part['id']}")
            if "body" in part and headers.get("content-type") != "application/json":
                wrong.append("a call of the batch does not say what its body is")
            asked[part["id"].lower()] = {
                "method": part["method"], "url": f"https://graph.microsoft.com/v1.0/{part['url'].lstrip('/')}",
                "request": json.dumps(part["body"]) if "body" in part else "", "prefer": headers.get("prefer", ""),
                "headers": exchange.get("headers", {})}
        if exchange["status"] != 200:
            return wrong
        for answer in json.loads(exchange["response"])["responses"]:
            one = asked.pop(answer["id"].lower(), None)
            if one is None:
                wrong.append(f"an answer in the batch belongs to no call: {answer['id']}")
                continue
            body = json.dumps(answer["body"]) if "body" in answer else ""
            one.update(status=answer["status"], response=body)
            wrong += [f"in a batch, {one['method']} {one['url'][:160]}: {each}" for each in self.check(one)]
        return wrong + [f"{name} of the batch has no answer" for name in asked]

    def answer(self, rules, exchange):
        status = str(exchange["status"])
        if status not in rules["responses"] and int(status) < 400:
            return [f"the answer {status} is none of {', '.join(rules['responses'])}"]
        answer = self.referred(rules["responses"].get(status) or rules["responses"]["default"])
        if "content" not in answer:
            return [f"the answer {status} should be empty"] if exchange["response"] else []
        pointer = answer["content"]["application/json"]["schema"]["$ref"]
        return checked_body(self.document, pointer, exchange["response"], f"the answer {status}")


def is_ours(exchange):
    """
    Other programs ask as they like: their requests are no business of ours, the answers to them are. What a simulator recorded
    has a Host header, and calgate's name among its headers when calgate asked; what calgate's own transport recorded has neither.
    """
    headers = exchange.get("headers", {})
    return "host" not in headers or headers.get("user-agent", "").startswith("calgate/")


def check_sign_in(document, token, error, exchange):
    """Pages for people, token endpoints and revocation; what lists keys and instances has no contract."""
    path, ours, status = urlsplit(exchange["url"]).path, is_ours(exchange), exchange["status"]
    if path.endswith(("/o/oauth2/v2/auth", "/o/oauth2/auth", "/oauth2/v2.0/authorize")):
        return (wrong_page(exchange) if ours else []) + wrong_redirect(exchange)
    if not path.endswith(("/token", "/revoke")):
        return []
    wrong = [] if exchange["method"] == "POST" else ["what signs in stands in a query"]
    if path.endswith("/token") and ours:
        wrong += wrong_form(exchange)
    if path.endswith("/revoke") and status == 200:
        return wrong
    pointer = token if status == 200 else error
    return wrong + checked_body(document, pointer, exchange["response"], f"the answer {status}")


def wrong_notification(exchange):
    """What holds for both services: where it goes, and that the receiver takes it."""
    wrong = []
    if exchange["method"] != "POST" or not exchange["url"].startswith("https://"):
        wrong.append("a notification is no POST to an https address")
    if not 200 <= exchange["status"] <= 299:
        wrong.append(f"the receiver answers a notification with {exchange['status']}")
    return wrong
