import { describe, expect, it } from '@jest/globals';
import { absoluteRedirectUri } from '../../lib/remote-app/redirect-uri.js';

describe('the redirect URI', () => {
  const request = { protocol: 'https', host: 'site.example:8443' };
  const site = { allowedHosts: ['site.example:8443'] };

  it.each([
    ['/auth/callback', 'https://site.example:8443/auth/callback'],
    ['/auth/:provider/callback', 'https://site.example:8443/auth/my%3Aapp/callback'],
    ['https://other.example/cb', 'https://other.example/cb'],
    ['com.example.app:/cb', 'com.example.app:/cb'],
  ])('resolves %s to %s for this request', (given, absolute) => {
    expect(absoluteRedirectUri(given, 'my:app', request, site)).toBe(absolute);
  });

  it('resolves the redirect URI against baseUrl in place of the request', () => {
    const uri = absoluteRedirectUri('/auth/callback', 'x', request, { baseUrl: 'https://base.example/ignored' });
    expect(uri).toBe('https://base.example/auth/callback');
  });

  it('throws for a relative URI and a request without a host', () => {
    expect(() => absoluteRedirectUri('/auth/callback', 'x', {}, site)).toThrow(/Set `baseUrl`/);
  });
});
