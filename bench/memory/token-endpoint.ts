import type { AxiosAdapter } from 'axios';

const HEADERS = { 'content-type': 'application/json' };
const BODY = JSON.stringify({ access_token: 'an-access-token', token_type: 'Bearer', expires_in: 3600 });

/** Answers token requests without a connection, so that it is not measured. */
export const tokenEndpoint: AxiosAdapter = (config) =>
  Promise.resolve({ data: BODY, status: 200, statusText: 'OK', headers: HEADERS, config });
