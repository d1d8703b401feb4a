import { Test } from '@nestjs/testing';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { AddressInfo } from 'node:net';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import {
  MismatchingStateError,
  OAuthClientModule,
  OAuthError,
  OAuthRegistry,
  type OAuthClientModuleOptions,
} from 'nestjs-oauth-client';

/** A site on plain Express whose routes call the methods of the apps. */
export interface SessionSite {
  url: string;
  close(): Promise<void>;
}

/** The response to a refused login. */
export interface Refusal {
  error: string;
  description: string;
  reason?: string;
}

/** Starts a site with this session middleware and clients of the provider at this URL. */
export async function startSessionSite(
  middleware: RequestHandler | undefined,
  providerUrl: string,
  names = ['dev'],
  options: OAuthClientModuleOptions = {},
): Promise<SessionSite> {
  const registry = await registryOf(providerUrl, names, options);
  const site = express();
  site.use(express.urlencoded());
  if (middleware) site.use(middleware);
  site.get('/:provider/login', async (request: Request<{ provider: string }>, response) => {
    const { provider } = request.params;
    const { url } = await registry
      .get(provider)
      .authorizeRedirect(request, response, `/${provider}/callback`, request.query);
    response.redirect(url);
  });
  site.all('/:provider/callback', async (request: Request<{ provider: string }>, response) => {
    response.json(await registry.get(request.params.provider).authorizeAccessToken(request, response));
  });
  site.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof OAuthError)) {
      next(error);
      return;
    }
    const reason = error instanceof MismatchingStateError ? error.reason : undefined;
    response.status(error.getStatus()).json({ error: error.error, description: error.description, reason });
  });
  const server = site.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Returns a registry with clients of OAuth 2, and a client of OAuth 1 named `old`. */
async function registryOf(
  providerUrl: string,
  names: string[],
  options: OAuthClientModuleOptions,
): Promise<OAuthRegistry> {
  const client = clientOf({ url: providerUrl }, { clientKwargs: { codeChallengeMethod: 'S256' as const } });
  const old = oauth1ClientOf({ url: providerUrl });
  const clients = { ...Object.fromEntries(names.map((name) => [name, client])), old };
  const module = await Test.createTestingModule({
    imports: [OAuthClientModule.forRoot({ ...options, clients })],
  }).compile();
  await module.init();
  return module.get(OAuthRegistry);
}
