import { RequestMethod, type Type } from '@nestjs/common';
import {
  ApplicationConfig,
  MetadataScanner,
  type ModuleRef,
  type ModulesContainer,
  type NestContainer,
} from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';

/** Keys of the metadata that Nest's controller decorators write. */
const [PATH, METHOD, VERSION, MODULE_PATH] = ['path', 'method', '__version__', '__module_path__'];
/** HTTP methods with which a provider sends the browser to a callback. */
const CALLBACK_METHODS: ReadonlySet<unknown> = new Set([RequestMethod.GET, RequestMethod.POST, RequestMethod.ALL]);

/** A method of a controller. */
export interface Handler {
  /** `Controller.method`, for errors. */
  name: string;
  callback: object;
  /** The prototype that has the method, and its name there. */
  owner: object;
  key: string;
}

/** A handler that a browser can request with GET or POST. */
export interface ApplicationRoute extends Handler {
  /** The paths in the decorators. */
  written: string[];
  /** The full paths: with the global prefix, the version, and the path of `RouterModule`. */
  paths: string[];
}

/** Returns every method of every controller. */
export function handlersOf(modules: ModulesContainer): Handler[] {
  return controllersOf(modules).flatMap(({ controller }) => methodsOf(controller));
}

/** Returns the routes of the application. Call it after the application is initialized, when the global prefix is set. */
export function routesOf(modules: ModulesContainer, moduleRef: ModuleRef): ApplicationRoute[] {
  const applicationConfig = configOf(moduleRef);
  return controllersOf(modules).flatMap(({ controller, module }) => {
    const modulePath = (read(MODULE_PATH + modules.applicationId, module) ?? read(MODULE_PATH, module)) as string;
    return methodsOf(controller).flatMap((handler) => {
      const requestMethod = read(METHOD, handler.callback) as RequestMethod;
      if (!CALLBACK_METHODS.has(requestMethod)) return [];
      const pathsOf = pathFactory(applicationConfig, controller, handler.callback, requestMethod);
      return [{ ...handler, written: pathsOf({}), paths: pathsOf({ modulePath, isServed: true }) }];
    });
  });
}

/** Returns the application's global prefix, or `''` if the application has none. */
export function globalPrefixOf(moduleRef: ModuleRef): string {
  return configOf(moduleRef).getGlobalPrefix();
}

function configOf(moduleRef: ModuleRef): ApplicationConfig {
  // The configuration is not injectable. `container` is protected, but exists since Nest 6.
  const { container } = moduleRef as unknown as { container: NestContainer };
  return container.applicationConfig ?? new ApplicationConfig();
}

interface PathOptions {
  modulePath?: string;
  /** Whether to add the global prefix and the version. */
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
  return new MetadataScanner().getAllMethodNames(prototype).map((key) => ({
    name: `${controller.name}.${key}`,
    callback: Reflect.get(prototype, key) as object,
    owner: ownerOf(prototype, key),
    key,
  }));
}

/** Returns the prototype that has a method, which a controller may inherit. */
function ownerOf(prototype: object, key: string): object {
  const parent = Reflect.getPrototypeOf(prototype);
  return Object.hasOwn(prototype, key) || !parent ? prototype : ownerOf(parent, key);
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
