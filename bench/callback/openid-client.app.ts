import { Controller, Get, Header, Module, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import { createHash } from 'node:crypto';
import * as client from 'openid-client';
import { BASE_URL, CALLBACK_PATH, CLIENT } from './client.js';

interface PendingLogin {
  codeVerifier: string;
  nonce: string;
  exp: number;
}

const config = await client.discovery(
  new URL(process.argv[3]!),
  CLIENT.id,
  undefined,
  client.ClientSecretBasic(CLIENT.secret),
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the provider of the bench has no TLS
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
);

/** Sends the same responses and keeps the same session data as `@OAuthLogin()` and `@OAuthCallback()`. */
@Controller()
class AuthController {
  @Get('login')
  @Header('Cache-Control', 'no-store')
  @Redirect()
  async login(@Req() request: Request): Promise<{ url: string; statusCode: number }> {
    const state = client.randomState();
    const nonce = client.randomNonce();
    const codeVerifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: BASE_URL + CALLBACK_PATH,
      scope: CLIENT.scope,
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    pendingLogins(request)[keyOf(state)] = { codeVerifier, nonce, exp: nowInSeconds() + 3600 };
    await save(request);
    return { url: url.href, statusCode: 302 };
  }

  /** Removes the login from the session, and saves the session, before the code exchange, so that a login can be used only once. */
  @Get(CALLBACK_PATH)
  @Header('Cache-Control', 'no-store')
  async callback(@Req() request: Request): Promise<object> {
    const url = new URL(request.originalUrl, BASE_URL);
    const state = url.searchParams.get('state') ?? '';
    const login = pendingLogins(request)[keyOf(state)];
    if (!login) throw new Error('this browser does not have a pending login with this state');
    Reflect.deleteProperty(request.session, keyOf(state));
    await save(request);
    if (login.exp < nowInSeconds()) throw new Error('the login took too long');

    const tokens = await client.authorizationCodeGrant(config, url, {
      pkceCodeVerifier: login.codeVerifier,
      expectedState: state,
      expectedNonce: login.nonce,
    });
    const { nonce, ...claims } = tokens.claims()!;
    if (claims.at_hash !== accessTokenHash(tokens.access_token))
      throw new Error('the access token does not match at_hash of the id_token');
    return claims;
  }
}

function pendingLogins({ session }: Request): Record<string, PendingLogin | undefined> {
  return session as unknown as Record<string, PendingLogin | undefined>;
}

function keyOf(state: string): string {
  return `_state_provider_${state}`;
}

async function save({ session }: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    session.save((error: unknown) =>
      error ? reject(new Error('the session was not saved', { cause: error })) : resolve(),
    );
  });
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Returns the `at_hash` of an access token (OpenID Connect Core §3.1.3.6), which `openid-client` does not check. */
function accessTokenHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}

@Module({ controllers: [AuthController] })
export class AppModule {}
