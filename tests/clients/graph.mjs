// Microsoft's own libraries: @azure/msal-node signs in, @microsoft/microsoft-graph-client does the rest.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ConfidentialClientApplication, CryptoProvider } from '@azure/msal-node';
import { Client, PageIterator } from '@microsoft/microsoft-graph-client';
import { check, codeOf, listen, person, runChecks } from './checks.mjs';

const { client_id: clientId, client_secret: clientSecret } = JSON.parse(process.env.CALGATE_SIM_LOGINS).graph;
const redirectUri = 'http://localhost:8480/oauth/callback';
const scopes = ['openid', 'profile', 'offline_access', 'https://graph.microsoft.com/Calendars.ReadWrite'];
const application = new ConfidentialClientApplication({
  auth: { clientId, clientSecret, authority: 'https://login.microsoftonline.com/common' },
});
let token;
let calendar;
let graph;
let deltaLink;
const ids = [];

const day = (number) => `2026-03-${String(number).padStart(2, '0')}`;
const event = (number, more = {}) => ({
  subject: `Cut ${number}`,
  start: { dateTime: `${day(number)}T09:00:00`, timeZone: 'Europe/Berlin' },
  end: { dateTime: `${day(number)}T10:00:00`, timeZone: 'Europe/Berlin' },
  transactionId: randomUUID(),
  ...more,
});

async function delta(link) {
  const items = [];
  let page = await graph.api(link).get();
  for (let pages = 1; ; ++pages) {
    items.push(...page.value);
    if (page['@odata.deltaLink']) return { items, pages, link: page['@odata.deltaLink'] };
    page = await graph.api(page['@odata.nextLink']).get();
  }
}

async function refused(status, run) {
  await assert.rejects(run, (error) => {
    assert.equal(error.statusCode, status, `${error.statusCode} ${error.code}: ${error.message}`);
    return true;
  });
}

check('sign_in', async () => {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const address = await application.getAuthCodeUrl({
    scopes, redirectUri, codeChallenge: challenge, codeChallengeMethod: 'S256', state: 'state-1',
  });
  assert(address.startsWith('https://login.microsoftonline.com/'), address);
  const result = await application.acquireTokenByCode({
    code: await codeOf(address), scopes, redirectUri, codeVerifier: verifier,
  });
  assert(result.accessToken && result.account);
  token = result.accessToken;
  graph = Client.init({ authProvider: (done) => done(null, token) });
  return `as ${result.account.username} over ${new URL(address).hostname}`;
});

check('refresh', async () => {
  const [account] = await application.getTokenCache().getAllAccounts();
  const result = await application.acquireTokenSilent({ account, scopes, forceRefresh: true });
  assert.notEqual(result.accessToken, token);
  token = result.accessToken;
  return 'another access token';
});

check('calendars', async () => {
  const made = (await person('graph', 'POST', 'calendars', { name: 'Official' })).calendar;
  const all = await graph.api('/me/calendars').get();
  calendar = all.value.find((each) => each.id === made);
  assert(calendar, `${made} is not listed`);
  assert.equal(calendar.name, 'Official');
  return `${all.value.length} listed`;
});

check('create', async () => {
  for (let number = 1; number <= 12; ++number) {
    const created = await graph.api(`/me/calendars/${calendar.id}/events`).post(event(number));
    assert.equal(created.subject, `Cut ${number}`);
    ids.push(created.id);
  }
  assert.equal(new Set(ids).size, 12);
  return '12 events';
});

check('page', async () => {
  const first = await graph.api(`/me/calendars/${calendar.id}/events`).top(5).get();
  assert.equal(first.value.length, 5);
  assert(first['@odata.nextLink'].startsWith('https://graph.microsoft.com/v1.0/'));
  const seen = new Set();
  await new PageIterator(graph, first, (each) => { seen.add(each.id); return true; }).iterate();
  assert.deepEqual([...seen].sort(), [...ids].sort());
  return '12 events in pages of 5';
});

check('delta', async () => {
  const link = `/me/calendars/${calendar.id}/calendarView/delta?startDateTime=${day(1)}T00:00:00Z&endDateTime=2026-04-01T00:00:00Z`;
  const whole = await delta(link);
  assert.equal(new Set(whole.items.map((each) => each.id)).size, 12);
  const nothing = await delta(whole.link);
  assert.deepEqual(nothing.items, []);
  deltaLink = nothing.link;
  return `12 events in ${whole.pages} pages, then nothing new`;
});

check('patch', async () => {
  const before = await graph.api(`/me/events/${ids[0]}`).get();
  const after = await graph.api(`/me/events/${ids[0]}`).header('If-Match', before['@odata.etag']).patch({ subject: 'Moved' });
  assert.equal(after.subject, 'Moved');
  assert.notEqual(after['@odata.etag'], before['@odata.etag']);
  assert.equal(after.start.dateTime, before.start.dateTime);
  await refused(412, () => graph.api(`/me/events/${ids[0]}`).header('If-Match', before['@odata.etag']).patch({ subject: 'Late' }));
  return 'once by its version, refused by the version before';
});

check('delete', async () => {
  await graph.api(`/me/events/${ids[1]}`).delete();
  await refused(404, () => graph.api(`/me/events/${ids[1]}`).get());
  return '204, then 404';
});

check('incremental', async () => {
  await person('graph', 'PUT', 'events', { calendar: calendar.id, content: JSON.stringify(event(20, { subject: 'By hand' })) });
  const { items, link } = await delta(deltaLink);
  const removed = items.filter((each) => each['@removed']).map((each) => each.id);
  const subjects = items.filter((each) => !each['@removed']).map((each) => each.subject).sort();
  assert.deepEqual(removed, [ids[1]]);
  assert.deepEqual(subjects, ['By hand', 'Moved']);
  deltaLink = link;
  return 'one changed, one removed, one of a person';
});

check('subscribe', async () => {
  const notified = [];
  const origin = await listen((request, body) => {
    const token = new URL(request.url, 'http://receiver').searchParams.get('validationToken');
    if (token !== null) return { status: 200, text: token };
    notified.push(...JSON.parse(body).value);
    return { status: 202 };
  });
  await person('graph', 'POST', 'receiver', { origin });
  const subscription = await graph.api('/subscriptions').post({
    changeType: 'created,updated,deleted',
    notificationUrl: 'https://cal.example.org/hooks/graph',
    lifecycleNotificationUrl: 'https://cal.example.org/hooks/graph',
    resource: `/me/calendars/${calendar.id}/events`,
    expirationDateTime: new Date(Date.now() + 3600 * 1000).toISOString(),
    clientState: 'secret-of-this-run',
  });
  await graph.api(`/me/events/${ids[2]}`).patch({ subject: 'Noticed' });
  assert.equal((await person('graph', 'POST', 'notifications')).delivered, 1);
  assert(notified.length >= 1);
  assert(notified.every((each) => each.subscriptionId === subscription.id && each.clientState === 'secret-of-this-run'));
  const renewed = await graph.api(`/subscriptions/${subscription.id}`).patch({
    expirationDateTime: new Date(Date.now() + 7200 * 1000).toISOString(),
  });
  assert(new Date(renewed.expirationDateTime) > new Date(subscription.expirationDateTime));
  await graph.api(`/subscriptions/${subscription.id}`).delete();
  await refused(404, () => graph.api(`/subscriptions/${subscription.id}`).get());
  return `handshake, ${notified.length} notification(s), renewal, end`;
});

check('refused_without_a_token', async () => {
  const stranger = Client.init({ authProvider: (done) => done(null, 'guess') });
  await refused(401, () => stranger.api('/me/calendars').get());
  return '401';
});

await runChecks();
