import type { OAuthError } from 'nestjs-oauth-client';
import { html } from './html.js';
import { layout } from './layout.js';

const TITLES: Record<string, string> = {
  access_denied: 'You said no',
  mismatching_state: 'This login is not one that you began here',
  unknown_provider: 'There is no such provider',
};

/** What went wrong with a login, and the way back. */
export function errorPage(error: OAuthError): string {
  const title = TITLES[error.error] ?? 'The login did not work';
  return layout(title, {
    content: html`<section class="card">
      <span class="status">${error.getStatus()} · ${error.error}</span>
      <h1>${title}</h1>
      <p class="soft">${error.description}</p>
      <div class="buttons"><a class="button" href="/">Back to the start</a></div>
    </section>`,
  });
}
