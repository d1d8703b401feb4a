// Starts an application in which one package is not installed, and prints an authorization URL or the error:
// `node absent-package.app.js PACKAGE '{"clients": {}}'`
import { register } from 'node:module';

const [absent = '', options = '{}'] = process.argv.slice(2);
const HOOKS = `export function resolve(specifier, context, next) {
  return next(specifier, specifier === '${absent}' ? { ...context, parentURL: 'file:///nowhere/app.js' } : context);
}`;
register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);

const { NestFactory } = await import('@nestjs/core');
const { OAuthClientModule, OAuthRegistry } = await import('nestjs-oauth-client');

try {
  const module = OAuthClientModule.forRoot(JSON.parse(options) as object);
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const { url } = await app.get(OAuthRegistry).get('dev').createAuthorizationUrl('https://client.test/callback');
  console.log(JSON.stringify({ url }));
  await app.close();
} catch (error) {
  console.log(JSON.stringify({ error: String(error) }));
}
