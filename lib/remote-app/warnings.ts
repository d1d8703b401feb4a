import type { ClientConfig } from '../config/client-config.js';
import { warnOnce } from '../common/warn-once.js';
import { isUnconfirmed } from '../presets/preset-settings.js';

/** Logs a warning for an unconfirmed preset, and for each setting that is only acceptable if the provider has no safe alternative. */
export function warnOfRiskySettings(config: ClientConfig): void {
  const { name, preset } = config;
  if (isUnconfirmed(preset)) {
    warnOnce(
      `the client "${name}" uses the preset "${preset}", whose data comes from one source only (unconfirmed). Check the endpoints ` +
        "against the provider's documentation.",
    );
  }
  if (config.protocol === 'OAuth 2' && config.tokenPlacement === 'uri') {
    warnOnce(
      `the client "${name}" sends its tokens in URLs (token_placement: uri), where logs and browser histories keep them ` +
        '(RFC 6750 §2.3). Use token_placement: header if the API supports it.',
    );
  }
  if (config.protocol === 'OAuth 2' && config.allowSecretSignedIdToken) {
    warnOnce(
      `the client "${name}" accepts id_tokens that are signed with its client secret (allow_secret_signed_id_token): anyone who ` +
        'knows the secret can sign in as any user. Remove the setting if the provider can sign with its own keys.',
    );
  }
  if (config.protocol === 'OAuth 1' && config.allowSessionFixation) {
    warnOnce(
      `the client "${name}" accepts OAuth 1.0 (allow_session_fixation): an attacker who gets a user to follow a link and to ` +
        "authorize there receives that user's token (OAuth Security Advisory 2009-1). Remove the setting if the provider " +
        'supports OAuth 1.0a.',
    );
  }
}
