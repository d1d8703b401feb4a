import { RequestMethod, type Type } from '@nestjs/common';
import {
  ApplicationConfig,
  MetadataScanner,
  type ModuleRef,
  type ModulesContainer,
  type NestContainer,
} from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';

/** Where Nest keeps what a controller's decorators say. */
const [PATH, METHOD, VERSION, MODULE_PATH] = ['path', 'method', '__version__', '__module_path__'];
/** Methods that a browser which is sent back by a provider uses. */
const OF_BROWSERS: ReadonlySet<unknown> = new Set([RequestMethod.GET, RequestMethod.POST, RequestMethod.ALL]);

/** A method of a controller. */
export interface Handler {
  /** `Controller.method`, for errors. */
  name: string;
  callback: object;
}

/** A handler that browsers reach. */
export interface ApplicationRoute extends Handler {
  /** Its paths as the decorators say them. */
  written: string[];
  /** The paths that it answers at: with the global prefix, the version, and the path of `RouterModule`. */
  paths: string[];
}

/** Returns every method of every controller. */
export function handlersOf(modules: ModulesContainer): Handler[] {
  return controllersOf(modules).flatMap(({ controller }) => methodsOf(controller));
}

/** Returns the routes of the application. Their paths are known when the application is initialized. */
export function routesOf(modules: ModulesContainer, moduleRef: ModuleRef): ApplicationRoute[] {
  const applicationConfig = configOf(moduleRef);
  return controllersOf(modules).flatMap(({ controller, module }) => {
    const modulePath = (read(MODULE_PATH + modules.applicationId, module) ?? read(MODULE_PATH, module)) as string;
    return methodsOf(controller).flatMap((handler) => {
      const requestMethod = read(METHOD, handler.callback) as RequestMethod;
      if (!OF_BROWSERS.has(requestMethod)) return [];
      const pathsOf = pathFactory(applicationConfig, controller, handler.callback, requestMethod);
      return [{ ...handler, written: pathsOf({}), paths: pathsOf({ modulePath, isServed: true }) }];
    });
  });
}

/** Returns the application's global prefix, `''` where it has none. */
export function globalPrefixOf(moduleRef: ModuleRef): string {
  return configOf(moduleRef).getGlobalPrefix();
}

function configOf(moduleRef: ModuleRef): ApplicationConfig {
  // No provider has the configuration; `container` is protected, and has been there since Nest 6.
  const { container } = moduleRef as unknown as { container: NestContainer };
  return container.applicationConfig ?? new ApplicationConfig();
}

interface PathOptions {
  modulePath?: string;
  /** Whether prefix and versions come before it. */
  isServed?: boolean;
}

function pathFactory(config: ApplicationConfig, controller: object, callback: object, requestMethod: RequestMethod) {
  const factory = new RoutePathFactory(config);
  const versioningOptions = config.getVersioning();
  const served = {
    globalPrefix: withSlash(config.getGlobalPrefix()),
    versioningOptions,
    controllerVersion: (read(VERSION, controller) ?? versioningOptions?.defaultVersion) as string,
    methodVersion: read(VERSION, callback) as string,
  };
  const [controllerPaths, methodPaths] = [list(read(PATH, controller)), list(read(PATH, callback))];
  return ({ modulePath, isServed = false }: PathOptions): string[] =>
    controllerPaths.flatMap((ctrlPath) =>
      methodPaths.flatMap((methodPath) =>
        factory.create({ ctrlPath, methodPath, ...(isServed && { modulePath, ...served }) }, requestMethod),
      ),
    );
}

function controllersOf(modules: ModulesContainer): { controller: Type; module: Type }[] {
  return [...modules.values()].flatMap(({ controllers, metatype }) =>
    [...controllers.values()]
      .filter((wrapper) => typeof wrapper.metatype === 'function')
      .map((wrapper) => ({ controller: wrapper.metatype as Type, module: metatype })),
  );
}

function methodsOf(controller: Type): Handler[] {
  const prototype = controller.prototype as object;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map((name) => ({ name: `${controller.name}.${name}`, callback: Reflect.get(prototype, name) as object }));
}

function read(key: string, target: object): unknown {
  return Reflect.getMetadata(key, target) as unknown;
}

function list(paths: unknown): string[] {
  return (Array.isArray(paths) ? paths : [paths ?? '']).map((path) => withSlash(String(path)));
}

function withSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}
