import type { KoaContextWithOIDC } from 'oidc-provider';
import { messagePage } from '../../../test/providers/login-page.js';
import { LOOK } from '../../../test/providers/oidc-provider.js';
import { html, type Html } from '../pages/html.js';

/** Returns a page in the style of Harbour's login page. */
export function harbourPage(content: Html): string {
  return messagePage(LOOK, '').replace(/<main>.*<\/main>/s, () => `<main>${content.toString()}</main>`);
}

/** Returns a form for an endpoint of `oidc-provider`, which accepts the form only in the session of this browser. */
export function harbourForm({ oidc }: KoaContextWithOIDC, endpoint: string, fields: Html): Html {
  const { secret } = oidc.session?.state as { secret: string };
  return html`<form method="post" action="${oidc.urlFor(endpoint)}">
    <input type="hidden" name="xsrf" value="${secret}" />
    ${fields}
  </form>`;
}
