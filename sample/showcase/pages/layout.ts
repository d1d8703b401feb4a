import { html, type Html } from './html.js';

interface Page {
  content: Html;
  /** The name of the user who is signed in. */
  user?: string;
  /** Makes the browser load `url` after some seconds. */
  refresh?: { seconds: number; url: string };
}

/** Returns a page with the header and footer of every page. */
export function layout(title: string, { user, content, refresh }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh && html`<meta http-equiv="refresh" content="${refresh.seconds};url=${refresh.url}" />`}
        <title>${title}</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <a class="brand" href="/"><img src="/icon.svg" alt="" width="32" height="32" />nestjs-oauth-client</a>
          ${user !== undefined && signedInAs(user)}
        </header>
        <main>${content}</main>
        <footer>The showcase of nestjs-oauth-client</footer>
      </body>
    </html>`.toString();
}

function signedInAs(user: string): Html {
  return html`<span class="soft">${user}</span> <a class="button quiet" href="/auth/logout">Sign out</a>`;
}
