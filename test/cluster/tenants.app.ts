/**
 * One process of an application whose clients are the tenants in a table of PostgreSQL. Pending logins and tokens are in Redis.
 * `tenants.spec.ts` compiles and runs it, and receives the URL of the application.
 */
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { createClient } from 'redis';
import {
  OAuthCallback,
  OAuthClientModule,
  OAuthLogin,
  OAuthRegistry,
  OAuthToken,
  type ClientRegistration,
  type OAuth2Token,
} from '../../lib/index.js';
import { RedisStateStore, RedisTokenStore } from '../../lib/redis/index.js';

/** The settings of a process, as JSON in its first argument. */
export interface TenantsApp {
  postgres: string;
  schema: string;
  redis: string;
  prefix: string;
}

/** The user of every tenant. Only the name of the client distinguishes their tokens. */
const USER = 'ada';

const { postgres, schema, redis, prefix } = JSON.parse(process.argv[2] ?? '') as TenantsApp;
const pool = new Pool({ connectionString: postgres, options: `-c search_path=${schema}`, max: 4 });
const client = await createClient({ url: redis }).connect();
const tokenStore = new RedisTokenStore(client, { prefix });

async function resolveClient(name: string): Promise<ClientRegistration | undefined> {
  const { rows } = await pool.query<{ settings: ClientRegistration }>('SELECT settings FROM tenants WHERE name = $1', [
    name,
  ]);
  return rows[0]?.settings;
}

@Controller('auth/:provider')
class AuthController {
  constructor(private readonly registry: OAuthRegistry) {}

  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(): void {}

  @Get('callback')
  @OAuthCallback()
  async callback(@Param('provider') name: string, @OAuthToken() token: OAuth2Token): Promise<object> {
    await tokenStore.save({ name, user: USER }, token);
    return { process: process.pid };
  }

  @Get('me')
  async me(@Param('provider') name: string): Promise<object> {
    const app = await this.registry.resolve(name);
    const { data } = await app.get('me', { user: USER });
    return { process: process.pid, data, names: this.registry.names };
  }
}

@Module({
  imports: [
    OAuthClientModule.forRoot({
      resolveClient,
      allowPrivateNetwork: true,
      tokenStore,
      state: new RedisStateStore(client, { prefix }),
    }),
  ],
  controllers: [AuthController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as AddressInfo;
process.send?.(`http://127.0.0.1:${port}`);
process.on('disconnect', () => process.exit());
