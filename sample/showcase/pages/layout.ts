import { html, type Html } from './html.js';

/** The frame of every page. */
export function layout(title: string, { user, content }: { user?: string; content: Html }): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
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
