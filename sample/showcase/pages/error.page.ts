import { HttpException } from '@nestjs/common';
import { MismatchingStateError, OAuthError } from 'nestjs-oauth-client';
import { CODE } from '../code/sources.js';
import { codeLink } from './code.page.js';
import { html } from './html.js';
import { layout } from './layout.js';

interface Message {
  title: string;
  /** @default the message of the error */
  text?: string;
}

/** Messages by error code, or by the reason of a `MismatchingStateError`. */
const MESSAGES: Record<string, Message> = {
  access_denied: {
    title: 'You said no',
    text: 'Nothing was shared with this site. You can start again whenever you like.',
  },
  expired_token: { title: 'The code is too old', text: 'The code was not entered in time. You can start again.' },
  expired_state: { title: 'This login took too long' },
  missing_token: { title: 'You are not signed in', text: 'Sign in, or connect this provider, and call the API again.' },
  no_session: { title: 'This login was not started in this browser' },
  unknown_provider: { title: 'There is no such provider' },
  unknown_state: { title: 'You did not start this login here' },
  used_state: { title: 'This login is already finished' },
};

/** Messages by HTTP status, for errors that are not an `OAuthError`. */
const BY_STATUS: Record<number, Message> = {
  404: { title: 'There is no such page', text: 'The address is wrong, or the page was moved.' },
  410: { title: 'This page is out of date' },
};

const FALLBACK: Message = { title: 'Something went wrong', text: 'The log of the showcase has the details.' };

/** The message for a logout callback that is loaded again. The user is signed out, so the state does not matter. */
const SIGNED_OUT: Message = {
  title: 'You are already signed out',
  text: 'This address ends a logout, which is finished. The page was reloaded, or reached with the back button.',
};

/** Returns the page of an error, with a link to the home page. */
export function errorPage(error: unknown, path: string): string {
  const { title, text } = messageOf(error, path);
  const reference = referenceOf(error);
  return layout(title, {
    content: html`<section class="card message">
      <span class="status">${statusOf(error)}</span>
      <h1>${title}</h1>
      <p class="soft sentence">${text}</p>
      ${reference !== undefined && html`<p class="soft small">Reference in the log: <code>${reference}</code></p>`}
      <a class="button" href="/">Back to the start</a>
      ${codeLink(CODE.errors)}
    </section>`,
  });
}

function messageOf(error: unknown, path: string): Message {
  if (error instanceof OAuthError) {
    const isState = error instanceof MismatchingStateError;
    if (isState && path.endsWith('/signed-out')) return SIGNED_OUT;
    const known = MESSAGES[isState ? error.reason : error.error] ?? { title: 'The login did not work' };
    return { text: error.description, ...known };
  }
  if (!(error instanceof HttpException)) return FALLBACK;
  return { text: error.message, ...(BY_STATUS[error.getStatus()] ?? FALLBACK) };
}

function statusOf(error: unknown): string {
  if (error instanceof OAuthError) return `${error.getStatus()} · ${error.error}`;
  return String(error instanceof HttpException ? error.getStatus() : 500);
}

/** Returns the reference of an error, which is also in its log line. */
function referenceOf(error: unknown): string | undefined {
  const body = error instanceof OAuthError ? (error.getResponse() as { reference?: string }) : {};
  return body.reference;
}
