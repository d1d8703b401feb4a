import { afterEach, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createShowcase } from '../../sample/showcase/showcase.js';
import { OAuth1Token } from '../../sample/showcase/tokens/oauth1-token.entity.js';
import { OAuth2Token } from '../../sample/showcase/tokens/oauth2-token.entity.js';
import { User } from '../../sample/showcase/users/user.entity.js';
import { Browser } from '../support/browser.js';
import { describeWithPostgres } from '../support/engines.js';

const { DATABASE_URL } = process.env;

describeWithPostgres('the showcase on a PostgreSQL server', () => {
  let app: INestApplication;

  afterEach(() => app.close());

  async function start(): Promise<{ url: string; database: DataSource }> {
    expect(DATABASE_URL).toBeDefined();
    app = await createShowcase();
    await app.listen(0, '127.0.0.1');
    const database = app.get(DataSource);
    expect(database.options).toMatchObject({ url: DATABASE_URL });
    return { url: await app.getUrl(), database };
  }

  it('keeps users and tokens after a restart, with one token row for each user and provider', async () => {
    const first = await start();
    await first.database.createQueryBuilder().delete().from(User).execute(); // deletes their tokens, too
    const browser = new Browser();
    for (const provider of ['chirp', 'harbour', 'chirp']) {
      const page = await browser.allow(await browser.get(`${first.url}/auth/${provider}/login`));
      expect(page.text).toContain('Hello, Ada Lovelace');
    }
    expect((await browser.get(`${first.url}/api/harbour/me`)).json()).toMatchObject({ name: 'Ada Lovelace' });
    await app.close();

    const second = await start();
    await browser.allow(await browser.get(`${second.url}/auth/harbour/login`));
    expect(await second.database.getRepository(User).count()).toBe(1);
    expect(await second.database.getRepository(OAuth2Token).count()).toBe(1);
    const [row, ...others] = await second.database.getRepository(OAuth1Token).find();
    expect(others).toEqual([]);
    expect(row?.toToken()).toEqual({
      oauthToken: expect.any(String),
      oauthTokenSecret: expect.any(String),
      issuer: expect.stringMatching(/\/oauth\/access_token$/),
      clientId: 'showcase',
    });
  });

  it('refreshes an expired token, and saves it with updateToken', async () => {
    const { url, database } = await start();
    const browser = new Browser();
    await browser.allow(await browser.get(`${url}/auth/harbour/login`), 'grace');
    const tokens = database.getRepository(OAuth2Token);
    await tokens.update({ name: 'harbour' }, { expiresAt: 1 });
    const before = await tokens.findOneByOrFail({ name: 'harbour', user: { displayName: 'Grace Hopper' } });
    expect((await browser.get(`${url}/api/harbour/me`)).json()).toMatchObject({ name: 'Grace Hopper' });
    const after = await tokens.findOneByOrFail({ id: before.id });
    expect(after.accessToken).not.toBe(before.accessToken);
    expect(after.refreshToken).not.toBe(before.refreshToken);
    expect(after.expiresAt).toBeGreaterThan(Date.now() / 1000);
  });
});
