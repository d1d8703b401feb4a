import { CODE } from '../code/sources.js';
import { codeLink } from './code.page.js';
import { html, type Html } from './html.js';

/** Claims that are times, in seconds since 1970. */
const TIMES = ['auth_time', 'exp', 'iat', 'updated_at'];

/** Returns a table of the user's claims. */
export function claimsTable(claims: Record<string, unknown>): Html {
  return html`<section class="card">
    <h2>What OpenID Connect says about you</h2>
    <p class="soft small">
      The claims of your login, from the signed id_token and from userinfo. ${codeLink(CODE.claims)}
    </p>
    <table>
      ${Object.entries(claims).map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${text(name, value)}</td>
          </tr>`,
      )}
    </table>
  </section>`;
}

function text(name: string, value: unknown): string {
  if (TIMES.includes(name) && typeof value === 'number') return new Date(value * 1000).toUTCString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
