import { describe, expect, it } from '@jest/globals';
import { randomText } from '../../lib/common/random-text.js';

describe('a random string', () => {
  it('has 256 bits in base64url, and is unique', () => {
    const texts = Array.from({ length: 10_000 }, () => randomText());
    expect(texts.filter((text) => !/^[\w-]{43}$/.test(text))).toEqual([]);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('has each bit set in about half of all strings', () => {
    const COUNT = 4000;
    const ones = new Array<number>(256).fill(0);
    for (let text = 0; text < COUNT; text++) {
      const bytes = Buffer.from(randomText(), 'base64url');
      ones.forEach((_, bit) => (ones[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1));
    }
    // six standard deviations: fails once in a billion runs
    const tolerance = 6 * Math.sqrt(COUNT / 4);
    expect(ones.filter((count) => Math.abs(count - COUNT / 2) > tolerance)).toEqual([]);
  });
});
