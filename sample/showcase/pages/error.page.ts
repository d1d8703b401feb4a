import { MismatchingStateError, type OAuthError } from 'nestjs-oauth-client';
import { html } from './html.js';
import { layout } from './layout.js';

interface Message {
  title: string;
  /** The error's own description unless told. */
  text?: string;
}

const MESSAGES: Record<string, Message> = {
  access_denied: {
    title: 'You said no',
    text: 'Nothing was shared with this site. You can start again whenever you like.',
  },
  expired_token: { title: 'The code is too old', text: 'Nobody has typed it in time. You can start again.' },
  expired_state: { title: 'This login took too long' },
  no_session: { title: 'This login was not begun in this browser' },
  unknown_provider: { title: 'There is no such provider' },
  unknown_state: { title: 'This login is not one that you began here' },
  used_state: { title: 'This login is already finished' },
};

/** What went wrong with a login, and the way back. */
export function errorPage(error: OAuthError): string {
  const kind = error instanceof MismatchingStateError ? error.reason : error.error;
  const { title, text = error.description }: Message = MESSAGES[kind] ?? { title: 'The login did not work' };
  return layout(title, {
    content: html`<section class="card message">
      <span class="status">${error.getStatus()} · ${error.error}</span>
      <h1>${title}</h1>
      <p class="soft sentence">${text}</p>
      <a class="button" href="/">Back to the start</a>
    </section>`,
  });
}
