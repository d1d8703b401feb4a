import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Module,
  Param,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Response } from 'express';
import {
  InvalidTokenError,
  MismatchingStateError,
  MissingRequestTokenError,
  MissingTokenError,
  OAuthCallback,
  OAuthClientModule,
  OAuthConfigError,
  OAuthError,
  OAuthRegistry,
  OAuthToken,
  ProviderError,
  TokenExpiredError,
  UnsupportedTokenTypeError,
} from 'nestjs-oauth-client';
import { serve } from '../support/test-app.js';

const description = 'what happened';
const KINDS = {
  OAuthError: [new OAuthError('invalid_scope', { description }), 400, 'invalid_scope', description],
  MismatchingStateError: [
    new MismatchingStateError('unknown_state'),
    400,
    'mismatching_state',
    expect.stringMatching(/^this browser has no pending login with this state\./),
  ],
  MissingRequestTokenError: [
    new MissingRequestTokenError(),
    400,
    'missing_request_token',
    expect.stringMatching(/^no request token/),
  ],
  MissingTokenError: [new MissingTokenError({ description }), 401, 'missing_token', description],
  TokenExpiredError: [new TokenExpiredError({ description }), 401, 'token_expired', description],
  InvalidTokenError: [new InvalidTokenError({ description }), 502, 'token_invalid', description],
  UnsupportedTokenTypeError: [
    new UnsupportedTokenTypeError({ description }),
    502,
    'unsupported_token_type',
    description,
  ],
  ProviderError: [new ProviderError({ description }), 502, 'provider_error', description],
  OAuthConfigError: [
    new OAuthConfigError(['dev.client_id: missing']),
    500,
    'invalid_configuration',
    'dev.client_id: missing',
  ],
} as const satisfies Record<string, [OAuthError, number, string, unknown]>;

@Catch(OAuthError)
class OAuthErrorFilter implements ExceptionFilter<OAuthError> {
  catch(error: OAuthError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    response.status(418).json({ caught: error.constructor.name, code: error.error });
  }
}

@Catch(MissingTokenError)
class SignInFilter implements ExceptionFilter<MissingTokenError> {
  catch(_error: MissingTokenError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().redirect('/sign-in');
  }
}

@Controller()
class ThrowingController {
  @Get('plain/:kind')
  plain(@Param('kind') kind: keyof typeof KINDS): never {
    throw KINDS[kind][0];
  }

  @Get('filtered/:kind')
  @UseFilters(OAuthErrorFilter)
  filtered(@Param('kind') kind: keyof typeof KINDS): never {
    throw KINDS[kind][0];
  }

  @Get('narrow/:kind')
  @UseFilters(SignInFilter)
  narrow(@Param('kind') kind: keyof typeof KINDS): never {
    throw KINDS[kind][0];
  }

  @Get('uri')
  uri(): never {
    throw new OAuthError('access_denied', { description, uri: 'https://provider.test/why', status: 403 });
  }

  @Get('forgotten')
  forgotten(@OAuthToken() token: unknown): unknown {
    return token;
  }

  @Get('callback')
  @OAuthCallback('gone')
  callback(): string {
    return 'never';
  }
}

const GONE = {
  clientId: 'dev',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
};

@Module({ imports: [OAuthClientModule.forRoot({ clients: { gone: GONE } })], controllers: [ThrowingController] })
class ThrowingModule {}

describe('an OAuthError', () => {
  let app: Awaited<ReturnType<typeof serve>>;

  beforeEach(async () => {
    app = await serve(ThrowingModule);
  });

  afterEach(() => app.close());

  async function get(path: string): Promise<{ status: number; body: unknown; location: string | null }> {
    const response = await fetch(`${app.url}/${path}`, { redirect: 'manual' });
    const text = await response.text();
    return {
      status: response.status,
      body: text.startsWith('{') ? JSON.parse(text) : text,
      location: response.headers.get('location'),
    };
  }

  it.each(Object.entries(KINDS))(
    'that is a %s results in a response with its status and body',
    async (kind, [error, ...expected]) => {
      const [status, code, text] = expected;
      expect(error).toBeInstanceOf(OAuthError);
      expect(error).toBeInstanceOf(HttpException);
      expect(error.name).toBe(kind);
      expect(error.error).toBe(code);
      expect(error.message).toMatch(new RegExp(`^${code}: `));
      expect(await get(`plain/${kind}`)).toMatchObject({ status, body: { error: code, error_description: text } });
    },
  );

  it.each(Object.keys(KINDS))('that is a %s is caught by @Catch(OAuthError)', async (kind) => {
    const { status, body } = await get(`filtered/${kind}`);
    expect({ status, body }).toMatchObject({ status: 418, body: { caught: kind } });
  });

  it('is caught only by its own class', async () => {
    expect(await get('narrow/MissingTokenError')).toMatchObject({ status: 302, location: '/sign-in' });
    expect(await get('narrow/TokenExpiredError')).toMatchObject({ status: 401 });
  });

  it('has only the body { error, error_description, error_uri, reference }', async () => {
    expect((await get('uri')).body).toEqual({
      error: 'access_denied',
      error_description: description,
      error_uri: 'https://provider.test/why',
      reference: expect.any(String),
    });
    expect((await get('plain/OAuthError')).body).toEqual({
      error: 'invalid_scope',
      error_description: description,
      reference: expect.any(String),
    });
  });

  it('keeps its cause, but does not show it to the browser', () => {
    const cause = new Error('deep');
    const error = new ProviderError({ description, cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error.getResponse())).not.toContain('deep');
  });

  it('has the response of the provider in a property that is not logged', () => {
    const answer = { status: 500, headers: {}, data: { hidden: 'm4rk3r' } };
    const error = new ProviderError({ description, answer });
    expect(error.answer).toEqual(answer);
    expect(JSON.stringify(error)).not.toContain('m4rk3r');
    expect(new ProviderError({ description }).answer).toBeUndefined();
  });

  it('is not thrown by a handler without @OAuthCallback(), whose error names the handler', async () => {
    const errors: unknown[] = [];
    app.app.useLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (...parts: unknown[]) => errors.push(...parts),
    });
    const { status } = await fetch(`${app.url}/forgotten`);
    expect(status).toBe(500);
    expect(errors.map(String).join('\n')).toContain(
      'ThrowingController.forgotten() reads the result of a login: put @OAuthCallback() on it',
    );
  });

  it('is thrown by a route whose client was removed', async () => {
    app.app.get(OAuthRegistry).unregister('gone');
    expect(await get('callback')).toMatchObject({
      status: 500,
      body: {
        error: 'invalid_configuration',
        error_description: expect.stringContaining('there is no client "gone"'),
      },
    });
  });
});
