import { toString } from 'qrcode';
import { Html } from '../pages/html.js';

/** A QR code as an SVG, black on white in a dark page too: cameras want it so. */
export async function qrCode(text: string): Promise<Html> {
  return new Html(await toString(text, { type: 'svg', margin: 2 }));
}
