import { createHmac } from 'node:crypto';

/** Returns a callback with what Shopify adds to it: the shop, the time and the signature. */
export function signedForShopify(
  callback: Record<string, string>,
  shop: string,
  secret: string,
): Record<string, string> {
  const signed: Record<string, string> = { ...callback, shop, timestamp: String(Math.floor(Date.now() / 1000)) };
  const text = Object.entries(signed)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return { ...signed, hmac: createHmac('sha256', secret).update(text).digest('hex') };
}
