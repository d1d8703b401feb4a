import axios from 'axios';
import { parseCookie, stringifySetCookie } from 'cookie';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { authorizationUrl, REDIRECT_URI } from '../login/hand-written-url.js';
import { PROVIDER } from '../login/provider.js';
import type { LoginApp } from './logins.js';
import { tokenEndpoint } from './token-endpoint.js';

const key = randomBytes(32);
const http = axios.create({ adapter: tokenEndpoint });

/** Keeps the login in an encrypted cookie, without a library. */
export const app: LoginApp = {
  begin(_request, response) {
    const state = randomBytes(32).toString('base64url');
    const codeVerifier = randomBytes(32).toString('base64url');
    setCookie(response, seal({ state, codeVerifier }), 600);
    return Promise.resolve(authorizationUrl(state, codeVerifier));
  },
  async finish({ headers, query }, response) {
    const { state, codeVerifier } = open(parseCookie(headers.cookie ?? '').login ?? '');
    if (state !== query.state) throw new Error('this browser does not have a pending login with this state');
    setCookie(response, '', 0);
    const form = { grant_type: 'authorization_code', code: query.code!, redirect_uri: REDIRECT_URI };
    const { data } = await http.post<{ access_token: string }>(
      PROVIDER.accessTokenUrl,
      new URLSearchParams({ ...form, code_verifier: codeVerifier }),
      { auth: { username: PROVIDER.clientId, password: PROVIDER.clientSecret } },
    );
    return data.access_token;
  },
};

interface Login {
  state: string;
  codeVerifier: string;
}

function setCookie(response: Parameters<LoginApp['begin']>[1], value: string, maxAge: number): void {
  const cookie = { name: 'login', value, maxAge, path: '/', httpOnly: true, secure: true, sameSite: 'lax' as const };
  response.appendHeader('Set-Cookie', stringifySetCookie(cookie));
}

function seal(login: Login): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(login)), cipher.final(), cipher.getAuthTag()]);
  return sealed.toString('base64url');
}

function open(cookie: string): Login {
  const sealed = Buffer.from(cookie, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAuthTag(sealed.subarray(-16));
  const login = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  return JSON.parse(login.toString()) as Login;
}
