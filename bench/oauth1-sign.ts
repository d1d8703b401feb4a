import { createHmac } from 'node:crypto';
import OAuth from 'oauth-1.0a';
import { signatureBaseString } from '../lib/oauth1/base-string.js';
import { encodeParameters, parseForm } from '../lib/oauth1/percent-encoding.js';
import { protocolParameters } from '../lib/oauth1/protocol-parameters.js';
import { newStamp } from '../lib/oauth1/request-stamp.js';
import { signRequest, type OAuth1Credentials } from '../lib/oauth1/sign-request.js';
import type { Figure } from './figure.js';
import { repeat } from './support/repeat.js';

const METHOD = 'GET';
const URL_WITH_QUERY =
  'https://api.provider.example/1.1/statuses/user_timeline.json?screen_name=twitterapi&count=20&include_rts=true';

const CREDENTIALS: OAuth1Credentials = {
  clientId: 'xvz1evFS4wEEPTGEFPHBog',
  clientSecret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Y7FgvI',
  token: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
  tokenSecret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
  signatureMethod: 'HMAC-SHA1',
  signatureType: 'HEADER',
};

/** Signatures of API calls with `signRequest()` against `oauth-1.0a`, which most OAuth 1 clients use. */
export const oauth1Sign: Figure = {
  name: 'oauth1-sign',
  unit: 'signatures/s',
  goal: 4,
  kind: 'rate',
  open: () => Promise.resolve({ ours: { run: () => repeat(sign) }, peer: { run: () => repeat(oauth1a()) } }),
};

/** Signatures of API calls against the minimum cost of any signature: one HMAC, and one nonce with the same randomness. */
export const oauth1SignLimit: Figure = {
  name: 'oauth1-sign-limit',
  unit: 'signatures/s',
  goal: 0.8,
  kind: 'rate',
  open: () => Promise.resolve({ ours: { run: () => repeat(sign) }, peer: { run: () => repeat(bareHmac()) } }),
};

function sign(): unknown {
  return signRequest({ method: METHOD, url: URL_WITH_QUERY }, CREDENTIALS);
}

function oauth1a(): () => unknown {
  const { clientId, clientSecret, token = '', tokenSecret = '', signatureMethod } = CREDENTIALS;
  const oauth = new OAuth({
    consumer: { key: clientId, secret: clientSecret },
    signature_method: signatureMethod,
    hash_function: (baseString, key) => createHmac('sha1', key).update(baseString).digest('base64'),
  });
  const request = { url: URL_WITH_QUERY, method: METHOD };
  const userToken = { key: token, secret: tokenSecret };
  return () => oauth.toHeader(oauth.authorize(request, userToken));
}

function bareHmac(): () => unknown {
  const url = new URL(URL_WITH_QUERY);
  const query = encodeParameters(parseForm(url.search.slice(1)));
  const baseString = signatureBaseString(METHOD, url, query.concat(protocolParameters(CREDENTIALS, newStamp())));
  const key = `${CREDENTIALS.clientSecret}&${CREDENTIALS.tokenSecret}`;
  return () => {
    const { nonce } = newStamp();
    return [nonce, createHmac('sha1', key).update(baseString).digest('base64')];
  };
}
