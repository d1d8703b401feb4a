// Writes docs/providers.md from the data of the presets. With `--check`, fails if the page is not up to date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

const DATA = 'lib/presets/data';
const PAGE = 'docs/providers.md';
/** Maximum number of characters in a cell of scopes. */
const MAX_SCOPES = 50;

const presets = readdirSync(DATA).map((file) => ({
  name: file.replace('.json', ''),
  ...JSON.parse(readFileSync(`${DATA}/${file}`, 'utf8')),
}));
const alive = presets.filter(({ dead }) => dead === undefined);
const dead = presets.filter((preset) => preset.dead !== undefined);

const text = await format(page(), { ...(await resolveConfig(PAGE)), filepath: PAGE });
if (process.argv.includes('--check')) {
  if (readFileSync(PAGE, 'utf8') === text) process.exit(0);
  console.error(`${PAGE} is not up to date. Run "node scripts/providers-page.js"`);
  process.exit(1);
}
writeFileSync(PAGE, text);

function page() {
  const confirmed = alive.filter(({ sources }) => sources > 1).length;
  const rows = alive.map((preset) => `| ${cells(preset).join(' | ')} |`);
  return `# Providers

${alive.length} providers have a preset. Search this page for a name. See [Presets](presets.md) for what a preset contains and how to use it.

- **Variables** must be set in \`variables\`, except those in parentheses, which have a default.
- **PKCE**: \`required\` if all compared projects send it, \`yes\` if some do. This library always sends it, unless the cell says \`off\`.
- **User info**: \`claims\` are read from the API or the token response, \`OpenID\` from the id_token and userinfo. \`none\`: the provider has no
  stable identifier, or the data does not say where it is.
- **Email**: \`verified\` if the provider says whether it verified the address. Do not link accounts by any other address.
- **Data**: \`reviewed\` was checked by a person. \`unconfirmed\` has one source only, and logs a warning when it is used. All others have at
  least two sources (${confirmed} providers do).

| preset | provider | protocol | variables | scope | PKCE | user info | email | data |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## Providers that were shut down

These names are refused with an error that says what happened:

${dead.map(({ name, title, dead: what, use }) => `- \`${name}\`: ${title} ${what}${use ? `; use \`${use}\`` : ''}`).join('\n')}
`;
}

function cells({ name, title, variables = {}, settings, pkce, sources, reviewed }) {
  const { clientKwargs = {}, profile } = settings;
  const page = `providers/${name}.md`;
  return [
    existsSync(`docs/${page}`) ? `[\`${name}\`](${page})` : `\`${name}\``,
    title.replaceAll('|', '\\|'),
    protocolOf(settings),
    Object.entries(variables)
      .map(([key, variable]) => (variable.default === undefined ? `\`${key}\`` : `(\`${key}\`)`))
      .join(', '),
    shortened(clientKwargs.scope),
    settings.codeChallengeMethod === 'none' ? 'off' : ({ required: 'required', supported: 'yes' }[pkce] ?? ''),
    profileOf(settings),
    emailOf(profile, isOpenId(settings)),
    [reviewed ? 'reviewed' : '', sources < 2 ? 'unconfirmed' : ''].filter(Boolean).join(', '),
  ];
}

function isOpenId({ issuer, serverMetadataUrl }) {
  return issuer !== undefined || serverMetadataUrl !== undefined;
}

function protocolOf(settings) {
  if (settings.requestTokenUrl !== undefined) return 'OAuth 1.0a';
  return isOpenId(settings) ? 'OpenID' : 'OAuth 2.0';
}

function profileOf({ profile, ...settings }) {
  if (isOpenId(settings)) return 'OpenID';
  return profile?.claims?.sub === undefined ? 'none' : 'claims';
}

function emailOf(profile, openId) {
  const { email, email_verified: verified } = profile?.claims ?? {};
  if (verified?.value === false) return 'not verified';
  if (verified !== undefined) return 'verified';
  if (email !== undefined) return 'not verified';
  return openId ? 'verified' : '';
}

/** Shows as many scopes as fit into a cell. */
function shortened(scope = '') {
  const scopes = scope.split(' ').filter(Boolean);
  const shown = [];
  for (const one of scopes) {
    if ([...shown, one].join(' ').length > MAX_SCOPES) break;
    shown.push(one);
  }
  const more = scopes.length - shown.length;
  const text = shown.length > 0 ? `\`${shown.join(' ').replaceAll('|', '\\|')}\`` : '';
  return more > 0 ? `${text} and ${more} more`.trim() : text;
}
