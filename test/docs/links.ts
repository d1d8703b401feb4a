import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DocPage } from './snippets.js';

/** The start of absolute URLs of images in this repository. Pages on npm need them instead of relative URLs. */
const RAW_FILES = 'https://raw.githubusercontent.com/nestjs-oauth-client/nestjs-oauth-client/main/';

/** Returns the links of a page to files or headings that do not exist in this repository. */
export function brokenLinks({ path, text }: DocPage): string[] {
  const links = [...text.matchAll(/(?:\]\(|(?:src|href)=")([^)"\s]+)[)"]/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (link.startsWith(RAW_FILES)) return !existsSync(link.slice(RAW_FILES.length));
    return !/^https?:/.test(link) && !leadsSomewhere(path, link);
  });
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : join(dirname(page), file);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchors(readFileSync(target, 'utf8')).includes(anchor);
}

/** Returns the anchors of a page's headings. */
function anchors(text: string): string[] {
  const prose = text.replace(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
