/* global document, DOMParser, setInterval */
// Shows the response of "Call the API" on the page. Without this script, the link opens the response as a page.

const CHECK_INTERVAL_MS = 10_000;

for (const link of document.querySelectorAll('a[data-answer]')) {
  link.addEventListener('click', async (event) => {
    event.preventDefault();
    const answer = await fetch(link.href).catch(() => undefined);
    if (answer) showAnswer(document.getElementById(link.dataset.answer), answer.ok, await answer.text());
    await checkPage(); // the call may have refreshed the token
  });
}

setInterval(checkPage, CHECK_INTERVAL_MS);
document.addEventListener('visibilitychange', checkPage); // the user may have signed out in another tab

/** Shows a response in a live region, which screen readers read aloud. */
function showAnswer(region, isSuccess, text) {
  const output = document.createElement('pre');
  output.tabIndex = 0;
  output.textContent = formatted(text);
  output.classList.toggle('failed', !isSuccess);
  region.replaceChildren(output);
}

function formatted(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Loads the current page: updates when tokens expire, and shows a message if this tab is out of date. */
async function checkPage() {
  const page = await fetch('/').catch(() => undefined);
  if (!page) return showStale('The showcase does not answer. Is it still running? ', 'Try again');
  const now = new DOMParser().parseFromString(await page.text(), 'text/html');
  for (const expiry of document.querySelectorAll('.expiry')) {
    expiry.textContent = now.getElementById(expiry.id)?.textContent ?? 'Not connected';
  }
  const [shown, current] = [document, now].map((each) => each.querySelector('h1').textContent);
  if (shown === current) document.getElementById('stale').hidden = true;
  else if (now.querySelector('header a[href="/auth/logout"]')) {
    showStale('This tab is out of date: another user is signed in now. ', 'Show the current page');
  } else showStale('This tab is out of date: you are signed out. ', 'Sign in again');
}

function showStale(sentence, action) {
  const stale = document.getElementById('stale');
  if (!stale.hidden && stale.dataset.sentence === sentence) return; // so that screen readers read it once
  const link = document.createElement('a');
  link.href = '/';
  link.textContent = action;
  stale.dataset.sentence = sentence;
  stale.replaceChildren(sentence, link);
  stale.hidden = false;
}
