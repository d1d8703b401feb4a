import type { Browser, Page } from './browser.js';

/** Fills in the login page of a provider, presses "Allow", and returns the page after the redirects. */
export function allow(browser: Browser, page: Page, username = 'ada'): Promise<Page> {
  return submit(browser, page, { username, password: username, decision: 'allow' });
}

/** Presses "Deny" on the login page of a provider, and returns the page after the redirects. */
export function deny(browser: Browser, page: Page): Promise<Page> {
  return submit(browser, page, { decision: 'deny' });
}

function submit(browser: Browser, { text, url }: Page, fields: Record<string, string>): Promise<Page> {
  const [, action] = /<form method="post" action="([^"]+)"/.exec(text) ?? [];
  if (action === undefined) throw new Error(`no form at ${url}: ${text.slice(0, 200)}`);
  const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const carried = Object.fromEntries(hidden.map(([, name, value]) => [name, value]));
  return browser.post(new URL(action, url).href, { ...carried, ...fields });
}

/** Begins a login of this site and calls its callback, as if the provider had responded immediately. */
export async function callBack(browser: Browser, site: string, client: string, query = 'code=c'): Promise<Page> {
  const { headers } = await browser.get(`${site}/auth/${client}/login`, { follow: false });
  const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
  return browser.get(`${site}/auth/${client}/callback?state=${state}&${query}`);
}
