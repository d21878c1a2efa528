"""What the contracts of Google Calendar and Microsoft Graph say about one exchange.

An exchange is a dict: method, url, request (text), status, type (Content-Type of the answer), response (text).
"""

import json
import os
import re
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft7Validator

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
        if pointer not in self.validators:
            Draft7Validator.check_schema(self.resolve(pointer))
            # The whole document is the root, so that local references resolve.
            wrapped = {key: self.root[key] for key in ("definitions", "components") if key in self.root}
            self.validators[pointer] = Draft7Validator({"$ref": pointer, **wrapped})
        return [
            f"{'/'.join(map(str, error.absolute_path)) or 'the body'}: {error.message[:300]}"
            for error in self.validators[pointer].iter_errors(value)
        ]


def parsed(text, what):
    try:
        return json.loads(text), []
    except ValueError as error:
        return None, [f"{what} is no JSON: {error}"]


def is_cancelled(text):
    event, _ = parsed(text, "the answer")
    return isinstance(event, dict) and event.get("status") == "cancelled"


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

    def check(self, exchange):
        url = urlsplit(exchange["url"])
        if url.hostname != "www.googleapis.com":
            return check_sign_in(self.document, "#/definitions/OAuthTokenResponse", "#/definitions/OAuthTokenError", exchange)
        name, rules = self.operation(exchange["method"], url.path)
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
        return wrong + self.answer(name, rules, exchange)

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
        if name == "events.get" and is_cancelled(exchange["response"]):
            pointer = "#/definitions/CancelledStub"  # Only its id is promised.
        found = checked_body(self.document, pointer, exchange["response"], f"the answer {status}")
        if re.search(r"[?&]fields=", exchange["url"]):
            found = [each for each in found if not each.endswith("is a required property")]  # A partial answer was asked for.
        return wrong + found


class Graph:
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

    def check(self, exchange):
        url = urlsplit(exchange["url"])
        if url.hostname != "graph.microsoft.com":
            schemas = "#/components/schemas/"
            return check_sign_in(self.document, schemas + "oauthTokenResponse", schemas + "oauthTokenError", exchange)
        if not url.path.startswith("/v1.0/"):
            raise Unknown(f"Graph has no version at {url.path}")
        rules = self.operation(exchange["method"], url.path.removeprefix("/v1.0"))
        parameters = [self.referred(each) for each in rules.get("parameters", [])]
        allowed = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
        wrong = wrong_query(parse_qsl(url.query, keep_blank_values=True), allowed)
        if "requestBody" in rules:
            pointer = rules["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            wrong += checked_body(self.document, pointer, exchange["request"], "the request")
        elif exchange["request"]:
            wrong.append("the request has a body where none belongs")
        return wrong + self.answer(rules, exchange)

    def answer(self, rules, exchange):
        status = str(exchange["status"])
        if status not in rules["responses"] and int(status) < 400:
            return [f"the answer {status} is none of {', '.join(rules['responses'])}"]
        answer = self.referred(rules["responses"].get(status) or rules["responses"]["default"])
        if "content" not in answer:
            return [f"the answer {status} should be empty"] if exchange["response"] else []
        pointer = answer["content"]["application/json"]["schema"]["$ref"]
        return checked_body(self.document, pointer, exchange["response"], f"the answer {status}")


def check_sign_in(document, token, error, exchange):
    """Token endpoints; pages for people and revocation have no schema."""
    if not urlsplit(exchange["url"]).path.endswith("/token"):
        return []
    pointer = token if exchange["status"] == 200 else error
    return checked_body(document, pointer, exchange["response"], f"the answer {exchange['status']}")
