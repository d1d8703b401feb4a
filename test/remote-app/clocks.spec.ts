import { afterEach, describe, expect, it } from '@jest/globals';
import type { UnsignedJwt } from '../providers/conformance-provider.js';
import { run, stopAll, type Module } from '../conformance/relying-party.js';

afterEach(stopAll);

/** An id_token, or another JWT, of a provider whose clock is this many seconds ahead of this server's. */
function ahead(seconds: number, name: 'idToken' | 'jarm' = 'idToken'): Module {
  const move = ({ header, claims }: UnsignedJwt): UnsignedJwt => {
    const times = Object.entries(claims).filter(([claim]) => ['iat', 'exp', 'nbf'].includes(claim));
    return {
      header,
      claims: { ...claims, ...Object.fromEntries(times.map(([claim, at]) => [claim, Number(at) + seconds])) },
    };
  };
  return { [name]: move };
}

describe("an error about a provider's clock", () => {
  it('reports how far the clock is ahead, and the setting that tolerates it', async () => {
    const { body } = await run(ahead(120));
    expect(body.error_description).toMatch(
      /^id_token was issued at .* \(iat\), and it is .*: the provider's clock is 1[12]\d seconds ahead/,
    );
    expect(body.error_description).toContain('Synchronize the clocks, or increase clock_tolerance (at most 600 s)');
  });

  it('reports how far the clock is behind', async () => {
    const { body } = await run(ahead(-400)); // the id_token is valid for 300 seconds
    expect(body.error_description).toMatch(
      /its exp is .*, and it is .* this server's clock is at least (99|10\d) seconds ahead of the provider's clock/,
    );
  });

  it('does not suggest a tolerance above the limit', async () => {
    const { body } = await run(ahead(4000));
    expect(body.error_description).toMatch(
      /the provider's clock is (4000|3999) seconds ahead of this server's clock\. Synchronize the clocks$/,
    );
  });

  it('reports nbf like iat', async () => {
    const late = ({ header, claims }: UnsignedJwt): UnsignedJwt => ({
      header,
      claims: { ...claims, nbf: Number(claims.iat) + 90 },
    });
    expect((await run({ idToken: late })).body.error_description).toMatch(
      /its nbf is .*the provider's clock is (90|89) seconds ahead/,
    );
  });

  it('reports the clock for a signed authorization response (JARM)', async () => {
    const { body } = await run({ ...ahead(-200, 'jarm'), params: { response_mode: 'jwt' } });
    expect(body.error_description).toMatch(
      /^authorization response: its exp is .*clock is at least 1[34]\d seconds ahead/,
    );
  });

  it('accepts a difference within clock_tolerance', async () => {
    expect((await run(ahead(25))).status).toBe(200);
    expect((await run({ ...ahead(120), settings: { clockTolerance: 180 } })).status).toBe(200);
  });

  it('does not mention the clock when the user signed in too long ago', async () => {
    const long = ({ header, claims }: UnsignedJwt): UnsignedJwt => ({ header, claims: { ...claims, auth_time: 1 } });
    const { body } = await run({ idToken: long, params: { max_age: '60' } });
    expect(body.error_description).toContain('its auth_time is');
    expect(body.error_description).not.toMatch(/clock is/);
  });
});
