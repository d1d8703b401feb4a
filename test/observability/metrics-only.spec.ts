import { afterAll, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { OAuthError } from '../../lib/errors/oauth.errors.js';
import { traced } from '../../lib/observability/telemetry.js';
import { startTelemetry } from '../support/telemetry.js';

const telemetry = startTelemetry();
trace.disable(); // an application that has meters, but no tracers

afterAll(() => telemetry.close());

it('failures are counted in an application without a tracer provider', async () => {
  const failure = new OAuthError('access_denied');
  const attributes = () => ({ 'oauth.client.name': 'dev', 'oauth.login.step': 'complete' });
  const fail = (): never => {
    throw failure;
  };
  await expect(traced('oauth.login', attributes, () => Promise.reject(failure))).rejects.toBe(failure);
  await expect(traced('oauth.login', attributes, fail)).rejects.toBe(failure);
  await expect(traced('oauth.login', attributes, () => Promise.resolve('done'))).resolves.toBe('done');
  expect(await telemetry.counted('oauth.client.failures')).toEqual([
    {
      attributes: { 'oauth.client.name': 'dev', 'oauth.operation': 'oauth.login', 'error.type': 'access_denied' },
      value: 2,
    },
  ]);
});

it('attributes of a span are not created without a tracer provider', async () => {
  const attributes = (): never => {
    throw new Error('created');
  };
  await expect(traced('oauth.login', attributes, () => Promise.resolve('done'))).resolves.toBe('done');
});
