/* global document, DOMParser, setInterval */
// Without this script "Call the API" opens the answer as a page of its own; with it the answer is shown in place.

const EXPIRY_INTERVAL_MS = 10_000;

for (const link of document.querySelectorAll('a[data-answer]')) {
  link.addEventListener('click', async (event) => {
    event.preventDefault();
    const answer = await fetch(link.href);
    const output = document.getElementById(link.dataset.answer);
    output.textContent = JSON.stringify(await answer.json(), null, 2);
    output.classList.toggle('failed', !answer.ok);
    output.hidden = false;
    await updateExpiries(); // the call may have refreshed the token
  });
}

setInterval(updateExpiries, EXPIRY_INTERVAL_MS);

async function updateExpiries() {
  const page = await fetch('/');
  const now = new DOMParser().parseFromString(await page.text(), 'text/html');
  for (const expiry of document.querySelectorAll('.expiry')) {
    expiry.textContent = now.getElementById(expiry.id)?.textContent ?? 'You are signed out';
  }
}
