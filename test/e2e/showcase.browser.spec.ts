import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { DataSource } from 'typeorm';
import { createShowcase } from '../../sample/showcase/showcase.js';
import { OAuth1Token } from '../../sample/showcase/tokens/oauth1-token.entity.js';
import { OAuth2Token } from '../../sample/showcase/tokens/oauth2-token.entity.js';
import { hasChromium, launchChromium, NEEDS_CHROMIUM } from '../support/chromium.js';
import { describeWhere } from '../support/skips.js';

/** With SCREENSHOTS=1 the tests create the pictures of the documentation again. */
const takesScreenshots = process.env.SCREENSHOTS === '1';

describeWhere(hasChromium, NEEDS_CHROMIUM)('the showcase in a browser', () => {
  let app: INestApplication;
  let url: string;
  let chromium: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    delete process.env.DATABASE_URL; // use the embedded database
    app = await createShowcase();
    await app.listen(0, '127.0.0.1');
    url = (await app.getUrl()).replace('127.0.0.1', 'localhost');
    chromium = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await chromium.close();
    await app.close();
  });

  beforeEach(async () => {
    context = await chromium.newContext({ viewport: { width: 1200, height: 800 } });
    page = await context.newPage();
    await page.goto(url);
  });

  afterEach(() => context.close());

  async function allow(on: Page, username = 'ada'): Promise<void> {
    await on.getByLabel('User name').fill(username);
    await on.getByLabel('Password').fill(username);
    await on.getByRole('button', { name: 'Allow' }).click();
  }

  function heading(on: Page): Promise<string> {
    return on.getByRole('heading', { level: 1 }).innerText();
  }

  function card(on: Page, name: string): Locator {
    return on.locator('.card', { has: on.getByRole('heading', { name }) });
  }

  async function signInWithHarbour(on: Page, username = 'ada'): Promise<void> {
    await on.getByRole('link', { name: 'Sign in with Harbour' }).click();
    await allow(on, username);
  }

  /** Signs out of the showcase, and then of the provider. */
  async function signOutOfBoth(on: Page): Promise<void> {
    await on.getByRole('link', { name: 'Sign out' }).click();
    await on.getByRole('button', { name: 'Sign out' }).click();
  }

  async function harbourToken(): Promise<OAuth2Token> {
    return app.get(DataSource).getRepository(OAuth2Token).findOneByOrFail({ name: 'harbour' });
  }

  async function screenshot(name: string, on = page, fullPage = false): Promise<void> {
    if (takesScreenshots) await on.screenshot({ path: `docs/screens/${name}.png`, fullPage });
  }

  it('signs in with OAuth 1, calls the API, and signs out', async () => {
    await screenshot('home');
    await page.getByRole('link', { name: 'Sign in with Chirp' }).click();
    await screenshot('provider-login-oauth1');
    await allow(page);
    expect(page.url()).toBe(`${url}/`);
    expect(await heading(page)).toBe('Hello, Ada Lovelace');
    expect(await page.getByText('The token does not expire').count()).toBe(1);

    await page.getByRole('link', { name: 'Call the API' }).click();
    await page.getByText('"screen_name": "ada"').waitFor();

    await page.getByRole('link', { name: 'Sign out' }).click();
    expect(await page.getByRole('link', { name: 'Sign in with Chirp' }).count()).toBe(1);
    expect((await page.request.get(`${url}/api/chirp/me`)).status()).toBe(401);
  });

  it('signs in with OpenID Connect, and connects the other provider to the same user', async () => {
    await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
    await screenshot('provider-login-oidc');
    await allow(page, 'grace');
    expect(await heading(page)).toBe('Hello, Grace Hopper');
    expect(await page.getByText(/The token expires in 5 minutes/).count()).toBe(1);
    await screenshot('signed-in');

    await card(page, 'Chirp').getByRole('link', { name: 'Connect' }).click();
    await allow(page, 'grace');
    expect(await heading(page)).toBe('Hello, Grace Hopper');
    expect(await page.getByRole('link', { name: 'Call the API' }).count()).toBe(2);
    await page.getByRole('link', { name: 'Call the API' }).first().click();
    await page.getByText('"screen_name": "grace"').waitFor(); // the response moves the other button
    await page.getByRole('link', { name: 'Call the API' }).last().click();
    await page.getByText('"email": "grace@example.org"').waitFor();
    await screenshot('api');
  });

  it('lets another user sign in after the first has signed out', async () => {
    for (const [username, name] of Object.entries({ ada: 'Ada Lovelace', grace: 'Grace Hopper' })) {
      await signInWithHarbour(page, username);
      expect(await heading(page)).toBe(`Hello, ${name}`);
      await signOutOfBoth(page);
    }
  });

  it('shows the claims of an OpenID Connect login, and keeps them when another provider is connected', async () => {
    await signInWithHarbour(page);
    await screenshot('claims', page, true);
    for (const provider of ['Harbour', 'Chirp']) {
      const claims = await page.getByRole('row').allInnerTexts();
      expect([provider, claims]).toEqual([
        provider,
        expect.arrayContaining(['sub\t1815', 'name\tAda Lovelace', 'email\tada@example.org', 'aud\tshowcase']),
      ]);
      await page.goto(`${url}/auth/chirp/login`);
      await allow(page);
    }
  });

  it('ends the session at the OpenID Connect provider too, so that the next login asks for the password', async () => {
    await signInWithHarbour(page);
    await card(page, 'Harbour').getByRole('link', { name: 'Connect again' }).click();
    expect(page.url()).toBe(`${url}/`); // the provider did not ask for a password

    await page.getByRole('link', { name: 'Sign out' }).click();
    expect(await heading(page)).toBe('Sign out of Harbour ID?');
    await screenshot('provider-logout');
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(page.url()).toBe(`${url}/`);
    expect(await heading(page)).toBe('Sign in with anything');
    expect((await page.request.get(`${url}/api/harbour/me`)).status()).toBe(401);

    await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
    expect(await heading(page)).toBe('Sign in to Harbour ID');
    await page.getByLabel('Password').waitFor();
  });

  it('keeps the user signed in at the provider if the user declines the logout there', async () => {
    await signInWithHarbour(page);
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Stay signed in' }).click();
    expect(await heading(page)).toBe('Sign in with anything');
    await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
    expect(await heading(page)).toBe('Hello, Ada Lovelace');
  });

  it('refreshes an expired token at the next call, and shows when the new token expires', async () => {
    await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
    await allow(page);
    await app.get(DataSource).getRepository(OAuth2Token).update({ name: 'harbour' }, { expiresAt: 1 });
    await page.reload();
    await page.getByText('The token is expired; the next call refreshes it').waitFor();
    await page.locator('a[href="/api/harbour/me"]').click();
    await page.getByText('"email": "ada@example.org"').waitFor();
    await page.getByText('The token expires in 5 minutes').waitFor();
  });

  it('binds its token to a key, and keeps the key when it refreshes', async () => {
    await signInWithHarbour(page);
    const harbour = card(page, 'Harbour');
    await harbour.getByText('bound to a key (DPoP)').waitFor();
    await harbour.getByRole('link', { name: 'Call the API' }).click();
    await harbour.getByText('"email": "ada@example.org"').waitFor();

    const before = await harbourToken();
    await app.get(DataSource).getRepository(OAuth2Token).update(before.id, { expiresAt: 1 });
    await page.reload();
    await harbour.getByRole('link', { name: 'Call the API' }).click();
    await harbour.getByText('"email": "ada@example.org"').waitFor();
    const after = await harbourToken();
    expect(after.accessToken).not.toBe(before.accessToken);
    expect([after.tokenType, after.dpopKey]).toEqual(['dpop', before.dpopKey]);
  });

  it('shows an API call that fails, and connects again', async () => {
    await page.getByRole('link', { name: 'Sign in with Chirp' }).click();
    await allow(page);
    await app.get(DataSource).getRepository(OAuth1Token).update({ name: 'chirp' }, { oauthToken: 'revoked' });
    const chirp = card(page, 'Chirp');
    await chirp.getByRole('link', { name: 'Call the API' }).click();
    await chirp.getByText('"error": "provider_refused"').waitFor();
    await chirp.getByRole('link', { name: 'Connect again' }).click();
    await allow(page);
    await chirp.getByRole('link', { name: 'Call the API' }).click();
    await chirp.getByText('"screen_name": "ada"').waitFor();
  });

  it('works without JavaScript', async () => {
    const plain = await chromium.newContext({ javaScriptEnabled: false });
    const tab = await plain.newPage();
    await tab.goto(url);
    await tab.getByRole('link', { name: 'Sign in with Chirp' }).click();
    await allow(tab);
    await card(tab, 'Chirp').getByRole('link', { name: 'Call the API' }).click();
    expect(tab.url()).toBe(`${url}/api/chirp/me`);
    expect(JSON.parse(await tab.locator('body').innerText())).toMatchObject({ screen_name: 'ada' });
    await plain.close();
  });

  it.each(['Chirp', 'Harbour'])('shows a page if the user denies access at %s', async (provider) => {
    await page.getByRole('link', { name: `Sign in with ${provider}` }).click();
    await page.getByRole('button', { name: 'Deny' }).click();
    expect(await heading(page)).toBe('You said no');
    expect(await page.locator('main').innerText()).toMatch(/Reference in the log: \w+/);
    await screenshot('denied');
    await page.getByRole('link', { name: 'Back to the start' }).click();
    expect(await heading(page)).toBe('Sign in with anything');
  });

  it('returns to the page of each login when two logins are pending in two tabs', async () => {
    const other = await context.newPage();
    await page.goto(`${url}/auth/chirp/login?next=/?tab=first`);
    await other.goto(`${url}/auth/harbour/login?next=/?tab=second`);
    await allow(page);
    await allow(other);
    expect(page.url()).toBe(`${url}/?tab=first`);
    expect(other.url()).toBe(`${url}/?tab=second`);
    expect(await other.getByRole('link', { name: 'Call the API' }).count()).toBe(2);
  });

  it('finishes a login that the user began again after going back', async () => {
    await page.getByRole('link', { name: 'Sign in with Chirp' }).click();
    await page.goBack();
    await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
    await page.goBack();
    await page.goForward();
    await allow(page);
    expect(await heading(page)).toBe('Hello, Ada Lovelace');
    await page.goBack();
    await page.goto(url);
    expect(await heading(page)).toBe('Hello, Ada Lovelace');
  });

  it('shows that the login is finished when the callback page is reloaded, and keeps the user signed in', async () => {
    const callbacks: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/callback?')) callbacks.push(request.url());
    });
    await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
    await allow(page);
    await page.goto(callbacks[0] ?? '');
    expect(await heading(page)).toBe('This login is already finished');
    expect(await page.getByText('the callback page was reloaded').count()).toBe(1);
    await page.getByRole('link', { name: 'Back to the start' }).click();
    expect(await heading(page)).toBe('Hello, Ada Lovelace');
  });

  it.each(['Chirp', 'Harbour'])('shows a page when the user goes back to %s after a login', async (provider) => {
    await page.getByRole('link', { name: `Sign in with ${provider}` }).click();
    const login = page.url();
    await allow(page);
    expect(await heading(page)).toBe('Hello, Ada Lovelace');
    await page.goBack();
    expect(page.url()).toBe(login);
    expect(await page.locator('main').innerText()).toContain('This page is out of date');
    await page.goto(url);
    expect(await heading(page)).toBe('Hello, Ada Lovelace');
  });

  it('responds with a page for an unknown URL, or with JSON to a script', async () => {
    for (const path of ['/nope', '/api/nope/me', '/code/nope.ts', '/code/..%2f..%2fpackage.json', '/%ff']) {
      const answer = await page.goto(url + path);
      expect([path, answer?.status(), await heading(page)]).toEqual([path, 404, 'There is no such page']);
    }
    await page.getByRole('link', { name: 'Back to the start' }).click();
    expect(await heading(page)).toBe('Sign in with anything');
    const answer = await fetch(`${url}/nope`);
    expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ statusCode: 404 })]);
  });

  it('shows a failed API call as a page without JavaScript', async () => {
    await page.goto(`${url}/api/chirp/me`);
    expect(await heading(page)).toBe('You are not signed in');
  });

  it('shows that the user is already signed out when the logout callback is opened again', async () => {
    const callbacks: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/signed-out?')) callbacks.push(request.url());
    });
    await signInWithHarbour(page);
    await signOutOfBoth(page);
    await page.goto(callbacks[0] ?? '');
    expect(await heading(page)).toBe('You are already signed out');
  });

  it('names the protocol of each provider', async () => {
    expect(await page.locator('.tile p').allInnerTexts()).toEqual([
      'OAuth 1.0a · View code',
      'OpenID Connect · View code',
      'OpenID Connect, with a code · View code',
    ]);
  });

  it('links each card to the line of code that makes it work', async () => {
    const seen = new Set<string>();
    const follow = async (): Promise<void> => {
      const links = page.getByRole('link', { name: 'View code' });
      const cards = await page.locator('.tile, .row').count();
      expect(await links.count()).toBeGreaterThanOrEqual(cards);
      for (const link of await links.all()) seen.add(String(await link.getAttribute('href')));
    };
    await follow();
    await signInWithHarbour(page);
    await follow();
    await page.goto(`${url}/nope`);
    await follow();
    expect(seen.size).toBeGreaterThan(5);
    const lines: string[] = [];
    for (const link of seen) {
      await page.goto(url + link);
      expect(await heading(page)).toBe(`sample/showcase${new URL(link, url).pathname.slice('/code'.length)}`);
      lines.push((await page.locator('.source span:target').innerText()).trim());
    }
    expect(lines).toEqual(
      expect.arrayContaining([
        "@OAuthLogin({ redirectUri: '/auth/:provider/callback' })",
        "const { data } = await this.registry.get(provider).get('me', { request });",
      ]),
    );
  });

  it('loads each page and each icon without a failed request', async () => {
    const failed: string[] = [];
    context.on('response', (response) => {
      if (response.status() >= 400) failed.push(response.url());
    });
    context.on('console', (message) => {
      if (message.type() === 'error') failed.push(message.text());
    });
    await page.goto(url);
    await page.getByRole('link', { name: 'Sign in with Chirp' }).click();
    const providers = [page.url()];
    await allow(page);
    await card(page, 'Harbour').getByRole('link', { name: 'Connect' }).click();
    providers.push(page.url());
    await allow(page);
    for (const path of ['/api/harbour/me', '/health', '/device', '/code/main.ts', '/']) await page.goto(url + path);
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    for (const site of [url, ...providers.map((provider) => new URL(provider).origin)]) {
      const icon = await fetch(`${site}/favicon.ico`);
      expect([site, icon.status, icon.headers.get('content-type')]).toEqual([
        site,
        200,
        expect.stringContaining('image/svg+xml'),
      ]);
    }
    expect(failed).toEqual([]);
  });

  it('shows a response of the API in a live region for screen readers', async () => {
    await signInWithHarbour(page);
    const region = card(page, 'Harbour').getByRole('status');
    expect([await region.getAttribute('aria-live'), await region.innerText()]).toEqual(['polite', '']);
    await card(page, 'Harbour').getByRole('link', { name: 'Call the API' }).click();
    await region.getByText('"email": "ada@example.org"').waitFor();
  });

  describe('in a tab that is out of date', () => {
    let other: Page;

    beforeEach(async () => {
      await page.getByRole('link', { name: 'Sign in with Chirp' }).click();
      await allow(page);
      other = await context.newPage();
      await other.goto(url);
    });

    async function callTheApi(): Promise<string> {
      await card(page, 'Chirp').getByRole('link', { name: 'Call the API' }).click();
      const alert = page.getByRole('alert');
      await alert.waitFor();
      return alert.innerText();
    }

    it('shows that the user signed out in another tab', async () => {
      await other.getByRole('link', { name: 'Sign out' }).click();
      expect(await callTheApi()).toContain('This tab is out of date: you are signed out.');
      await page.getByRole('link', { name: 'Sign in again' }).click();
      expect(await heading(page)).toBe('Sign in with anything');
    });

    it('shows that another user signed in', async () => {
      await other.getByRole('link', { name: 'Sign out' }).click();
      await other.getByRole('link', { name: 'Sign in with Chirp' }).click();
      await allow(other, 'grace');
      expect(await callTheApi()).toContain('another user is signed in now');
      await page.getByRole('link', { name: 'Show the current page' }).click();
      expect(await heading(page)).toBe('Hello, Grace Hopper');
    });

    it('shows that the showcase does not respond', async () => {
      await context.setOffline(true);
      expect(await callTheApi()).toContain('The showcase does not answer');
    });

    it('shows that the code of a TV is no longer in use', async () => {
      await page.goto(`${url}/device?waitsFor=a-login-that-is-over`);
      expect(await heading(page)).toBe('This page is out of date');
      expect(await page.locator('main').innerText()).toContain('Its code is no longer in use');
    });
  });

  describe('on a TV', () => {
    let phone: Page;

    beforeEach(async () => {
      phone = await (await chromium.newContext({ viewport: { width: 400, height: 800 } })).newPage();
      await page.getByRole('link', { name: 'Sign in on a TV' }).click();
      await page.getByRole('heading', { name: 'Sign in on a TV' }).waitFor();
    });

    afterEach(() => phone.context().close());

    it('signs in the user who types its code on another device', async () => {
      await screenshot('device');
      const userCode = await page.locator('.code').innerText();
      await phone.goto(await page.getByRole('listitem').getByRole('link').getAttribute('href').then(String));
      await phone.getByLabel('Code').fill('no such code');
      await phone.getByRole('button', { name: 'Continue' }).click();
      expect(await phone.getByRole('alert').innerText()).toContain('There is no such code');
      await phone.getByLabel('Code').fill(userCode.toLowerCase());
      await phone.getByRole('button', { name: 'Continue' }).click();

      expect(await heading(phone)).toBe('Is this your device?');
      expect(await phone.getByText(userCode).count()).toBe(1);
      await screenshot('provider-device', phone);
      await phone.getByRole('button', { name: 'Yes, sign it in' }).click();
      await phone.getByText('A TV').waitFor();
      await allow(phone, 'grace');
      await phone.getByText('Your device is signed in').waitFor();

      await page.getByRole('heading', { name: 'Hello, Grace Hopper' }).waitFor();
      expect(await page.getByRole('row').allInnerTexts()).toContain('sub\t1906');
      const tv = card(page, 'TV');
      await tv.getByRole('link', { name: 'Call the API' }).click();
      await tv.getByText('"email": "grace@example.org"').waitFor();
      await page.getByRole('link', { name: 'Sign out' }).click();
      expect(await heading(page)).toBe('Sign in with anything');
    });

    it('shows a QR code with its code, and shows that the user denied access', async () => {
      const square = page.getByRole('link', { name: 'Open with the code' });
      await square.locator('svg').waitFor();
      await phone.goto(String(await square.getAttribute('href')));
      await phone.getByRole('button', { name: 'No' }).click();
      expect(await phone.getByRole('alert').innerText()).toContain('You said no');

      await page.getByRole('heading', { name: 'You said no' }).waitFor();
      await page.getByRole('link', { name: 'Back to the start' }).click();
      expect(await heading(page)).toBe('Sign in with anything');
    });
  });
});
