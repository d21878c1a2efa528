// One official client that works on a calendar which calgate mirrors to: seeded random edits of events of its own and
// of calgate's copies. Reads a number of operations a line, or "erase", and answers each line with what it did.
//   node shared_calendar.mjs google|graph CALENDAR SEED
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { codeOf } from './checks.mjs';

const [service, calendar, seed] = process.argv.slice(2);
const { client_id: clientId, client_secret: clientSecret } = JSON.parse(process.env.CALGATE_SIM_LOGINS)[service];
const redirectUri = 'http://localhost:8480/oauth/callback';
const minute = 60 * 1000;

/** mulberry32: the same seed gives the same operations. */
let state = Number(seed) | 0;
function below(limit) {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}

async function googleCalendar() {
  const { OAuth2Client } = await import('google-auth-library');
  const { calendar: calendarApi } = await import('@googleapis/calendar');
  const auth = new OAuth2Client({ clientId, clientSecret, redirectUri });
  const scope = ['https://www.googleapis.com/auth/calendar'];
  const { tokens } = await auth.getToken(await codeOf(auth.generateAuthUrl({ access_type: 'offline', scope })));
  auth.setCredentials(tokens);
  const events = calendarApi({ version: 'v3', auth, retry: false }).events;
  const time = (moment) => ({ dateTime: new Date(moment).toISOString(), timeZone: 'Europe/Berlin' });
  const members = ({ title, start, end }) => ({
    ...(title && { summary: title }), ...(start && { start: time(start), end: time(end) }),
  });
  return {
    async list() {
      const found = [];
      let pageToken;
      do {
        const { data } = await events.list({ calendarId: calendar, pageToken, maxResults: 100 });
        found.push(...data.items.filter((each) => each.start?.dateTime).map((each) => ({
          id: each.id, version: each.etag, title: each.summary, start: Date.parse(each.start.dateTime),
          isCopy: Boolean(each.extendedProperties?.private?.calgateMark),
        })));
        pageToken = data.nextPageToken;
      } while (pageToken);
      return found;
    },
    async create(event) {
      return (await events.insert({ calendarId: calendar, requestBody: members(event), sendUpdates: 'none' })).data.id;
    },
    patch: (id, change, version) => events.patch(
      { calendarId: calendar, eventId: id, requestBody: members(change) }, version ? { headers: { 'If-Match': version } } : {},
    ),
    remove: (id) => events.delete({ calendarId: calendar, eventId: id }),
    isDeleted: async (id) => (await events.get({ calendarId: calendar, eventId: id })).data.status === 'cancelled',
  };
}

async function graphCalendar() {
  const { ConfidentialClientApplication } = await import('@azure/msal-node');
  const { Client, PageIterator } = await import('@microsoft/microsoft-graph-client');
  const application = new ConfidentialClientApplication({
    auth: { clientId, clientSecret, authority: 'https://login.microsoftonline.com/common' },
  });
  const scopes = ['offline_access', 'https://graph.microsoft.com/Calendars.ReadWrite'];
  const code = await codeOf(await application.getAuthCodeUrl({ scopes, redirectUri }));
  const { accessToken } = await application.acquireTokenByCode({ code, scopes, redirectUri });
  const graph = Client.init({ authProvider: (done) => done(null, accessToken) });
  const time = (moment) => ({ dateTime: new Date(moment).toISOString().slice(0, 19), timeZone: 'UTC' });
  const members = ({ title, start, end }) => ({
    ...(title && { subject: title }), ...(start && { start: time(start), end: time(end) }),
  });
  return {
    async list() {
      const found = [];
      const first = await graph.api(`/me/calendars/${calendar}/events`).header('Prefer', 'IdType="ImmutableId"').top(100).get();
      await new PageIterator(graph, first, (each) => {
        if (each.isAllDay) return true;
        found.push({
          id: each.id, version: each['@odata.etag'], title: each.subject, start: Date.parse(`${each.start.dateTime.slice(0, 19)}Z`),
          isCopy: each.subject.startsWith('Booking'),
        });
        return true;
      }, { headers: { Prefer: 'IdType="ImmutableId"' } }).iterate();
      return found;
    },
    async create(event) {
      const body = { ...members(event), transactionId: randomUUID() };
      return (await graph.api(`/me/calendars/${calendar}/events`).header('Prefer', 'IdType="ImmutableId"').post(body)).id;
    },
    patch(id, change, version) {
      const asked = graph.api(`/me/events/${id}`).header('Prefer', 'IdType="ImmutableId"');
      return (version ? asked.header('If-Match', version) : asked).patch(members(change));
    },
    remove: (id) => graph.api(`/me/events/${id}`).header('Prefer', 'IdType="ImmutableId"').delete(),
    isDeleted: async () => false,  // A deleted event is answered 404 here.
  };
}

const client = await (service === 'google' ? googleCalendar() : graphCalendar());
const own = new Map();
const did = { created: 0, patched: 0, deleted: 0, listed: 0, edited: 0, erased: 0, refused: 0 };
let erased = [];  // Where the copies were that were deleted since the last answer.
let seen = [];
let number = 0;

/** Somewhere that no appointment is: their days are in the two months before. */
function ownTime() {
  const start = Date.UTC(2027, 5, 1 + below(60), below(24));
  return { start, end: start + 30 * minute };
}

/** @return whether the service took it; false when somebody else was quicker. */
async function took(id, work) {
  try {
    await work();
    return true;
  } catch (error) {
    const code = Number(error.statusCode ?? error.status ?? error.code);
    const late = [404, 410, 412].includes(code) || (code === 403 && await client.isDeleted(id));
    if (!late) throw error;
    did.refused += 1;
    return false;
  }
}

async function eraseCopy(copy) {
  if (!copy || !await took(copy.id, () => client.remove(copy.id))) return;
  did.erased += 1;
  erased.push(copy.start);
}

/** Copies are moved within their hour or renamed. */
async function editCopy() {
  const copies = seen.filter((each) => each.isCopy);
  if (copies.length === 0) return;
  const copy = copies[below(copies.length)];
  const start = copy.start - (copy.start % (60 * minute)) + 15 * minute * below(4);
  const change = below(2) === 0
    ? { title: `Booking by phone ${++number}` }
    : { start, end: start + 30 * minute };
  if (await took(copy.id, () => client.patch(copy.id, change, below(2) === 0 ? copy.version : undefined))) did.edited += 1;
}

async function operate() {
  const kind = below(10);
  const ids = [...own.keys()];
  if (kind < 3 || ids.length === 0) {
    const event = { title: `Own ${++number}`, ...ownTime() };
    own.set(await client.create(event), event);
    did.created += 1;
  } else if (kind < 5) {
    const id = ids[below(ids.length)];
    const event = { title: `Own ${++number}`, ...ownTime() };
    await client.patch(id, event);
    own.set(id, event);
    did.patched += 1;
  } else if (kind < 7) {
    const id = ids[below(ids.length)];
    await client.remove(id);
    own.delete(id);
    did.deleted += 1;
  } else if (kind < 9) {
    seen = await client.list();
    did.listed += 1;
  } else {
    await editCopy();
  }
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'erase') {
    const copies = (await client.list()).filter((each) => each.isCopy);
    await eraseCopy(copies[below(copies.length)]);
  } else {
    for (let left = Number(line); left > 0; --left) await operate();
  }
  seen = await client.list();
  console.log(JSON.stringify({ did, own: Object.fromEntries(own), seen, erased }));
  erased = [];
}
process.exit(0);
