import type { Configuration } from 'oidc-provider';
import { messagePage } from '../../../test/providers/login-page.js';
import { LOOK } from '../../../test/providers/oidc-provider.js';
import { html } from '../pages/html.js';
import { harbourForm, harbourPage } from './harbour-page.js';

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>;

/** The pages on which a user signs a device in: type the code, compare it, and see that the device is signed in. */
export const DEVICE_PAGES = {
  userCodeInputSource(context, _form, _out, error) {
    const code = html`<label>Code <input name="user_code" autocomplete="off" autofocus /></label>
      <div><button>Continue</button></div>`;
    context.body = harbourPage(
      html`<h1>Sign in a device</h1>
        <p>Type the code that the device shows.</p>
        ${error && html`<p role="alert">${faultOf(error)}</p>`}${harbourForm(context, 'code_verification', code)}`,
    );
  },
  userCodeConfirmSource(context, _form, client, _deviceInfo, userCode) {
    const answer = html`<input type="hidden" name="user_code" value="${userCode}" />
      <div>
        <button name="confirm" value="yes">Yes, sign it in</button>
        <button name="abort" value="yes" class="quiet">No</button>
      </div>`;
    context.body = harbourPage(
      html`<h1>Is this your device?</h1>
        <p><strong>${client.clientName ?? client.clientId}</strong> wants to be signed in, and shows the code</p>
        <p style="margin: 0; font: 600 1.75rem ui-monospace, monospace">${userCode}</p>
        <p>Say no if the device shows another code, or if someone else sent you here.</p>
        ${harbourForm(context, 'code_verification', answer)}`,
    );
  },
  successSource(context) {
    context.body = messagePage(LOOK, 'Your device is signed in. You can close this page.');
  },
} satisfies Partial<DeviceFlow>;

function faultOf({ name }: Error): string {
  return name === 'AbortedError'
    ? 'You said no: the device is not signed in.'
    : 'There is no such code, or it was already used, or it is expired.';
}
