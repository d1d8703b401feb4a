import { codeUrl, type CodeLocation } from '../code/sources.js';
import { html, type Html } from './html.js';
import { layout } from './layout.js';

/** Returns a link to a line of code. */
export function codeLink(location: CodeLocation): Html {
  return html`<a class="code-link" href="${codeUrl(location)}" title="${location.file}">View code</a>`;
}

/** Returns a page with one file of the showcase, with line numbers. A link to `#L12` highlights line 12. */
export function codePage(path: string, source: string, paths: readonly string[]): string {
  const lines = source.trimEnd().split('\n');
  return layout(path, {
    content: html`<section class="hero">
        <h1>sample/showcase/${path}</h1>
        <p class="soft">The code of this showcase. Every other file is at the end of the page.</p>
      </section>
      <pre class="card source" tabindex="0"><code>${lines.map(
        (line, index) => html`<span id="L${index + 1}" data-line="${index + 1}">${line} </span>`,
      )}</code></pre>
      <nav class="card" aria-label="Files">
        <h2>Files</h2>
        <ul class="files small">
          ${paths.map((each) => html`<li><a href="/code/${each}" ${each === path && html`aria-current="page"`}>${each}</a></li>`)}
        </ul>
      </nav>`,
  });
}
