/** Import this module first: the library and its platforms read the environment when they start. */
process.env.NODE_ENV = 'production';
