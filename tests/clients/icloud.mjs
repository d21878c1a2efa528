// tsdav, a client of other people, at calgate-sim's iCloud.
import assert from 'node:assert/strict';
import { DAVClient } from 'tsdav';
import { check, person, runChecks } from './checks.mjs';

const { user, password } = JSON.parse(process.env.CALGATE_SIM_LOGINS)['caldav-icloud'];
const site = 'caldav-icloud';
const client = new DAVClient({
  serverUrl: 'https://caldav.icloud.com',
  credentials: { username: user, password },
  authMethod: 'Basic',
  defaultAccountType: 'caldav',
});
let calendar;
let object;

const text = (title, hour) => [
  'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//tsdav//EN', 'BEGIN:VEVENT', 'UID:tsdav-1', 'DTSTAMP:20260301T080000Z',
  `DTSTART:20260610T${hour}0000Z`, `DTEND:20260610T${hour}3000Z`, `SUMMARY:${title}`, 'X-TICKET:t-1', 'END:VEVENT',
  'END:VCALENDAR', '',
].join('\r\n');


check('discover', async () => {
  await person(site, 'POST', 'calendars', { name: 'home' });
  await client.login();
  assert.match(client.account.homeUrl, /^https:\/\/p42-caldav\.icloud\.com(:443)?\//);
  const calendars = await client.fetchCalendars();
  calendar = calendars.find((one) => one.displayName === 'home');
  assert(calendar, calendars.map((one) => one.displayName).join());
  assert.deepEqual(calendar.components, ['VEVENT']);
  assert(calendars.every((one) => !one.url.includes('box/')), 'inbox and outbox are no calendars');
  return client.account.homeUrl;
});

check('create', async () => {
  const response = await client.createCalendarObject({ calendar, iCalString: text('Cut', '08'), filename: 'tsdav-1.ics' });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('etag'), null);
  const again = await client.createCalendarObject({ calendar, iCalString: text('Cut', '08'), filename: 'tsdav-1.ics' });
  assert.equal(again.status, 412);
  return 'without an ETag; a second time it is refused';
});

check('read', async () => {
  [object] = await client.fetchCalendarObjects({
    calendar, timeRange: { start: '2026-06-01T00:00:00Z', end: '2026-07-01T00:00:00Z' },
  });
  assert(object.etag);
  for (const line of ['SUMMARY:Cut', 'X-TICKET:t-1', 'X-APPLE-CREATOR-IDENTITY']) assert(object.data.includes(line), line);
  return `rewritten, at ${new URL(object.url).hostname}`;
});

check('change', async () => {
  const changed = await client.updateCalendarObject({ calendarObject: { ...object, data: text('Cut and colour', '09') } });
  assert.equal(changed.status, 204);
  const stale = await client.updateCalendarObject({ calendarObject: { ...object, data: text('Late', '10') } });
  assert.equal(stale.status, 412);
  const [now] = await client.fetchCalendarObjects({ calendar, objectUrls: [object.url] });
  assert(now.data.includes('SUMMARY:Cut and colour'));
  object = now;
  return 'with If-Match; a stale one is refused';
});

check('sync', async () => {
  const { responses, token } = await sync('');
  assert.deepEqual(responses, [['tsdav-1.ics', 207]]);
  await person(site, 'PUT', 'events', { calendar: at(), event: '', content: text('Other', '11').replace('tsdav-1', 'other') });
  const next = await sync(token);
  assert.deepEqual(next.responses, [['person-1.ics', 207]]);
  calendar.syncToken = next.token;
  return 'only what changed';
});

check('delete', async () => {
  const response = await client.deleteCalendarObject({ calendarObject: object });
  assert.equal(response.status, 204);
  const { responses } = await sync(calendar.syncToken);
  assert.deepEqual(responses, [['tsdav-1.ics', 404]]);
  return 'and the sync names it';
});

check('refused', async () => {
  const stranger = new DAVClient({
    serverUrl: 'https://caldav.icloud.com', credentials: { username: user, password: 'Summer2026!' }, authMethod: 'Basic',
    defaultAccountType: 'caldav',
  });
  await assert.rejects(() => stranger.login());
  const made = await client.makeCalendar({ url: `${client.account.homeUrl}new/`, props: { displayname: 'new' } });
  assert.equal(made[0].status, 403);
  return 'an ordinary password, and a new calendar';
});

/** The calendar as the simulator's control endpoint knows it. */
function at() {
  return `https://caldav.icloud.com${new URL(calendar.url).pathname}`;
}

/** @return names and statuses since the token, the collection itself left out. */
async function sync(syncToken) {
  const found = await client.syncCollection({
    url: calendar.url, props: { 'd:getetag': {} }, syncLevel: 1, syncToken,
  });
  const responses = found.filter((one) => one.href?.endsWith('.ics')).map((one) => [one.href.split('/').pop(), one.status]);
  return { responses, token: found[0].raw.multistatus.syncToken };
}

await runChecks();
