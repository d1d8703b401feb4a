import { Injectable } from '@nestjs/common';
import type { OwnPaths } from '../remote-app/site-address.js';
import type { ApplicationRoute } from './application-routes.js';

/** The segments of a path. */
type Path = readonly string[];

interface CallbackPath {
  written: Path;
  served: Path;
  /** Whether the route has `@OAuthCallback()` or `@OAuthLogoutCallback()`. Another route may complete a login in its handler. */
  isDecorated: boolean;
}

/**
 * Compares redirect URIs with the callback routes of the application. Finds a redirect URI with a missing or wrong global
 * prefix, version, module path or controller path, before a provider redirects a user to a URL that responds with 404.
 */
@Injectable()
export class CallbackPaths implements OwnPaths {
  #callbacks: CallbackPath[] = [];
  #literal = new Set<string>();
  #prefix: Path = [];

  /**
   * Sets the routes of the application.
   * @param callbacks the routes with `@OAuthCallback()` or `@OAuthLogoutCallback()`. Every other route without parameters
   * counts as a possible callback too; a route with parameters would match too many paths.
   */
  setRoutes(routes: readonly ApplicationRoute[], callbacks: readonly ApplicationRoute[], globalPrefix: string): void {
    const byHand = routes.filter(({ written }) => written.every(isLiteral));
    this.#callbacks = [...callbacks.flatMap(pathsOf(true)), ...byHand.flatMap(pathsOf(false))];
    const plain = routes.flatMap(({ paths }) => paths).filter(isLiteral);
    this.#literal = new Set(plain.map((path) => segments(path).join('/')));
    this.#prefix = segments(globalPrefix);
  }

  suggestionsFor(path: string): string[] {
    const wanted = segments(path);
    if (this.#literal.has(wanted.join('/')) || this.#callbacks.some(({ served }) => matches(served, wanted))) return [];
    const meant = this.#callbacks.filter((callback) => this.#isMeant(callback, wanted));
    const common = meant.map(({ served }) => commonEnd(served, wanted));
    const most = Math.max(...common);
    const starts = meant.filter((_, index) => common[index] === most).map(({ served }) => served.slice(0, -most));
    return [...new Set(starts.map((start) => `/${[...start, ...rawSegments(path).slice(-most)].join('/')}`))];
  }

  /** Returns whether a path without a route was probably meant to be the path of this callback. */
  #isMeant({ written, served, isDecorated }: CallbackPath, wanted: Path): boolean {
    const common = commonEnd(served, wanted);
    if (common === 0) return false;
    // A path shorter than the path in the decorators may belong to a page, or to a handler outside of Nest.
    const isShortened = common === wanted.length && common >= written.length;
    if (!isDecorated) return isShortened && matches(written, wanted);
    // A full path after other segments is correct if a proxy removes these segments, but not if they are the global prefix.
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

/** Returns whether a path has neither parameters nor wildcards. */
function isLiteral(path: string): boolean {
  return path !== '/' && !/[:*{}()]/.test(path);
}

/** Returns whether a path matches the path of a route. `:provider` in `wanted` stands for any client. */
function matches(route: Path, wanted: Path): boolean {
  return route.length === wanted.length && route.every((part, index) => matchesSegment(part, wanted[index]));
}

function matchesSegment(part: string | undefined, wanted: string | undefined): boolean {
  return part?.startsWith(':') === true || part === wanted || wanted === ':provider';
}

/** Returns how many segments at the end of a path match a route, or 0 if they match only parameters. */
function commonEnd(route: Path, wanted: Path): number {
  let length = 0;
  let hasLiteral = false;
  for (; length < Math.min(route.length, wanted.length); length++) {
    const part = route.at(-1 - length);
    if (!matchesSegment(part, wanted.at(-1 - length))) break;
    hasLiteral ||= part?.startsWith(':') === false;
  }
  return hasLiteral ? length : 0;
}

/** Returns the segments in lower case, because Express ignores case and trailing slashes. */
function segments(path: string): Path {
  return rawSegments(path.toLowerCase());
}

function rawSegments(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
