"""Answers of Google that need not say everything: `fields` names what was asked for, and a cancelled event says little."""

import re


def asked_fields(fields):
    """What `fields` names, as nested dicts; a leaf is everything below it. "items(id,status),kind"."""
    mask, stack, word = {}, [], ""
    current = mask
    for character in fields + ",":
        if character not in ",()/":
            word += character
            continue
        if word:
            inner = current.setdefault(word, {})
            if character in "(/":
                stack.append((current, character))
                current = inner
        word = ""
        if character == ")":
            while stack[-1][1] == "/":
                stack.pop()
            current = stack.pop()[0]
        while character in ",)" and stack and stack[-1][1] == "/":
            current = stack.pop()[0]
    return mask


def beyond(value, mask, path="the body"):
    """Members of a partial answer that were not asked for."""
    if isinstance(value, list):
        return [each for one in value for each in beyond(one, mask, path)]
    if not mask or not isinstance(value, dict):
        return []
    wrong = [f"{path}: {name} was not asked for" for name in value if name not in mask]
    return wrong + [each for name in value if name in mask for each in beyond(value[name], mask[name], f"{path}/{name}")]


def may_be_missing(error, mask):
    """Whether a member that a schema requires was left out because nobody asked for it."""
    if error.validator != "required":
        return False
    for name in error.absolute_path:
        if isinstance(name, int):
            continue
        if not mask:
            return False
        mask = mask.get(name, {})
    return bool(mask) and not any(repr(name) in error.message for name in mask)


def stub_troubles(event, asked_id):
    """A cancelled event need not say more than its id; what it says besides has to fit."""
    wrong = []
    if event.get("id") != asked_id:
        wrong.append(f"the answer is another event than the one that was asked for: {event.get('id')}")
    if ("recurringEventId" in event) != ("originalStartTime" in event):
        wrong.append("a cancelled instance says its series, or where in it it was, and not the other")
    if "etag" in event and not re.fullmatch(r'"[^"]+"', str(event["etag"])):
        wrong.append(f"the etag is none: {event['etag']}")
    if event.get("kind", "calendar#event") != "calendar#event":
        wrong.append(f"the kind is none of an event's: {event['kind']}")
    return wrong
