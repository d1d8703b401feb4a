import { html, type Html } from '../showcase/pages/html.js';
import type { Session } from './session.js';

export interface Home {
  processes: number;
  servedBy: number;
  session: Session;
  /** The expiry of the user's token, in seconds since 1970. Undefined if the user has no token. */
  expiresAt?: number;
  /** Where tokens are kept: `in Redis`. */
  tokensAre: string;
  /** Where pending logins are kept: `in Redis`. */
  loginsWait: string;
}

export function homePage(home: Home): string {
  const { processes, servedBy, session, tokensAre, loginsWait } = home;
  const { user } = session;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>One app, ${processes} processes</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <strong>nestjs-oauth-client</strong>
          ${user && html`<span class="soft">${user.name}</span> ${button('/auth/logout', 'Sign out', 'quiet')}`}
        </header>
        <main>
          <h1>One app, ${processes} processes</h1>
          <p class="soft">
            A proxy sends each request to the next process. This page came from process ${servedBy} (pid
            ${process.pid}).
          </p>
          <ol class="processes">
            ${Array.from({ length: processes }, (_, index) => tile(index + 1, home))}
          </ol>
          ${user ? signedIn(home) : signIn()}
        </main>
        <footer>Logins wait ${loginsWait}. Tokens are ${tokensAre}.</footer>
        <script type="module" src="/cluster.js"></script>
      </body>
    </html>`.toString();
}

function tile(number: number, { servedBy, session: { user, begunBy, finishedBy } }: Home): Html {
  return html`<li id="process-${number}">
    <strong>Process ${number}</strong>
    ${number === servedBy && html`<span class="badge">sent this page</span>`}
    ${user && number === begunBy && html`<span class="badge">began your login</span>`}
    ${user && number === finishedBy && html`<span class="badge">finished your login</span>`}
    <span class="calls soft"><output>0</output> calls</span>
  </li>`;
}

function signIn(): Html {
  return html`<section class="card">
    <div>
      <h2>Sign in</h2>
      <p class="soft">One process starts your login, and the next process completes it.</p>
    </div>
    <a class="button" href="/auth/login">Sign in with Harbour</a>
  </section>`;
}

function signedIn({ session: { begunBy, finishedBy }, expiresAt }: Home): Html {
  return html`<section class="card">
      <div>
        <h2>Your login</h2>
        <p class="soft">Process ${begunBy} began it, and process ${finishedBy} finished it.</p>
      </div>
      <a class="button quiet" href="/auth/login">Sign in again</a>
    </section>
    <section class="card">
      <div>
        <h2>Harbour’s API</h2>
        <p class="soft">Every process finds your token.</p>
      </div>
      ${button('/api/me', 'Call the API', '', 'get')}
      <pre data-answer="/api/me" hidden></pre>
    </section>
    <section class="card">
      <div>
        <h2>One refresh for all calls</h2>
        <p class="soft" id="expiry">${expiryText(expiresAt)}</p>
      </div>
      ${button('/expire', 'Expire my token', 'quiet')} ${button('/storm', 'Make 100 calls at once')}
      <pre data-answer="/storm" hidden></pre>
    </section>`;
}

/** Returns a form with a button. The script shows the response in the `pre` of the action, if there is one. */
function button(action: string, label: string, look = '', method = 'post'): Html {
  return html`<form action="${action}" method="${method}"><button class="button ${look}">${label}</button></form>`;
}

function expiryText(expiresAt: number | undefined): string {
  if (expiresAt === undefined) return 'You no longer have a token: sign in again.';
  const seconds = Math.round(expiresAt - Date.now() / 1000);
  if (seconds <= 0)
    return 'Your token is expired. Its refresh token can be used only once: a second use would sign you out.';
  return `Your token expires in ${seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`}.`;
}
