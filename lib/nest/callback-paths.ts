import { Injectable } from '@nestjs/common';
import type { OwnPaths } from '../remote-app/redirect-uri.js';
import type { ApplicationRoute } from './application-routes.js';

/** A path, by its segments. */
type Path = readonly string[];

interface CallbackPath {
  written: Path;
  served: Path;
}

/**
 * Knows the paths of the application's own callback routes. A redirect URI that leaves out the global prefix, the version or the
 * path of the module is found here before a user is sent to an address that answers 404.
 */
@Injectable()
export class CallbackPaths implements OwnPaths {
  #callbacks: CallbackPath[] = [];
  #literal = new Set<string>();

  /**
   * @param callbacks the routes that end logins and logouts by a decorator. A route without parameters may do so by hand; one
   * with nothing but parameters would match too many paths.
   */
  learn(routes: readonly ApplicationRoute[], callbacks: readonly ApplicationRoute[]): void {
    const byHand = routes.filter(({ written }) => written.every(isLiteral));
    this.#callbacks = [...callbacks, ...byHand].flatMap(({ written, paths }) =>
      paths.flatMap((path) => written.map((short) => ({ written: segments(short), served: segments(path) }))),
    );
    const plain = routes.flatMap(({ paths }) => paths).filter(isLiteral);
    this.#literal = new Set(plain.map((path) => segments(path).join('/')));
  }

  served(path: string): string[] {
    const wanted = segments(path);
    if (this.#literal.has(wanted.join('/')) || this.#callbacks.some(({ served }) => matches(served, wanted))) return [];
    const meant = this.#callbacks.filter(({ written, served }) => {
      return matches(written, wanted) && matches(served.slice(-wanted.length), wanted);
    });
    const before = meant.map(({ served }) => served.slice(0, served.length - wanted.length));
    return [...new Set(before.map((start) => `/${[...start, ...rawSegments(path)].join('/')}`))];
  }
}

/** Whether a path has neither parameters nor wildcards. */
function isLiteral(path: string): boolean {
  return path !== '/' && !/[:*{}()]/.test(path);
}

/** Whether a route's path takes a path; `:provider` in it stands for any client. */
function matches(route: Path, wanted: Path): boolean {
  return (
    route.length === wanted.length &&
    route.every((part, index) => part.startsWith(':') || part === wanted[index] || wanted[index] === ':provider')
  );
}

/** Routes of Express ignore upper and lower case, and a slash at the end. */
function segments(path: string): Path {
  return rawSegments(path.toLowerCase());
}

function rawSegments(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
