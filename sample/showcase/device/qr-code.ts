import { toString } from 'qrcode';
import { Html } from '../pages/html.js';

/** Returns a QR code as an SVG. It is black on white in dark mode too, because cameras require this. */
export async function qrCode(text: string): Promise<Html> {
  return new Html(await toString(text, { type: 'svg', margin: 2 }));
}
