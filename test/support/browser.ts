import { CookieJar } from 'tough-cookie';

/** A response with its body. */
export interface Page {
  status: number;
  headers: Headers;
  /** The URL after the redirects. */
  url: string;
  text: string;
  json(): unknown;
}

export interface BrowseOptions {
  /** Whether redirects are followed. @default true */
  follow?: boolean;
  headers?: Record<string, string>;
}

/** An HTTP client that keeps cookies and follows redirects, as a browser does. */
export class Browser {
  readonly jar = new CookieJar();

  get(url: string, options?: BrowseOptions): Promise<Page> {
    return this.request('GET', url, options);
  }

  post(url: string, form: Record<string, string>, options?: BrowseOptions): Promise<Page> {
    return this.request('POST', url, options, new URLSearchParams(form));
  }

  async request(method: string, url: string, options: BrowseOptions = {}, body?: URLSearchParams): Promise<Page> {
    const cookie = await this.jar.getCookieString(url);
    const headers = { ...options.headers, ...(cookie && { cookie }) };
    const response = await fetch(url, { method, body, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) await this.jar.setCookie(line, url);
    const text = await response.text();
    const location = response.headers.get('location');
    if (location && options.follow !== false) {
      const target = new URL(location, url).href;
      const keepsMethod = response.status === 307 || response.status === 308;
      return keepsMethod ? this.request(method, target, options, body) : this.get(target, options);
    }
    return { status: response.status, headers: response.headers, url, text, json: () => JSON.parse(text) as unknown };
  }

  /** Submits the form of a page, as a user or a script would. */
  submit({ text, url }: Page, fields: Record<string, string> = {}): Promise<Page> {
    const [, action] = /<form[^>]* method="post" action="([^"]+)"/.exec(text) ?? [];
    if (action === undefined) throw new Error(`no form at ${url}: ${text.slice(0, 500)}`);
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const carried = Object.fromEntries(hidden.map(([, name, value]) => [name, value]));
    return this.post(new URL(action, url).href, { ...carried, ...fields });
  }

  /** Fills the login page of a provider and presses "Allow". */
  allow(page: Page, username = 'ada'): Promise<Page> {
    return this.submit(page, { username, password: username, decision: 'allow' });
  }

  /** Presses "Deny". */
  deny(page: Page): Promise<Page> {
    return this.submit(page, { decision: 'deny' });
  }
}
