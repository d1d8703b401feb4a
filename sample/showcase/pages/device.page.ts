import { CODE } from '../code/sources.js';
import { codeLink } from './code.page.js';
import { html, type Html } from './html.js';
import { layout } from './layout.js';

export interface DevicePage {
  /** The id of the login. */
  id: string;
  userCode: string;
  verificationUri: string;
  /** The verification URI with the code. */
  verificationUriComplete: string;
  qrCode: Html;
  /** The name of the user who is signed in. */
  user?: string;
}

/** Interval at which the page reloads. */
const RELOAD_INTERVAL_S = 3;

/** Returns the page of a television: the verification URI, and the code. */
export function devicePage(page: DevicePage): string {
  const { id, userCode, verificationUri, verificationUriComplete, qrCode, user } = page;
  return layout('Sign in on a TV', {
    user,
    refresh: { seconds: RELOAD_INTERVAL_S, url: `/device?waitsFor=${id}` },
    content: html`<section class="hero">
        <h1>Sign in on a TV</h1>
        <p class="soft">Think of this page as a television, and of another browser as the telephone in your hand.</p>
      </section>
      <section class="card device">
        <ol>
          <li>
            Open
            <a href="${verificationUri}" target="_blank" rel="noreferrer">${verificationUri.replace('http://', '')}</a>
          </li>
          <li>Type the code <strong class="code">${userCode}</strong></li>
          <li>
            Say yes there, and wait here
            <p class="soft small">This page looks every ${RELOAD_INTERVAL_S} seconds for the answer.</p>
          </li>
        </ol>
        <a href="${verificationUriComplete}" target="_blank" rel="noreferrer" aria-label="Open with the code"
          >${qrCode}</a
        >
      </section>
      <p class="soft small note">
        The QR code contains the address and the code. This provider runs only on this machine, so a telephone cannot
        reach it: click the QR code to open the address in another tab. ${codeLink(CODE.device)}
      </p>`,
  });
}
