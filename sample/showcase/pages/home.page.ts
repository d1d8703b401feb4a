import { Html, html } from './html.js';
import { layout } from './layout.js';

export interface Home {
  /** Names of the clients. */
  providers: string[];
  /** Who is signed in. */
  user?: string;
  /** When the user's tokens expire, by provider. */
  expiries: ReadonlyMap<string, Date | null>;
}

/** Without scripts the links open the API's answer; with them it is shown in place. */
const SCRIPT = new Html(`
  for (const link of document.querySelectorAll('a[data-call]')) {
    link.addEventListener('click', async (event) => {
      event.preventDefault();
      const answer = await fetch(link.href);
      const output = document.getElementById(link.dataset.call);
      output.hidden = false;
      output.textContent = JSON.stringify(await answer.json(), null, 2);
    });
  }
`);

export function homePage({ providers, user, expiries }: Home): string {
  return user === undefined
    ? layout('Sign in', { content: signIn(providers) })
    : layout(`Signed in as ${user}`, { user, content: signedIn(providers, user, expiries) });
}

function signIn(providers: string[]): Html {
  return html`<section class="card">
    <h1>Sign in with anything</h1>
    <p class="soft">
      <code>chirp</code> speaks OAuth 1.0a and <code>harbour</code> speaks OpenID Connect. Both run in this process, and
      know <code>ada</code> and <code>grace</code>, each with the name as the password.
    </p>
    <div class="buttons">
      ${providers.map((name) => html`<a class="button" href="/auth/${name}/login">Sign in with ${titleOf(name)}</a>`)}
    </div>
  </section>`;
}

function signedIn(providers: string[], user: string, expiries: Home['expiries']): Html {
  return html`<section class="card">
      <h1>Hello, ${user}</h1>
      <p class="soft">
        You are signed in. Each call below finds your token in the database, and refreshes it when its time is up.
      </p>
    </section>
    ${providers.map((name) => (expiries.has(name) ? connected(name, expiries.get(name) ?? null) : unconnected(name)))}
    <script type="module">
      ${SCRIPT};
    </script>`;
}

function connected(name: string, expiry: Date | null): Html {
  return html`<section class="card">
    <div class="row">
      <div>
        <h2>${titleOf(name)}</h2>
        <p class="soft">${expiryText(expiry)}</p>
      </div>
      <a class="button" href="/api/${name}/me" data-call="answer-${name}">Call the API</a>
    </div>
    <pre id="answer-${name}" hidden></pre>
  </section>`;
}

function unconnected(name: string): Html {
  return html`<section class="card row">
    <div>
      <h2>${titleOf(name)}</h2>
      <p class="soft">Not connected</p>
    </div>
    <a class="button quiet" href="/auth/${name}/login">Connect</a>
  </section>`;
}

function expiryText(expiry: Date | null): string {
  if (expiry === null) return 'The token does not expire';
  const minutes = Math.round((expiry.getTime() - Date.now()) / 60_000);
  if (minutes <= 0) return 'The token is expired; the next call refreshes it';
  return `The token expires in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}

function titleOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
