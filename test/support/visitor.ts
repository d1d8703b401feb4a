import { Browser, type BrowseOptions, type Page } from './browser.js';

/** A login or logout that has begun. */
interface Begun {
  page: Page;
  /** Where the visitor is sent. */
  location: URL;
  /** The `state`, or the request token of OAuth 1. */
  state: string;
}

/** A visitor of a test application with the routes of `AuthController`: a browser with its own cookies. */
export class Visitor extends Browser {
  constructor(private readonly site: () => { url: string } | undefined) {
    super();
  }

  /** The same browser at another site. */
  at(site: { url: string }): Visitor {
    return Object.assign(new Visitor(() => site), { jar: this.jar });
  }

  /** Begins a login at a route such as `dev` or `dev?next=/there`, and stays before the redirect to the provider. */
  login(route = 'dev', options?: BrowseOptions): Promise<Begun> {
    return this.begin('login', route, options);
  }

  /** Begins a logout. */
  logout(route = 'dev', options?: BrowseOptions): Promise<Begun> {
    return this.begin('logout', route, options);
  }

  /** Comes back from the provider of a client. */
  callback(query: Record<string, string> | string, client = 'dev', options?: BrowseOptions): Promise<Page> {
    const search = typeof query === 'string' ? query : new URLSearchParams(query).toString();
    return this.visit(`${client}/callback?${search}`, options);
  }

  /** Begins a login and comes back at once with this query, as from a provider that knows the user. */
  async signIn(query = 'code=c', client = 'dev'): Promise<Page> {
    const { state } = await this.login(client);
    return this.callback(`state=${state}&${query}`, client);
  }

  /** Opens a route of the application, such as `dev/user`. */
  visit(route: string, options?: BrowseOptions): Promise<Page> {
    return this.get(`${this.site()?.url}/auth/${route}`, options);
  }

  private async begin(step: string, route: string, options?: BrowseOptions): Promise<Begun> {
    const page = await this.visit(route.replace(/(?=\?)|$/, `/${step}`), { ...options, follow: false });
    const target = page.headers.get('location');
    if (page.status !== 302 || !target)
      throw new Error(`no ${step} begins at ${page.url}: ${page.status} ${page.text}`);
    const location = new URL(target);
    const { searchParams } = location;
    return { page, location, state: searchParams.get('state') ?? searchParams.get('oauth_token') ?? '' };
  }
}
