/** Dependencies that exist as ES modules only, which are part of the CommonJS build, with the folders of their declarations. */
export const VENDORED = { jose: 'dist/types', oauth4webapi: 'build' };
