import { Injectable } from '@nestjs/common';
import type { OwnPaths } from '../remote-app/redirect-uri.js';
import type { ApplicationRoute } from './application-routes.js';

/** A path, by its segments. */
type Path = readonly string[];

interface CallbackPath {
  written: Path;
  served: Path;
  /** Whether a decorator of this library ends a login or a logout there. A route without one may do so by hand. */
  isDecorated: boolean;
}

/**
 * Knows the paths of the application's own callback routes. A redirect URI that leaves out or mistakes the global prefix, the
 * version, or the path of the module or the controller is found here before a user is sent to an address that answers 404.
 */
@Injectable()
export class CallbackPaths implements OwnPaths {
  #callbacks: CallbackPath[] = [];
  #literal = new Set<string>();
  #prefix: Path = [];

  /**
   * @param callbacks the routes that end logins and logouts by a decorator. A route without parameters may do so by hand; one
   * with nothing but parameters would match too many paths.
   */
  learn(routes: readonly ApplicationRoute[], callbacks: readonly ApplicationRoute[], globalPrefix: string): void {
    const byHand = routes.filter(({ written }) => written.every(isLiteral));
    this.#callbacks = [...callbacks.flatMap(pathsOf(true)), ...byHand.flatMap(pathsOf(false))];
    const plain = routes.flatMap(({ paths }) => paths).filter(isLiteral);
    this.#literal = new Set(plain.map((path) => segments(path).join('/')));
    this.#prefix = segments(globalPrefix);
  }

  served(path: string): string[] {
    const wanted = segments(path);
    if (this.#literal.has(wanted.join('/')) || this.#callbacks.some(({ served }) => matches(served, wanted))) return [];
    const meant = this.#callbacks.filter((callback) => this.#isMeant(callback, wanted));
    const common = meant.map(({ served }) => commonEnd(served, wanted));
    const most = Math.max(...common);
    const starts = meant.filter((_, index) => common[index] === most).map(({ served }) => served.slice(0, -most));
    return [...new Set(starts.map((start) => `/${[...start, ...rawSegments(path).slice(-most)].join('/')}`))];
  }

  /** Whether a path that nothing answers at was probably meant to be that of a callback. */
  #isMeant({ written, served, isDecorated }: CallbackPath, wanted: Path): boolean {
    const common = commonEnd(served, wanted);
    if (common === 0) return false;
    // A path shorter than the decorators say may be that of a page, or of a handler outside of Nest.
    const isShortened = common === wanted.length && common >= written.length;
    if (!isDecorated) return isShortened && matches(written, wanted);
    // A whole path with something before it is that of a proxy, which takes it away, unless it is the application's own prefix.
    const hasPrefix = this.#prefix.length > 0 && matches(this.#prefix, wanted.slice(0, this.#prefix.length));
    return isShortened || (common === served.length ? hasPrefix : common >= written.length);
  }
}

function pathsOf(isDecorated: boolean): (route: ApplicationRoute) => CallbackPath[] {
  return ({ written, paths }) =>
    paths.flatMap((path) =>
      written.map((short) => ({ written: segments(short), served: segments(path), isDecorated })),
    );
}

/** Whether a path has neither parameters nor wildcards. */
function isLiteral(path: string): boolean {
  return path !== '/' && !/[:*{}()]/.test(path);
}

/** Whether a route's path takes a path; `:provider` in it stands for any client. */
function matches(route: Path, wanted: Path): boolean {
  return route.length === wanted.length && route.every((part, index) => takes(part, wanted[index]));
}

function takes(part: string | undefined, wanted: string | undefined): boolean {
  return part?.startsWith(':') === true || part === wanted || wanted === ':provider';
}

/** Returns how many segments at the end of a path a route takes; none if parameters alone would take them. */
function commonEnd(route: Path, wanted: Path): number {
  let length = 0;
  let hasLiteral = false;
  for (; length < Math.min(route.length, wanted.length); length++) {
    const part = route.at(-1 - length);
    if (!takes(part, wanted.at(-1 - length))) break;
    hasLiteral ||= part?.startsWith(':') === false;
  }
  return hasLiteral ? length : 0;
}

/** Routes of Express ignore upper and lower case, and a slash at the end. */
function segments(path: string): Path {
  return rawSegments(path.toLowerCase());
}

function rawSegments(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
