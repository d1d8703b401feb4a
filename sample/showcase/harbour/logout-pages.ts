import type { Configuration } from 'oidc-provider';
import { messagePage } from '../../../test/providers/login-page.js';
import { LOOK } from '../../../test/providers/oidc-provider.js';
import { html } from '../pages/html.js';
import { harbourForm, harbourPage } from './harbour-page.js';

type RpInitiatedLogout = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>;

/** The pages on which a user whom the showcase has signed out can sign out of Harbour too. */
export const LOGOUT_PAGES = {
  logoutSource(context) {
    const buttons = html`<div>
      <button name="logout" value="yes">Sign out</button>
      <button class="quiet">Stay signed in</button>
    </div>`;
    context.body = harbourPage(
      html`<h1>Sign out of Harbour ID?</h1>
        <p>
          <strong>${context.oidc.client?.clientName ?? 'A site'}</strong> has signed you out. Harbour ID still knows you
          in this browser, and will not ask for your password until you sign out here too.
        </p>
        ${harbourForm(context, 'end_session_confirm', buttons)}`,
    );
  },
  /** The page for a logout without a post-logout redirect URI. */
  postLogoutSuccessSource(context) {
    context.body = messagePage(LOOK, 'You are signed out.');
  },
} satisfies Partial<RpInitiatedLogout>;
