"""What a sign-in page, a token endpoint and a revocation are asked and answer (RFC 6749, RFC 7636, RFC 7009).

The documents of the contracts have schemas for the answers only; the forms are ours.
"""

from urllib.parse import parse_qs, parse_qsl, urlsplit

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Grant: what has to be there beside grant_type, and what may be.
CLIENT = {"client_secret", "client_assertion", "client_assertion_type"}
GRANTS = {
    "authorization_code": ({"code", "redirect_uri", "code_verifier", "client_id"}, CLIENT),
    "refresh_token": ({"refresh_token", "client_id"}, CLIENT | {"scope"}),
    "client_credentials": ({"client_id", "scope"}, CLIENT),
    JWT_BEARER: ({"assertion"}, set()),
}
PAGE = {"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"}
PAGE_ALSO = {"access_type", "prompt", "response_mode", "login_hint"}


def wrong_names(given, needed, allowed, what):
    return [f"{what} lacks {name}" for name in sorted(needed - given.keys())] + [
        f"{what} has {name}, which does not belong there" for name in sorted(given.keys() - needed - allowed)]


def single(text, what):
    pairs = parse_qsl(text, keep_blank_values=True)
    given = dict(pairs)
    wrong = [f"{what} says {name} twice" for name in given if [each for each, _ in pairs].count(name) > 1]
    return given, wrong + [f"{what} leaves {name} empty" for name, value in given.items() if not value]


def wrong_page(exchange):
    """The address that a person opens."""
    given, wrong = single(urlsplit(exchange["url"]).query, "the sign-in")
    wrong += wrong_names(given, PAGE, PAGE_ALSO, "the sign-in")
    if given.get("response_type") != "code" or given.get("code_challenge_method") != "S256":
        wrong.append("the sign-in asks for another thing than a code, or proves it otherwise than with S256")
    if len(given.get("code_challenge", "")) != 43:
        wrong.append("the challenge of the sign-in is no SHA-256")
    return wrong


def wrong_redirect(exchange):
    """Where the person is sent: back to who asked, with what was asked to come back."""
    if exchange["status"] >= 400:
        return []
    asked = dict(parse_qsl(urlsplit(exchange["url"]).query))
    location = exchange["location"]
    brought = parse_qs(urlsplit(location).query)
    wrong = [] if exchange["status"] in (302, 303) else [f"the answer {exchange['status']} is no redirect"]
    if not location.startswith(asked.get("redirect_uri", "?")):
        wrong.append("the sign-in leads elsewhere than it was asked")
    if ("code" in brought) == ("error" in brought):
        wrong.append("the sign-in brings neither a code nor an error, or both")
    if brought.get("state", [None])[0] != asked.get("state"):
        wrong.append("the sign-in brings another state than it was given")
    return wrong


def wrong_form(exchange):
    given, wrong = single(exchange["request"], "the form")
    grant = given.pop("grant_type", None)
    if grant not in GRANTS:
        return wrong + [f"the form asks with a grant that nobody knows: {grant}"]
    needed, allowed = GRANTS[grant]
    if given.keys() & CLIENT == {"client_secret"} or given.keys() & CLIENT == CLIENT - {"client_secret"} or not CLIENT & allowed:
        return wrong + wrong_names(given, needed, allowed, "the form")
    return wrong + wrong_names(given, needed, allowed, "the form") + ["the form proves the application not at all, or twice"]
