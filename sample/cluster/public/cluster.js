/* global document, DOMParser */
// Shows the response of a button on the page. Without this script, a button opens the response as a page.

for (const output of document.querySelectorAll('pre[data-answer]')) {
  const form = document.querySelector(`form[action="${output.dataset.answer}"]`);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const answer = await fetch(form.action, { method: form.method });
    const body = await answer.json();
    output.textContent = body.calls === undefined ? JSON.stringify(body, null, 2) : summary(body);
    output.classList.toggle('failed', !answer.ok);
    output.hidden = false;
    const byProcess = body.byProcess ?? (body.process && { [body.process]: 1 }) ?? {};
    for (const [number, calls] of Object.entries(byProcess)) addCalls(number, calls);
    await updateExpiry(); // the call may have refreshed the token
  });
}

function summary({ calls, succeeded, refreshes }) {
  return `${succeeded} of ${calls} calls succeeded, with ${refreshes} ${refreshes === 1 ? 'refresh' : 'refreshes'}`;
}

function addCalls(number, calls) {
  const output = document.querySelector(`#process-${number} output`);
  output.textContent = Number(output.textContent) + calls;
}

async function updateExpiry() {
  const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
  document.getElementById('expiry').textContent = page.getElementById('expiry')?.textContent ?? 'You are signed out.';
}
