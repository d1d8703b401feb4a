import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { DataSource } from 'typeorm';
import { createShowcase } from '../../sample/showcase/showcase.js';
import { OAuth1Token } from '../../sample/showcase/tokens/oauth1-token.entity.js';
import { OAuth2Token } from '../../sample/showcase/tokens/oauth2-token.entity.js';
import { hasChromium, launchChromium } from '../support/chromium.js';

/** With SCREENSHOTS=1 the pictures of the documentation are made anew. */
const takesScreenshots = process.env.SCREENSHOTS === '1';

(hasChromium ? describe : describe.skip)('the showcase in a browser', () => {
  let app: INestApplication;
  let url: string;
  let chromium: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    delete process.env.DATABASE_URL; // on the embedded database
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

  async function screenshot(name: string): Promise<void> {
    if (takesScreenshots) await page.screenshot({ path: `docs/screens/${name}.png` });
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

    await page.getByRole('link', { name: 'Connect', exact: true }).click();
    await allow(page, 'grace');
    expect(await heading(page)).toBe('Hello, Grace Hopper');
    expect(await page.getByRole('link', { name: 'Call the API' }).count()).toBe(2);
    await page.getByRole('link', { name: 'Call the API' }).first().click();
    await page.getByText('"screen_name": "grace"').waitFor(); // it moves the other button
    await page.getByRole('link', { name: 'Call the API' }).last().click();
    await page.getByText('"email": "grace@example.org"').waitFor();
    await screenshot('api');
  });

  it('lets another user sign in after the first has signed out', async () => {
    for (const [username, name] of Object.entries({ ada: 'Ada Lovelace', grace: 'Grace Hopper' })) {
      await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
      await allow(page, username);
      expect(await heading(page)).toBe(`Hello, ${name}`);
      await page.getByRole('link', { name: 'Sign out' }).click();
    }
  });

  it('refreshes an expired token at the next call, and shows when the new one expires', async () => {
    await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
    await allow(page);
    await app.get(DataSource).getRepository(OAuth2Token).update({ name: 'harbour' }, { expiresAt: 1 });
    await page.reload();
    await page.getByText('The token is expired; the next call refreshes it').waitFor();
    await page.locator('a[href="/api/harbour/me"]').click();
    await page.getByText('"email": "ada@example.org"').waitFor();
    await page.getByText('The token expires in 5 minutes').waitFor();
  });

  it('shows an API call that fails, and connects again', async () => {
    await page.getByRole('link', { name: 'Sign in with Chirp' }).click();
    await allow(page);
    await app.get(DataSource).getRepository(OAuth1Token).update({ name: 'chirp' }, { oauthToken: 'revoked' });
    const card = page.locator('.card', { hasText: 'Chirp' });
    await card.getByRole('link', { name: 'Call the API' }).click();
    await card.getByText('"error": "provider_error"').waitFor();
    await card.getByRole('link', { name: 'Connect again' }).click();
    await allow(page);
    await card.getByRole('link', { name: 'Call the API' }).click();
    await card.getByText('"screen_name": "ada"').waitFor();
  });

  it('works without scripts', async () => {
    const plain = await chromium.newContext({ javaScriptEnabled: false });
    const tab = await plain.newPage();
    await tab.goto(url);
    await tab.getByRole('link', { name: 'Sign in with Chirp' }).click();
    await allow(tab);
    await tab.getByRole('link', { name: 'Call the API' }).click();
    expect(tab.url()).toBe(`${url}/api/chirp/me`);
    expect(JSON.parse(await tab.locator('body').innerText())).toMatchObject({ screen_name: 'ada' });
    await plain.close();
  });

  it.each(['Chirp', 'Harbour'])('shows as a page that the user said no to %s', async (provider) => {
    await page.getByRole('link', { name: `Sign in with ${provider}` }).click();
    await page.getByRole('button', { name: 'Deny' }).click();
    expect(await heading(page)).toBe('You said no');
    await screenshot('denied');
    await page.getByRole('link', { name: 'Back to the start' }).click();
    expect(await heading(page)).toBe('Sign in with anything');
  });

  it('finishes two logins that are pending in two tabs, each in its own place', async () => {
    const other = await context.newPage();
    await page.goto(`${url}/auth/chirp/login?next=/?tab=first`);
    await other.goto(`${url}/auth/harbour/login?next=/?tab=second`);
    await allow(page);
    await allow(other);
    expect(page.url()).toBe(`${url}/?tab=first`);
    expect(other.url()).toBe(`${url}/?tab=second`);
    expect(await other.getByRole('link', { name: 'Call the API' }).count()).toBe(2);
  });

  it('finishes a login that was begun, gone back from, and begun again', async () => {
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

  it('says of a callback page that is reloaded that this login is finished, and keeps the user signed in', async () => {
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
});
