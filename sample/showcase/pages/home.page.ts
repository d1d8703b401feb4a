import { TV } from '../device/tv.js';
import { claimsTable } from './claims.table.js';
import { CODE, type CodeLocation } from '../code/sources.js';
import { codeLink } from './code.page.js';
import { html, type Html } from './html.js';
import { layout } from './layout.js';

export interface Home {
  providers: Provider[];
  /** The name of the user who is signed in. */
  user?: string;
  /** The user's claims from an OpenID Connect provider. */
  claims?: Record<string, unknown>;
}

export interface Provider {
  /** The name of the client. */
  name: string;
  title: string;
  /** The label of the login button. */
  signIn: string;
  protocol: string;
  /** The path of the login route. */
  login: string;
  /** The expiry of the user's token. `null` if it does not expire, undefined if the user has no token. */
  expiry?: Date | null;
  /** Whether the token is bound to a key (DPoP). */
  isBound?: boolean;
}

export function homePage({ providers, user, claims }: Home): string {
  return user === undefined
    ? layout('Sign in', { content: signIn(providers) })
    : layout(`Signed in as ${user}`, { user, content: signedIn(providers, user, claims) });
}

function signIn(providers: Provider[]): Html {
  return html`<section class="hero">
      <h1>Sign in with anything</h1>
      <p class="soft">
        Two providers run in this process: Chirp, and Harbour, which speaks OpenID Connect. Both know
        <code>ada</code> and <code>grace</code>, each with the name as the password.
      </p>
    </section>
    <section class="tiles">${providers.map(tile)}</section>
    <ul class="hints small soft">
      <li>
        <h2>Say no</h2>
        Press “Deny” at a provider: the refusal comes back as a page. ${codeLink(CODE.errors)}
      </li>
      <li>
        <h2>Use two tabs</h2>
        Begin a login in each. Both finish, in either order. ${codeLink(CODE.returnTo)}
      </li>
      <li>
        <h2>Sign in twice</h2>
        The second provider is linked to the user who is signed in. ${codeLink(CODE.linking)}
      </li>
    </ul>`;
}

function tile({ name, title, signIn, protocol, login }: Provider): Html {
  return html`<div class="card tile">
    ${mark(name, title)}
    <div>
      <a class="whole" href="${login}">${signIn}</a>
      <p class="soft small">${protocol} · ${codeLink(loginCode(name))}</p>
    </div>
  </div>`;
}

function signedIn(providers: Provider[], user: string, claims: Home['claims']): Html {
  return html`<section class="hero">
      <h1>Hello, ${user}</h1>
      <p class="soft">Each call below finds your token in the database, and refreshes it when its time is up.</p>
    </section>
    <p class="stale card" id="stale" role="alert" hidden></p>
    ${providers.map((provider) => (provider.expiry === undefined ? unconnected(provider) : connected(provider)))}
    ${claims && claimsTable(claims)}
    <script type="module" src="/home.js"></script>`;
}

function connected({ name, title, protocol, login, expiry, isBound }: Provider): Html {
  return html`<section class="card">
    <div class="row">
      ${mark(name, title)}
      <div class="grows">
        <h2>${title}</h2>
        <p class="soft small">
          ${protocol} · <span class="expiry" id="expiry-${name}">${expiryText(expiry)}</span>${
            isBound && html`, and is bound to a key (DPoP)`
          }
          · ${codeLink(CODE.apiCall)}
        </p>
      </div>
      <a class="button quiet" href="${login}">Connect again</a>
      <a class="button" href="/api/${name}/me" data-answer="answer-${name}">Call the API</a>
    </div>
    <div id="answer-${name}" role="status" aria-live="polite"></div>
  </section>`;
}

function unconnected({ name, title, protocol, login }: Provider): Html {
  return html`<section class="card row">
    ${mark(name, title)}
    <div class="grows">
      <h2>${title}</h2>
      <p class="soft small">${protocol} · Not connected · ${codeLink(loginCode(name))}</p>
    </div>
    <a class="button" href="${login}">Connect</a>
  </section>`;
}

function loginCode(name: string): CodeLocation {
  return name === TV ? CODE.device : CODE.login;
}

function mark(name: string, title: string): Html {
  return html`<span class="mark" data-provider="${name}" aria-hidden="true">${title.charAt(0)}</span>`;
}

function expiryText(expiry: Date | null | undefined): string {
  if (!expiry) return 'The token does not expire';
  const seconds = Math.round((expiry.getTime() - Date.now()) / 1000);
  if (seconds <= 0) return 'The token is expired; the next call refreshes it';
  return `The token expires in ${seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`}`;
}
