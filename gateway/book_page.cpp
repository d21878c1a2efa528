#include "gateway/book_page.hpp"

#include "core/identity.hpp"
#include "gateway/webhook_signature.hpp"

namespace calgate {
namespace {

constexpr const char* kBookStyle = R"css(
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 34rem; padding: 1rem; }
h1 { font-size: 1.4rem; line-height: 1.2; }
h2 { font-size: 1.15rem; margin-top: 1.5rem; }
label { display: block; margin-top: .8rem; }
input, select, textarea, button { box-sizing: border-box; font: inherit; min-height: 2.9rem; padding: .4rem .7rem; width: 100%; }
button { margin-top: .8rem; cursor: pointer; }
ul.times { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); list-style: none; padding: 0; }
ul.times button { margin: 0; }
:focus-visible { outline: 3px solid; outline-offset: 2px; }
[role=status], [role=alert] { border-left: .3rem solid; margin-top: 1rem; padding: .2rem .7rem; }
[role=status]:empty, [role=alert]:empty { display: none; }
.keep { overflow-wrap: anywhere; }
)css";

constexpr const char* kBookScript = R"js(
'use strict';
const $ = id => document.getElementById(id);
const mark = new URLSearchParams(location.hash.slice(1));
const link = mark.get('link') || '';
let booking = mark.get('booking') || '', zone = 'UTC', holding = false;

async function ask(path, body) {
  $('wrong').textContent = '';
  let answer;
  try {
    answer = await fetch(path, body === undefined ? {} :
      {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
  } catch (failure) {
    return say('The page was not answered; look at your connection and try again.');
  }
  const text = await answer.json().catch(() => ({}));
  return answer.ok ? text : say(text.detail || 'That went wrong; try again in a moment.');
}
function say(sentence) {
  $('wrong').textContent = sentence;
  $('wrong').scrollIntoView({block: 'center'});
  return null;
}
function when(one) {
  const day = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'short', timeZone: zone});
  return one.service_name + ', ' + day.format(new Date(one.start));
}
function show(part) {
  for (const each of ['choose', 'fill', 'done']) $(each).hidden = each !== part;
  $(part).querySelector('h2').focus();
}
async function times() {
  const found = await ask('/book/slots?service=' + encodeURIComponent($('service').value) + '&day=' + $('day').value);
  if (!found) return;
  const clock = new Intl.DateTimeFormat(undefined, {timeStyle: 'short', timeZone: zone});
  $('times').replaceChildren(...found.slots.map(slot => {
    const item = document.createElement('li'), button = document.createElement('button');
    button.type = 'button';
    button.textContent = clock.format(new Date(slot.start));
    button.addEventListener('click', () => hold(slot.start));
    item.append(button);
    return item;
  }));
  const free = found.slots.length;
  $('told').textContent = free === 0 ? 'There is no free time on this day; choose another.'
    : free === 1 ? 'One time is free.' : free + ' times are free.';
}
async function hold(start) {
  if (holding) return;
  holding = true;
  const body = {service: $('service').value, start: start};
  if (link) body.link = link;
  const held = await ask('/book/holds', body);
  holding = false;
  if (!held) return;
  booking = held.booking;
  zone = held.zone;
  const until = new Intl.DateTimeFormat(undefined, {timeStyle: 'short'}).format(new Date(held.until));
  $('what').textContent = when(held.appointments[0]) + '. This time is kept for you until ' + until + '.';
  $('told').textContent = '';
  show('fill');
}
async function confirmed(event) {
  event.preventDefault();
  const body = {booking: booking};
  for (const field of ['name', 'contact', 'note']) if ($(field).value.trim()) body[field] = $(field).value.trim();
  const made = await ask('/book/confirm', body);
  if (made) finished(made);
}
async function cancelled() {
  const made = await ask('/book/cancel', {booking: booking});
  if (made) finished(made);
}
function finished(made) {
  zone = made.zone;
  const words = {confirmed: 'Booked', held: 'Kept for you, not booked yet', cancelled: 'Cancelled'};
  $('state').textContent = words[made.state];
  $('list').replaceChildren(...made.appointments.map(one => {
    const item = document.createElement('li');
    item.textContent = when(one);
    return item;
  }));
  const live = made.state !== 'cancelled';
  $('cancel').hidden = $('keeping').hidden = !live;
  $('keep').textContent = $('keep').href = location.origin + '/book#booking=' + booking;
  show('done');
}
async function begin() {
  const offered = await ask('/book/services');
  if (!offered) return;
  zone = offered.zone;
  $('title').textContent = document.title = 'Book at ' + offered.business;
  $('zone').textContent = 'Times are those of ' + zone.replace('_', ' ') + '.';
  if (booking) {
    const made = await ask('/book/look', {booking: booking});
    if (made) finished(made);
    return;
  }
  let services = offered.services;
  if (link) {
    const good = await ask('/book/link', {link: link});
    if (!good) return;
    services = services.filter(one => !good.service || one.id === good.service);
    $('name').required = $('contact').required = false;
    $('person').hidden = true;
  }
  $('service').replaceChildren(...services.map(one =>
    new Option(one.name + ' (' + one.duration_min + ' min)', one.id)));
  $('day').value = $('day').min = offered.today;
  show('choose');
}
$('ask').addEventListener('submit', event => { event.preventDefault(); times(); });
$('fill').addEventListener('submit', confirmed);
$('back').addEventListener('click', async () => {
  await ask('/book/cancel', {booking: booking});
  show('choose');
  times();
});
$('cancel').addEventListener('click', cancelled);
begin();
)js";

constexpr const char* kBookBody = R"html(
<main>
<h1 id="title">Book</h1>
<noscript><p>This page needs JavaScript. Without it, please call the business.</p></noscript>
<p id="told" role="status"></p>
<p id="wrong" role="alert"></p>
<div id="choose" hidden>
<form id="ask">
<h2 tabindex="-1">Choose a time</h2>
<p id="zone"></p>
<label for="service">Service</label>
<select id="service" required></select>
<label for="day">Day</label>
<input id="day" type="date" required>
<button type="submit">Show free times</button>
</form>
<ul id="times" class="times" aria-label="Free times"></ul>
</div>
<form id="fill" hidden>
<h2 tabindex="-1">Who comes?</h2>
<p id="what"></p>
<div id="person">
<label for="name">Name</label>
<input id="name" autocomplete="name" maxlength="100" required>
<label for="contact">E-mail or telephone</label>
<input id="contact" autocomplete="email" maxlength="120" required>
</div>
<label for="note">Anything to know (may stay empty)</label>
<textarea id="note" rows="2" maxlength="500"></textarea>
<button type="submit">Book this time</button>
<button type="button" id="back">Choose another time</button>
</form>
<div id="done" hidden>
<h2 id="state" tabindex="-1"></h2>
<ul id="list"></ul>
<p id="keeping" class="keep">Keep this address to look at your booking or cancel it: <a id="keep"></a></p>
<button type="button" id="cancel">Cancel this booking</button>
</div>
</main>
)html";

std::string source_of(const char* text) { return "'sha256-" + base64(sha256_bytes(text)) + "'"; }

}  // namespace

const std::string& book_page() {
    static const std::string kPage = std::string(
                                         "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                                         "<title>Book</title>\n<style>"
                                     ) +
                                     kBookStyle + "</style>\n</head>\n<body>" + kBookBody + "<script>" + kBookScript +
                                     "</script>\n</body>\n</html>\n";
    return kPage;
}

const std::string& book_page_policy() {
    static const std::string kPolicy = "default-src 'none'; connect-src 'self'; script-src " + source_of(kBookScript) +
                                       "; style-src " + source_of(kBookStyle) +
                                       "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return kPolicy;
}

}  // namespace calgate
