"""A small CalDAV client that shares nothing with calgate: raw requests, so that it can vouch for what calgate wrote."""

import base64
import http.client
import re
import urllib.parse
import xml.etree.ElementTree as ET

from servers import PASSWORD

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"


class CalDav:
    """One account at one server. Every call is one connection; errors are raised."""

    def __init__(self, port, user="demo", password=PASSWORD):
        self.port = port
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Authorization": "Basic " + token}

    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = body.encode() if isinstance(body, str) else body
            connection.request(method, path, data, {**self.headers, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
        finally:
            connection.close()

    def make_calendar(self, path, name):
        body = (
            '<?xml version="1.0" encoding="utf-8"?><c:mkcalendar xmlns:d="DAV:" '
            'xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>'
            + name
            + '</d:displayname><c:supported-calendar-component-set><c:comp name="VEVENT"/>'
            "</c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>"
        )
        status, _, text = self.request("MKCALENDAR", path, body, {"Content-Type": "application/xml; charset=utf-8"})
        if status != 201:
            raise RuntimeError(f"MKCALENDAR {path} answered {status}: {text[:200]!r}")

    def put(self, path, text, etag=None):
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        headers.update({"If-Match": etag} if etag else {"If-None-Match": "*"})
        status, _, body = self.request("PUT", path, text, headers)
        if status not in (200, 201, 204):
            raise RuntimeError(f"PUT {path} answered {status}: {body[:200]!r}")

    def delete(self, path):
        status, _, body = self.request("DELETE", path)
        if status not in (200, 204):
            raise RuntimeError(f"DELETE {path} answered {status}: {body[:200]!r}")

    def events(self, calendar):
        """Everything in a calendar: {path: (etag, unfolded text)}."""
        body = (
            '<?xml version="1.0" encoding="utf-8"?><c:calendar-query xmlns:d="DAV:" '
            'xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter>'
            '<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/></c:comp-filter></c:filter></c:calendar-query>'
        )
        status, _, answer = self.request(
            "REPORT", calendar, body, {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
        )
        if status != 207:
            raise RuntimeError(f"REPORT {calendar} answered {status}")
        found = {}
        for response in ET.fromstring(answer).findall(DAV + "response"):
            href = urllib.parse.unquote(response.findtext(DAV + "href", ""))
            data = response.find(f".//{CAL}calendar-data")
            etag = response.find(f".//{DAV}getetag")
            if data is not None and data.text:
                found[href] = (etag.text if etag is not None else None, unfold(data.text))
        return found


def unfold(text):
    return re.sub(r"\r?\n[ \t]", "", text).replace("\r\n", "\n")


def field(text, name):
    """Value of the first such property of the first VEVENT; None when absent."""
    body = text[text.index("BEGIN:VEVENT"):]
    match = re.search(rf"^{name}(?:;[^:\n]*)?:(.*)$", body, re.MULTILINE)
    return match.group(1) if match else None
