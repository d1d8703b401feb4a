/** The contents of a provider's login page. */
export interface LoginPage {
  /** The name of the provider. */
  provider: string;
  /** The name of the client. */
  client: string;
  /** The requested permissions, one line each. */
  wishes: string[];
  /** The action of the form. */
  action: string;
  /** The hidden fields of the form. */
  hidden?: Record<string, string>;
  /** The error of the previous attempt. */
  fault?: string;
  /** The accent color of the provider. */
  color: string;
}

/** Returns a page for sign-in and consent: user name, password, "Allow" and "Deny". Works without JavaScript. */
export function loginPage(page: LoginPage): string {
  const hidden = Object.entries(page.hidden ?? {}).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  return document(
    page,
    `<h1>Sign in to ${escape(page.provider)}</h1>
    <p><strong>${escape(page.client)}</strong> would like to</p>
    <ul>${page.wishes.map((wish) => `<li>${escape(wish)}</li>`).join('')}</ul>
    ${page.fault ? `<p role="alert">${escape(page.fault)}</p>` : ''}
    <form method="post" action="${escape(page.action)}">
      ${hidden.join('')}
      <label>User name <input name="username" autocomplete="username" placeholder="ada" autofocus></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" placeholder="ada"></label>
      <div>
        <button name="decision" value="allow">Allow</button>
        <button name="decision" value="deny" class="quiet">Deny</button>
      </div>
    </form>
    <footer>A provider for tests. Its users are ada and grace, each with the name as the password.</footer>`,
  );
}

/** The properties that all pages of a provider share. */
export type Look = Pick<LoginPage, 'provider' | 'color'>;

/** Returns a page with a message. */
export function messagePage(look: Look, message: string): string {
  return document(look, `<h1>${escape(look.provider)}</h1><p>${escape(message)}</p>`);
}

/** The message of a login page that is opened after the login, with the back button or in an open tab. */
export const LOGIN_IS_OVER =
  'This page is out of date: the login is finished, was canceled or took too long. Go back to the site that sent you here, and sign in there again if you need to.';

/** Returns the icon of a provider as an SVG: its initial on its color. */
export function icon({ provider, color }: Look): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="${color}"/><text x="16" y="23" fill="#fff" font-family="system-ui, sans-serif" font-size="20" font-weight="700" text-anchor="middle">${escape(provider.charAt(0))}</text></svg>`;
}

function document({ provider, color }: Look, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(provider)}</title>
<link rel="icon" type="image/svg+xml" href="/favicon.ico">
<style>
  :root { --accent: ${color}; color-scheme: light; }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--accent);
    font: 16px/1.5 system-ui, sans-serif; color: #1c2430; }
  main { width: min(26rem, 100% - 2rem); padding: 2rem; background: #fff; border-radius: 1rem;
    box-shadow: 0 1.5rem 3rem rgb(0 0 0 / .25); }
  h1 { margin: 0 0 1rem; font-size: 1.5rem; }
  ul { margin: 0 0 1rem; padding-left: 1.25rem; }
  label { display: block; margin-bottom: .75rem; font-size: .875rem; color: #55606e; }
  input { display: block; width: 100%; margin-top: .25rem; padding: .6rem .75rem; font: inherit; color: inherit;
    border: 1px solid #c5ccd6; border-radius: .5rem; }
  input:focus { outline: 2px solid var(--accent); border-color: transparent; }
  form div { display: flex; gap: .75rem; margin-top: 1.25rem; }
  button { flex: 1; padding: .7rem; font: inherit; font-weight: 600; color: #fff; background: var(--accent);
    border: 0; border-radius: .5rem; cursor: pointer; }
  button.quiet { color: #55606e; background: #eef1f5; }
  [role=alert] { padding: .6rem .75rem; color: #8f1d1d; background: #fdecec; border-radius: .5rem; }
  footer { margin-top: 1.5rem; font-size: .8rem; color: #7a8594; }
</style>
</head>
<body><main>${body}</main></body>
</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
