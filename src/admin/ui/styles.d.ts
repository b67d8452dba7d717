/** Bundled by esbuild into a file of its own. */
declare module '*.css';
