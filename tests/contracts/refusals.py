"""Exchanges of signing in and of being notified that must be refused, and why."""

import json

CHANNEL = "https://www.googleapis.com/calendar/v3/calendars/c/events/watch"
STOP = "https://www.googleapis.com/calendar/v3/channels/stop"
SUBSCRIPTIONS = "https://graph.microsoft.com/v1.0/subscriptions"
USERS = "https://graph.microsoft.com/v1.0/users/u"
GOOGLE_PAGE = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"
GRAPH_PAGE = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
GRAPH_TOKEN = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
HOOK = "https://cal.example.org/hooks"
IMMUTABLE = 'IdType="ImmutableId"'

ASKED = ("?client_id=a&redirect_uri=http://localhost/cb&response_type=code&scope=s&state=t"
         "&code_challenge=" + 43 * "c" + "&code_challenge_method=S256")
BACK = "http://localhost/cb?code=c&state=t"
REFRESH = "grant_type=refresh_token&refresh_token=covered&client_id=a&client_secret=covered"
TOKENS = json.dumps({"access_token": "a", "token_type": "Bearer", "expires_in": 3599})
WATCH = {"id": "a-1", "type": "web_hook", "address": f"{HOOK}/google"}
OPENED = {"kind": "api#channel", "id": "a-1", "resourceId": "r", "resourceUri": "https://www.googleapis.com/r", "expiration": "1"}
SUBSCRIBE = {"changeType": "created", "notificationUrl": f"{HOOK}/graph", "resource": "/me/events", "clientState": "s",
             "expirationDateTime": "2026-03-02T09:15:00Z"}
SUBSCRIBED = {"id": "s", "changeType": "created", "notificationUrl": f"{HOOK}/graph", "resource": "/me/events",
              "expirationDateTime": "2026-03-02T09:15:00Z"}
TOLD = {"x-goog-channel-id": "a-1", "x-goog-message-number": "1", "x-goog-resource-id": "r", "x-goog-resource-state": "sync",
        "x-goog-resource-uri": "https://www.googleapis.com/r"}
CHANGE = {"subscriptionId": "7f105c7d-2dc5-4530-97cd-100000000001", "changeType": "updated", "resource": "Users/u/Events/e",
          "subscriptionExpirationDateTime": "2026-03-02T09:15:00Z", "resourceData": {"id": "e"}}
JSON = {"content-type": "application/json"}
OTHERS = {"host": "www.googleapis.com", "user-agent": "google-api-nodejs-client/8.0.0"}
NAMELESS = {"host": "login.microsoftonline.com"}
OURS = {"host": "oauth2.googleapis.com", "user-agent": "calgate/0.1"}


def exchange(method, url, request="", status=200, response="", **more):
    text = [each if isinstance(each, str) else json.dumps(each) for each in (request, response)]
    return {"method": method, "url": url, "request": text[0], "prefer": IMMUTABLE, "status": status, "type": "", "location": "",
            "response": text[1], **more}


def told(service, url="", method="POST", request="", status=202, response="", headers=None, **more):
    given = headers if headers is not None else TOLD if service == "google" else JSON
    return exchange(method, url or f"{HOOK}/{service}", request, status, response, headers=given, notifier=service, **more)


def without(members, name):
    return {key: value for key, value in members.items() if key != name}


SIGNING_IN_AND_PUSH = [
    ("a sign-in without a challenge", "lacks code_challenge",
     exchange("GET", GOOGLE_PAGE + ASKED.split("&code_challenge=")[0], status=302, location=BACK)),
    ("a sign-in that asks for a token", "another thing than a code",
     exchange("GET", GRAPH_PAGE + ASKED.replace("=code&", "=token&"), status=302, location=BACK)),
    ("a short challenge", "no SHA-256", exchange("GET", GRAPH_PAGE + ASKED.replace("ccc", "c"), status=302, location=BACK)),
    ("a sign-in with something more", "has nobody", exchange("GET", GOOGLE_PAGE + ASKED + "&nobody=1", status=302, location=BACK)),
    ("a sign-in page that leads elsewhere", "leads elsewhere",
     exchange("GET", GOOGLE_PAGE + ASKED, status=302, location="http://other/cb?code=c&state=t")),
    ("a sign-in that loses the state", "another state",
     exchange("GET", GRAPH_PAGE + ASKED, status=302, location="http://localhost/cb?code=c")),
    ("a sign-in that brings nothing", "neither a code nor an error",
     exchange("GET", GRAPH_PAGE + ASKED, status=302, location="http://localhost/cb?state=t")),
    ("a form with an unknown grant", "nobody knows", exchange("POST", GOOGLE_TOKEN, "grant_type=password&client_id=a", response=TOKENS)),
    ("a refresh without its token", "lacks refresh_token",
     exchange("POST", GRAPH_TOKEN, REFRESH.replace("refresh_token=covered&", ""), response=TOKENS)),
    ("a refresh without a proof", "not at all", exchange("POST", GRAPH_TOKEN, REFRESH.removesuffix("&client_secret=covered"), response=TOKENS)),
    ("a form that says something twice", "client_id twice", exchange("POST", GOOGLE_TOKEN, REFRESH + "&client_id=b", response=TOKENS)),
    ("a form with an empty value", "client_secret empty",
     exchange("POST", GOOGLE_TOKEN, REFRESH.replace("secret=covered", "secret="), response=TOKENS)),
    ("a code without its verifier", "lacks code_verifier",
     exchange("POST", GOOGLE_TOKEN, REFRESH.replace("refresh_token=", "code=", 1).replace("=refresh_token", "=authorization_code")
              + "&redirect_uri=u", response=TOKENS)),
    ("a secret in a query", "in a query", exchange("GET", GOOGLE_TOKEN, REFRESH, response=TOKENS)),
    ("a refused token without an error", "'error' is a required", exchange("POST", GRAPH_TOKEN, REFRESH, 400, "{}")),
    ("a token answer with a wrong type", "'Bearer'", exchange("POST", GRAPH_TOKEN, REFRESH, 200, TOKENS.replace("Bearer", "mac"))),
    ("a refused revocation without an error", "'error' is a required",
     exchange("POST", "https://oauth2.googleapis.com/revoke", "token=covered", 400, "{}")),
    ("our own form, as a simulator recorded it", "nobody knows",
     exchange("POST", GOOGLE_TOKEN, "grant_type=password&client_id=a", response=TOKENS, headers=OURS)),
    ("another program's event that is none", "the answer 200",
     exchange("GET", CHANNEL.replace("watch", "e"), "", 200, {"kind": 1}, headers=OTHERS)),
    ("another program's token answer without a token", "'access_token' is a required",
     exchange("POST", GOOGLE_TOKEN, "anything", 200, "{}", headers=OTHERS)),
    ("a channel without an address", "'address' is a required", exchange("POST", CHANNEL, without(WATCH, "address"), 200, OPENED)),
    ("a channel that cannot be stopped", "lacks resourceId", exchange("POST", CHANNEL, WATCH, 200, without(OPENED, "resourceId"))),
    ("an end without its resource", "'resourceId' is a required", exchange("POST", STOP, {"id": "a-1"}, 204)),
    ("an end with an answer", "should be 204", exchange("POST", STOP, {"id": "a-1", "resourceId": "r"}, 200, "{}")),
    ("a subscription without a secret", "'clientState' is a required",
     exchange("POST", SUBSCRIPTIONS, without(SUBSCRIBE, "clientState"), 201, SUBSCRIBED)),
    ("a subscription without an end", "the answer 201", exchange("POST", SUBSCRIPTIONS, SUBSCRIBE, 201, SUBSCRIBED | {"expirationDateTime": 7})),
    ("a renewal of something else", "Additional properties", exchange("PATCH", f"{SUBSCRIPTIONS}/s", SUBSCRIBE, 200, SUBSCRIBED)),
    ("another mailbox's call without immutable ids", "immutable ids", exchange("GET", f"{USERS}/events/e", prefer="")),
    ("another mailbox's event that is none", "the answer 200", exchange("GET", f"{USERS}/events/e", "", 200, {"subject": 7})),
    ("another mailbox's unknown operation", "has no operation", exchange("PUT", f"{USERS}/events", "", 200, "{}")),
    ("a notification without a channel", "'x-goog-channel-id' is a required", told("google", headers=without(TOLD, "x-goog-channel-id"))),
    ("a notification that counts from nothing", "the headers of a notification",
     told("google", headers=TOLD | {"x-goog-message-number": "0"})),
    ("a notification with a body", "has a body", told("google", request="{}")),
    ("a notification that is not taken", "with 500", told("google", status=500)),
    ("a notification over http", "no POST to an https", told("google", url="http://cal.example.org/hooks/google")),
    ("a notification of nothing", "the notification, value", told("graph", request={"value": []})),
    ("a notification without a subscription", "the notification, value",
     told("graph", request={"value": [without(CHANGE, "subscriptionId")]})),
    ("a notification of an unknown change", "the notification, value",
     told("graph", request={"value": [CHANGE | {"changeType": "moved"}]})),
    ("a notification that names no event", "does not say of what", told("graph", request={"value": [CHANGE | {"resourceData": {}}]})),
    ("a message of life that nobody knows", "the notification, value",
     told("graph", request={"value": [{"lifecycleEvent": "over", "subscriptionId": CHANGE["subscriptionId"]}]})),
    ("a notification without a type", "what its body is", told("graph", request={"value": [CHANGE]}, headers={})),
    ("a handshake that answers something else", "handshake",
     told("graph", url=f"{HOOK}/graph?validationToken=a%20b", status=200, response="a+b", type="text/plain")),
    ("a handshake that answers as a page", "handshake",
     told("graph", url=f"{HOOK}/graph?validationToken=a", status=200, response="a", type="text/html")),
    ("a notifier that is in no contract", "no contract speaks of ews", told("ews", request="")),
]
# And these are right, so that it is their fault alone.
RIGHT = [
    ("a sign-in", exchange("GET", GOOGLE_PAGE + ASKED, status=302, location=BACK)),
    ("a refused sign-in", exchange("GET", GRAPH_PAGE + ASKED, status=302, location=BACK.replace("code=c", "error=access_denied"))),
    ("a refresh", exchange("POST", GRAPH_TOKEN, REFRESH, 200, TOKENS)),
    ("another program's form", exchange("POST", GOOGLE_TOKEN, "anything", 200, TOKENS, headers=OTHERS)),
    ("the form of a program without a name", exchange("POST", GRAPH_TOKEN, "anything", 200, TOKENS, headers=NAMELESS)),
    ("a channel", exchange("POST", CHANNEL, WATCH, 200, OPENED)),
    ("the end of a channel", exchange("POST", STOP, {"id": "a-1", "resourceId": "r"}, 204)),
    ("a subscription", exchange("POST", SUBSCRIPTIONS, SUBSCRIBE, 201, SUBSCRIBED)),
    ("a notification of Google", told("google", status=200)),
    ("a notification of Graph", told("graph", request={"value": [CHANGE]})),
    ("a handshake", told("graph", url=f"{HOOK}/graph?validationToken=a%20b", status=200, response="a b", type="text/plain")),
]
