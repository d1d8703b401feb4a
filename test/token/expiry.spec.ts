import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expiryOfResponse, expiryOfStored, readInstant } from '../../lib/token/expiry.js';

const NOW = 1_790_000_000_500;
const SECONDS = 1_790_000_000;
const TEN_YEARS = 315_360_000;
/** Points in time from 1973-03-03 in whole seconds, which can be distinguished in every unit. */
const instants = fc.integer({ min: 100_000_000, max: 4_000_000_000 });

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

describe('a point in time', () => {
  it('is read in seconds, milliseconds, microseconds and nanoseconds, as a number and as a string', () => {
    fc.assert(
      fc.property(instants, fc.constantFrom(1, 1e3, 1e6, 1e9), (seconds, unit) => {
        const value = seconds * unit;
        const texts = [String(value), ` ${value}.0 `].filter(() => Number.isSafeInteger(value));
        for (const written of [value, BigInt(seconds) * BigInt(unit), ...texts]) {
          expect(Math.abs((readInstant(written) ?? 0) - seconds)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('is read from an ISO date, a date that a database prints, an HTTP date and a Date', () => {
    fc.assert(
      fc.property(instants, (seconds) => {
        const [day, time] = iso(seconds).slice(0, 19).split('T');
        const written = [
          iso(seconds),
          new Date(seconds * 1000),
          new Date(seconds * 1000).toUTCString(),
          new Date(seconds * 1000).toUTCString().replace('GMT', '+0000'),
          `${day}T${time}`,
          `${day} ${time}`,
          `${day} ${time}+00`,
          `${day} ${time}.1234567 UTC`,
          `${day}T${time},5+0000`,
          `${day}T${time}-00:00`,
        ];
        expect(written.map(readInstant)).toEqual(written.map(() => seconds));
      }),
    );
  });

  it('is read with its UTC offset', () => {
    const seconds = Date.parse('2026-11-26T10:00:00Z') / 1000;
    for (const text of ['2026-11-26T12:00:00+02:00', '2026-11-26 12:00:00+02', '2026-11-26T05:30-0430']) {
      expect(readInstant(text)).toBe(seconds);
    }
  });

  it.each([
    ...[
      '',
      ' ',
      'soon',
      '1h',
      '3600abc',
      '0x10',
      '1,5',
      '2026',
      'Infinity',
      'NaN',
      '2026-13-45',
      '2026-11-26T',
      'tomorrow',
    ],
    ...[null, undefined, true, [1], {}, NaN, Infinity, new Date(NaN)],
  ])('is not read from %j unless it is a number', (value) => {
    expect(readInstant(value)).toBe(value === '2026' ? 2026 : undefined);
  });
});

describe('the expiry in a response', () => {
  it.each([
    [{ expiresIn: 3600 }, { expiresAt: SECONDS + 3600, expiresIn: 3600 }],
    [{ expiresIn: '3600' }, { expiresAt: SECONDS + 3600, expiresIn: 3600 }],
    [{ expiresIn: '3.6e3' }, { expiresAt: SECONDS + 3600, expiresIn: 3600 }],
    [{ expiresIn: '1h' }, {}],
    [{ expiresIn: '3600abc' }, {}],
    [{ expiresIn: '0x10' }, {}],
    [{ expiresIn: 0 }, {}],
    [{ expiresIn: null }, {}],
    // `expires_in` does not depend on the provider's clock
    [
      { expiresIn: 3600, expiresAt: 5 },
      { expiresAt: SECONDS + 3600, expiresIn: 3600 },
    ],
    [{ expiresIn: '1h', expiresAt: SECONDS + 60 }, { expiresAt: SECONDS + 60 }],
    [{ expiresAt: (SECONDS + 60) * 1000 }, { expiresAt: SECONDS + 60 }],
    [{ expiresAt: iso(SECONDS + 60) }, { expiresAt: SECONDS + 60 }],
    [{ expiresAt: 'tomorrow' }, {}],
    // a date or a timestamp in the field for a duration
    [{ expiresIn: iso(SECONDS + 60) }, { expiresAt: SECONDS + 60 }],
    [{ expiresIn: SECONDS + 60 }, { expiresAt: SECONDS + 60 }],
    [{ expiresIn: (SECONDS + 60) * 1000 }, { expiresAt: SECONDS + 60 }],
    [{ expiresIn: iso(SECONDS - 60) }, {}],
    [{ expiresIn: '2026' }, { expiresAt: SECONDS + 2026, expiresIn: 2026 }],
    // values that servers send for tokens that do not expire
    [{ expiresAt: 0 }, {}],
    [{ expiresAt: '0' }, {}],
    [{ expiresAt: 253_402_300_799 }, {}],
    [{ expiresAt: '0001-01-01T00:00:00Z' }, {}],
    [{ expiresIn: iso(SECONDS + 60), expiresAt: 0 }, { expiresAt: SECONDS + 60 }],
    [{ expiresAt: SECONDS - 60 }, { expiresAt: SECONDS - 60 }],
    // limits
    [{ expiresIn: 1e300 }, { expiresAt: SECONDS + TEN_YEARS, expiresIn: TEN_YEARS }],
    [{ expiresAt: 1e300 }, { expiresAt: SECONDS + TEN_YEARS }],
    [{ expiresAt: '9999-12-31' }, { expiresAt: SECONDS + TEN_YEARS }],
  ])('with %j is %j', (fields, expected) => {
    expect(expiryOfResponse({ expiresAt: undefined, expiresIn: undefined, ...fields }, NOW)).toEqual(expected);
  });

  it('is whole seconds within ten years or undefined for any value', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true }), fc.anything(), (expiresIn, expiresAt) => {
        for (const expiry of [
          expiryOfResponse({ expiresIn, expiresAt }, NOW),
          expiryOfStored({ expiresIn, expiresAt: undefined }, NOW),
        ]) {
          for (const value of Object.values(expiry) as number[]) expect(Number.isSafeInteger(value)).toBe(true);
          expect(expiry.expiresIn ?? 0).toBeLessThanOrEqual(TEN_YEARS);
          expect(expiry.expiresAt ?? 0).toBeLessThanOrEqual(SECONDS + TEN_YEARS);
          expect(expiry.expiresAt ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('the expiry of a stored token', () => {
  it.each([
    [
      { expiresIn: 3600, expiresAt: 5 },
      { expiresAt: 5, expiresIn: 3600 },
    ],
    [
      { expiresIn: 3600, expiresAt: new Date((SECONDS + 60) * 1000) },
      { expiresAt: SECONDS + 60, expiresIn: 3600 },
    ],
    [{ expiresAt: String((SECONDS + 60) * 1000) }, { expiresAt: SECONDS + 60 }],
    [{ expiresAt: BigInt(SECONDS) }, { expiresAt: SECONDS }],
    [
      { expiresIn: 3600, expiresAt: 'tomorrow' },
      { expiresAt: SECONDS + 3600, expiresIn: 3600 },
    ],
    [{ expiresIn: '1h', expiresAt: 'tomorrow' }, {}],
    [{ expiresIn: iso(SECONDS + 60) }, { expiresAt: SECONDS + 60 }],
  ])('with %j is as expected', (fields, expected) => {
    expect(expiryOfStored({ expiresAt: undefined, expiresIn: undefined, ...fields }, NOW)).toEqual(expected);
  });
});
