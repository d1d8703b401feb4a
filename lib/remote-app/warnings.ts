import { warnOnce } from '../warn-once.js';

export function warnOfTokensInUrls(client: string): void {
  warnOnce(
    `the client "${client}" sends its tokens in URLs (token_placement: uri), where logs and browser histories keep them ` +
      '(RFC 6750 §2.3). Use token_placement: header if the API supports it.',
  );
}

export function warnOfPasswords(): void {
  warnOnce(
    "The password grant gives the application its users' passwords, and no second factor works with it (RFC 9700 §2.4). " +
      'Use a login by redirect, or device authorization.',
  );
}

export function warnOfSessionFixation(client: string): void {
  warnOnce(
    `the client "${client}" accepts OAuth 1.0 (allow_session_fixation): an attacker who gets a user to follow a link and to ` +
      "authorize there receives that user's token (OAuth Security Advisory 2009-1). Remove the setting if the provider speaks " +
      'OAuth 1.0a.',
  );
}
