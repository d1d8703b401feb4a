import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { Browser, type Page } from '../support/browser.js';
import { hasChromium, launchChromium, NEEDS_CHROMIUM } from '../support/chromium.js';
import { describeWithPostgres, describeWithRedis } from '../support/engines.js';
import { startClusterSample, type ClusterSample } from '../support/cluster-sample.js';
import { itWhere } from '../support/skips.js';

const { REDIS_URL, DATABASE_URL } = process.env;
const PROCESSES = 2;

/** Tests that run with each choice of servers. */
function oneApp(environment: () => Record<string, string | undefined>, footer: string): () => ClusterSample {
  let sample: ClusterSample;

  beforeAll(async () => {
    sample = await startClusterSample({ PROCESSES: String(PROCESSES), ...environment() });
  }, 60_000);

  afterAll(() => sample.close());

  async function signIn(username = 'ada'): Promise<{ browser: Browser; home: Page }> {
    const browser = new Browser();
    const home = await browser.allow(await browser.get(`${sample.url}/auth/login`), username);
    return { browser, home };
  }

  it('shows where pending logins and tokens are kept', async () => {
    expect((await new Browser().get(sample.url)).text).toContain(footer);
  });

  it('finishes a login on another process than the one that began it', async () => {
    const pairs: string[][] = [];
    for (let login = 0; login < PROCESSES; login++) {
      const { home } = await signIn(); // in three requests, so the next login begins on another process
      const [, begunBy = '', finishedBy = ''] =
        /Process (\d) began it, and process (\d) finished/.exec(home.text) ?? [];
      pairs.push([begunBy, finishedBy]);
    }
    expect(new Set(pairs.map(([begunBy]) => begunBy)).size).toBe(PROCESSES);
    expect(pairs.filter(([begunBy, finishedBy]) => begunBy === finishedBy)).toEqual([]);
  });

  it('calls the API from each process', async () => {
    const { browser } = await signIn('grace');
    const answers: unknown[] = [];
    for (let call = 0; call < PROCESSES; call++) answers.push((await browser.get(`${sample.url}/api/me`)).json());
    const numbers = answers.map((answer) => (answer as { process: number }).process);
    expect(numbers.sort()).toEqual([1, 2]);
    expect(answers).toEqual(
      answers.map(() => expect.objectContaining({ user: expect.objectContaining({ sub: '1906' }) })),
    );
  });

  it('refreshes an expired token once when all processes call the API at once', async () => {
    const { browser } = await signIn();
    const before = await browser.post(`${sample.url}/storm`, {});
    expect(before.json()).toMatchObject({ succeeded: 100, refreshes: 0 });
    expect((await browser.post(`${sample.url}/expire`, {})).text).toContain('Your token is expired');
    const report = (await browser.post(`${sample.url}/storm`, {})).json();
    expect(report).toEqual({ calls: 100, succeeded: 100, byProcess: { 1: 50, 2: 50 }, refreshes: 1 });
  });

  it('signs a user out of all processes', async () => {
    const { browser } = await signIn();
    await browser.post(`${sample.url}/auth/logout`, {});
    for (let call = 0; call < PROCESSES; call++) expect((await browser.get(`${sample.url}/api/me`)).status).toBe(401);
  });

  return () => sample;
}

describe('the cluster sample', () => {
  describe('without a database', () => {
    const sample = oneApp(
      () => ({}),
      'Logins wait in a sealed cookie. Tokens are with the process that started them all.',
    );

    itWhere(hasChromium, NEEDS_CHROMIUM)(
      'shows the work of each process in a browser, and one refresh for a hundred calls',
      async () => {
        const chromium = await launchChromium();
        const page = await chromium.newPage({ viewport: { width: 1200, height: 820 } });
        await page.goto(sample().url);
        await page.getByRole('link', { name: 'Sign in with Harbour' }).click();
        await page.getByLabel('User name').fill('ada');
        await page.getByLabel('Password').fill('ada');
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.getByText(/Process \d began it, and process \d finished it/).waitFor();

        await page.getByRole('button', { name: 'Expire my token' }).click();
        await page.getByText('Your token is expired').waitFor();
        await page.getByRole('button', { name: 'Make 100 calls at once' }).click();
        await page.getByText('100 of 100 calls succeeded, with 1 refresh').waitFor();
        await page.getByText('Your token expires in 5 minutes').waitFor();
        expect(await page.getByText(`${100 / PROCESSES} calls`).count()).toBe(PROCESSES);
        if (process.env.SCREENSHOTS === '1')
          await page.screenshot({ path: 'docs/screens/cluster.png', fullPage: true });

        await page.getByRole('button', { name: 'Call the API' }).click();
        await page.getByText('"email": "ada@example.org"').waitFor();
        expect(await page.getByText(`${100 / PROCESSES + 1} calls`).count()).toBe(1);
        await chromium.close();
      },
    );
  });

  describeWithRedis('with Redis', () => {
    oneApp(() => ({ REDIS_URL, STATE: 'redis' }), 'Logins wait in Redis. Tokens are in Redis.');

    afterAll(async () => {
      const redis = await createClient({ url: REDIS_URL }).connect();
      const keys = await redis.keys('cluster:*');
      if (keys.length > 0) await redis.del(keys);
      await redis.close();
    });
  });

  describeWithPostgres('with PostgreSQL', () => {
    oneApp(() => ({ DATABASE_URL }), 'Logins wait in a sealed cookie. Tokens are in PostgreSQL.');

    afterAll(async () => {
      const pool = new Pool({ connectionString: DATABASE_URL });
      for (const table of ['migrations', 'oauth1_token', 'oauth2_token', 'oauth_token_lock']) {
        await pool.query(`DROP TABLE cluster_${table}`);
      }
      await pool.end();
    });
  });
});
