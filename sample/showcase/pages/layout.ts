import { Html, html } from './html.js';

const STYLE = new Html(`
  :root { color-scheme: light dark; --ground: #f4f6f9; --card: #fff; --text: #1b2330; --soft: #5b6676;
    --line: #dfe4eb; --accent: #4338ca; --on-accent: #fff; --code: #f0f2f6; }
  @media (prefers-color-scheme: dark) { :root { --ground: #12161d; --card: #1b212b; --text: #e8ecf2; --soft: #9aa6b6;
    --line: #2d3643; --accent: #a5b4fc; --on-accent: #171b2e; --code: #12161d; } }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center;
    background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
  header, main, footer { width: min(46rem, 100% - 2rem); }
  header { display: flex; align-items: center; gap: 1rem; padding: 1.5rem 0; }
  header a.name { font-weight: 700; color: inherit; text-decoration: none; margin-right: auto; }
  footer { margin-top: auto; padding: 2rem 0 1.5rem; color: var(--soft); font-size: .85rem; }
  .card { padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
  .card + .card { margin-top: 1rem; }
  .card > :last-child { margin-bottom: 0; }
  h1 { margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.25; letter-spacing: -.01em; }
  h2 { margin: 0; font-size: 1.1rem; }
  p { margin: 0 0 1rem; }
  .soft { color: var(--soft); }
  .buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
  .button { display: inline-block; padding: .65rem 1.25rem; font: inherit; font-weight: 600; text-decoration: none;
    color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .6rem; cursor: pointer; }
  .button.quiet { color: var(--text); background: transparent; border-color: var(--line); }
  .button:hover { filter: brightness(1.08); }
  .button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; }
  .row div { margin-right: auto; }
  .row .soft { margin: 0; font-size: .9rem; }
  pre { margin: 1rem 0 0; padding: 1rem; overflow: auto; background: var(--code); border-radius: .6rem;
    font: .875rem/1.5 ui-monospace, monospace; }
  code { font: .9em ui-monospace, monospace; }
  .status { display: inline-block; margin-bottom: .75rem; padding: .15rem .6rem; font-size: .85rem; font-weight: 600;
    color: var(--soft); border: 1px solid var(--line); border-radius: 1rem; }
`);

/** The frame of every page. */
export function layout(title: string, { user, content }: { user?: string; content: Html }): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <a class="name" href="/">nestjs-oauth-client</a>
          ${user !== undefined && html`<span class="soft">${user}</span><a class="button quiet" href="/auth/logout">Sign out</a>`}
        </header>
        <main>${content}</main>
        <footer>The showcase of nestjs-oauth-client. Its providers and its database live in this process.</footer>
      </body>
    </html>`.toString();
}
