#!/usr/bin/env python3
"""Runs three of the conformance suite's columns of EWS and the engine's Exchange tests, and checks every request, and every
answer of the server that keeps to the schema, against Microsoft's own schema.

    check_ews.py CONTRACTS CONFORMANCE_TEST SERVICES_TEST
    check_ews.py CONTRACTS SIM_TEST FULL

The second form checks the simulator's answers to the operations of other clients against FULL, a folder with
ews-envelope.xsd of Microsoft's whole set, which also has GetUserAvailability and is not part of this project.
"""

import json
import os
import subprocess
import sys
import tempfile

from lxml import etree

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header>'
    '<t:RequestServerVersion Version="Exchange2016"/></s:Header><s:Body>%s</s:Body></s:Envelope>'
)
# The server that keeps to the schema, and two that make us ask otherwise; all of them would take too long.
COLUMNS = ["ews_plain", "ews_html", "ews_stranger"]
# Each of these must be refused, or nothing that follows counts.
MUST_BE_REFUSED = [
    ("a send option that nobody knows", '<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="Never">'
     '<m:ItemIds><t:ItemId Id="a"/></m:ItemIds></m:DeleteItem>'),
    ("too large a page", '<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
     '<m:SyncFolderId><t:FolderId Id="a"/></m:SyncFolderId><m:MaxChangesReturned>513</m:MaxChangesReturned>'
     '</m:SyncFolderItems>'),
    ("elements in another order", '<m:CreateItem><m:Items><t:CalendarItem><t:Location>L</t:Location>'
     '<t:Subject>S</t:Subject></t:CalendarItem></m:Items></m:CreateItem>'),
    ("an operation that nobody knows", "<m:MakeItem/>"),
]


# Servers put these into the namespace of the messages, the schema puts them into that of the types.
ELSEWHERE = [
    ("m:Notification>", "t:Notification>"),
    ("<m:ErrorSubscriptionIds><m:SubscriptionId>", "<m:ErrorSubscriptionIds><t:SubscriptionId>"),
    ("</m:SubscriptionId></m:ErrorSubscriptionIds>", "</t:SubscriptionId></m:ErrorSubscriptionIds>"),
]


def as_the_schema_has_it(text):
    for said, written in ELSEWHERE:
        text = text.replace(said, written)
    return text


def wrong_with(schema, text):
    try:
        document = etree.fromstring(text.encode())
    except etree.XMLSyntaxError as error:
        return f"no XML: {error}"
    if schema.validate(document):
        return None
    return schema.error_log.last_error.message


def check_operations(binary, full):
    schema = etree.XMLSchema(etree.parse(os.path.join(full, "ews-envelope.xsd")))
    if wrong_with(schema, ENVELOPE % "<m:GetUserAvailabilityResponse><m:Nothing/></m:GetUserAvailabilityResponse>") is None:
        sys.exit("The checker does not refuse an answer that nobody knows; nothing it says counts.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, "--run_test=ews_operations"], env=dict(os.environ, CALGATE_EXCHANGES=folder), check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "ews_operations"), encoding="utf-8") as file:
            answers = [text for text in file.read().split("\0") if text]
    wrong = [f"{found}\n  {text[:1500]}" for text in answers if (found := wrong_with(schema, text))]
    asked = sum("GetUserAvailabilityResponse>" in text for text in answers)
    print(f"{len(answers)} answers, {asked} of them about busy time: {len(wrong)} problems")
    for each in wrong[:10]:
        print(each)
    return 1 if wrong or not asked else 0


def main():
    if os.path.isdir(sys.argv[3]):
        return check_operations(*sys.argv[2:])
    contracts, binary, services = sys.argv[1:4]
    schema = etree.XMLSchema(etree.parse(os.path.join(contracts, "ews", "ews-envelope.xsd")))
    for name, body in MUST_BE_REFUSED:
        if wrong_with(schema, ENVELOPE % body) is None:
            sys.exit(f"The checker does not refuse {name}; nothing it says counts.")
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, CALGATE_EXCHANGES=folder)
        # Naming a suite also wakes its disabled rows; what fails is the conformance suite's to say.
        subprocess.run([binary, "--run_test=" + ",".join(COLUMNS)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([services, "--run_test=exchange"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(folder, "ews_services"), encoding="utf-8") as file:
            asked = [{"request": text, "column": "services"} for text in file.read().split("\0") if text]
        exchanges = [dict(json.loads(line), column=name) for name in COLUMNS
                     for line in open(os.path.join(folder, name + ".jsonl"), encoding="utf-8")]
    wrong, operations, seen = [], set(), set()
    for exchange in exchanges + asked:
        for what in ("request", "response"):
            # The others are the servers that break the schema.
            if what == "response" and (exchange["column"] != COLUMNS[0] or exchange["status"] == 401):
                continue
            if exchange[what] in seen:
                continue
            seen.add(exchange[what])
            found = wrong_with(schema, as_the_schema_has_it(exchange[what]))
            if found:
                wrong.append(f"a {what}: {found}\n  {exchange[what][:1500]}")
        operations.add(exchange["request"].split("<s:Body><m:", 1)[1].split(">", 1)[0].split(" ", 1)[0])
    silent = {*COLUMNS, "services"} - {exchange["column"] for exchange in exchanges + asked}
    if silent:
        print(f"nothing came from {', '.join(sorted(silent))}")
    print(f"{len(exchanges) + len(asked)} exchanges of {', '.join(sorted(operations))}: {len(wrong)} problems")
    for each in wrong[:10]:
        print(each)
    missing = {"CreateItem", "DeleteItem", "FindFolder", "FindItem", "GetFolder", "GetItem", "SyncFolderItems",
               "UpdateItem", "Subscribe", "GetStreamingEvents"} - operations
    if missing:
        print(f"never asked: {', '.join(sorted(missing))}")
    return 1 if wrong or missing or silent else 0


if __name__ == "__main__":
    sys.exit(main())
