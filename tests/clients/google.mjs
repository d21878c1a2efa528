// Google's own libraries: google-auth-library signs in, @googleapis/calendar does the rest.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';
import { calendar as calendarApi } from '@googleapis/calendar';
import { check, codeOf, listen, person, runChecks } from './checks.mjs';

const { client_id: clientId, client_secret: clientSecret } = JSON.parse(process.env.CALGATE_SIM_LOGINS).google;
const redirectUri = 'http://localhost:8480/oauth/callback';
const auth = new OAuth2Client({ clientId, clientSecret, redirectUri });
// Libraries retry by themselves; here each answer is looked at as it comes.
const google = calendarApi({ version: 'v3', auth, retry: false });
let calendarId;
let syncToken;
const ids = [];

const day = (number) => `2026-03-${String(number).padStart(2, '0')}`;
const event = (number, more = {}) => ({
  summary: `Cut ${number}`,
  start: { dateTime: `${day(number)}T09:00:00`, timeZone: 'Europe/Berlin' },
  end: { dateTime: `${day(number)}T10:00:00`, timeZone: 'Europe/Berlin' },
  ...more,
});

async function list(parameters) {
  const items = [];
  let pageToken;
  for (let pages = 1; ; ++pages) {
    const { data } = await google.events.list({ calendarId, ...parameters, pageToken });
    items.push(...data.items);
    if (data.nextSyncToken) return { items, pages, syncToken: data.nextSyncToken };
    pageToken = data.nextPageToken;
    assert(pageToken, 'a page without a token');
  }
}

async function refused(status, run) {
  await assert.rejects(run, (error) => {
    assert.equal(Number(error.status ?? error.code), status, `${error.status} ${error.code}: ${error.message}`);
    return true;
  });
}

check('sign_in', async () => {
  const { codeVerifier, codeChallenge } = await auth.generateCodeVerifierAsync();
  const address = auth.generateAuthUrl({
    access_type: 'offline', prompt: 'consent', scope: ['openid', 'email', 'https://www.googleapis.com/auth/calendar'],
    state: 'state-1', code_challenge: codeChallenge, code_challenge_method: CodeChallengeMethod.S256,
  });
  assert(address.startsWith('https://accounts.google.com/'), address);
  const { tokens } = await auth.getToken({ code: await codeOf(address), codeVerifier });
  assert(tokens.access_token && tokens.refresh_token);
  auth.setCredentials(tokens);
  return `over ${new URL(address).hostname}`;
});

check('refresh', async () => {
  const before = auth.credentials.access_token;
  const { credentials } = await auth.refreshAccessToken();
  assert.notEqual(credentials.access_token, before);
  return 'another access token';
});

check('calendars', async () => {
  calendarId = (await person('google', 'POST', 'calendars', { name: 'Official' })).calendar;
  const { data } = await google.calendarList.list();
  const found = data.items.find((each) => each.id === calendarId);
  assert.equal(found?.summary, 'Official');
  return `${data.items.length} listed`;
});

check('create', async () => {
  for (let number = 1; number <= 12; ++number) {
    const id = randomUUID().replaceAll('-', '');
    const { data } = await google.events.insert({ calendarId, requestBody: event(number, { id }), sendUpdates: 'none' });
    assert.equal(data.id, id);
    ids.push(id);
  }
  await refused(409, () => google.events.insert({ calendarId, requestBody: event(1, { id: ids[0] }) }));
  return '12 events; a name that is taken is refused';
});

check('page', async () => {
  const whole = await list({ maxResults: 5 });
  assert.deepEqual(whole.items.map((each) => each.id).sort(), [...ids].sort());
  assert(whole.pages >= 3);
  syncToken = whole.syncToken;
  return `12 events in ${whole.pages} pages`;
});

check('patch', async () => {
  const { data: before } = await google.events.get({ calendarId, eventId: ids[0] });
  const patch = (summary) => google.events.patch(
    { calendarId, eventId: ids[0], requestBody: { summary } }, { headers: { 'If-Match': before.etag } },
  );
  const { data: after } = await patch('Moved');
  assert.equal(after.summary, 'Moved');
  assert.notEqual(after.etag, before.etag);
  await refused(412, () => patch('Late'));
  return 'once by its version, refused by the version before';
});

check('delete', async () => {
  await google.events.delete({ calendarId, eventId: ids[1] });
  await refused(410, () => google.events.delete({ calendarId, eventId: ids[1] }));
  return '204, then 410';
});

check('incremental', async () => {
  await person('google', 'PUT', 'events', { calendar: calendarId, content: JSON.stringify(event(20, { summary: 'By hand' })) });
  const changed = await list({ syncToken });
  const removed = changed.items.filter((each) => each.status === 'cancelled').map((each) => each.id);
  const names = changed.items.filter((each) => each.status !== 'cancelled').map((each) => each.summary).sort();
  assert.deepEqual(removed, [ids[1]]);
  assert.deepEqual(names, ['By hand', 'Moved']);
  await refused(400, () => google.events.list({ calendarId, syncToken: 'never-given' }));
  return 'one changed, one removed, one of a person; a damaged token is refused';
});

check('watch', async () => {
  const notified = [];
  const origin = await listen((request) => {
    notified.push(request.headers);
    return { status: 200 };
  });
  await person('google', 'POST', 'receiver', { origin });
  const id = randomUUID();
  const { data: channel } = await google.events.watch({
    calendarId,
    requestBody: { id, type: 'web_hook', address: 'https://cal.example.org/hooks/google', token: 'secret-of-this-run' },
  });
  assert.equal(channel.id, id);
  assert(Number(channel.expiration) > Date.now());
  await google.events.patch({ calendarId, eventId: ids[2], requestBody: { summary: 'Noticed' } });
  await person('google', 'POST', 'notifications');
  const states = notified.map((each) => each['x-goog-resource-state']);
  assert(states.includes('sync') && states.includes('exists'), `states: ${states}`);
  assert(notified.every((each) => each['x-goog-channel-token'] === 'secret-of-this-run' && each['x-goog-channel-id'] === id));
  const stop = { requestBody: { id, resourceId: channel.resourceId } };
  await google.channels.stop(stop);
  await refused(404, () => google.channels.stop(stop));
  return `${states.join(', ')}, then the end`;
});

check('refused_without_a_token', async () => {
  const stranger = new OAuth2Client();
  stranger.setCredentials({ access_token: 'guess' });
  await refused(401, () => calendarApi({ version: 'v3', auth: stranger, retry: false }).calendarList.list());
  return '401';
});

await runChecks();
