'use strict';

const path = require('node:path');
const CopyPlugin = require('copy-webpack-plugin');

/** Settings that every bundle has in common: one CommonJS file for Node, typed by `tsc -b` beforehand. */
function bundle(name, entry, extra = {}) {
  return (_env, argv) => ({
    name,
    target: 'node20',
    mode: argv.mode ?? 'production',
    entry: path.resolve(__dirname, entry),
    output: {
      path: path.resolve(__dirname, 'dist', path.dirname(name)),
      filename: `${path.basename(name)}.js`,
      chunkFilename: `${path.basename(name)}.[name].js`,
      // Each build dates its bundles, so that `npm start` can tell whether they are newer than the sources.
      compareBeforeEmit: false,
      library: { type: extra.libraryType ?? 'commonjs2' },
    },
    externals: { vscode: 'commonjs vscode' },
    // What is loaded later is imported by the name that it has when it is compiled.
    resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
    module: {
      parser: extra.parser ?? {},
      rules: [
        {
          test: /\.ts$/,
          exclude: /node_modules/,
          // A file that is imported for its names only is left out where none of them is used.
          sideEffects: extra.sideEffects ?? true,
          use: { loader: 'ts-loader', options: { transpileOnly: true, ...extra.loader } },
        },
      ],
    },
    plugins: extra.plugins ?? [],
    optimization: extra.optimization ?? {},
    devtool: argv.mode === 'development' ? 'source-map' : false,
    performance: { hints: false },
    ignoreWarnings: [/require function is used in a way/],
    node: { __dirname: false, __filename: false },
  });
}

/** For other programs to load and people to read; names of classes go over the wire. */
const readable = { optimization: { minimize: false } };

/** Imports that webpack can follow name by name. */
const esModules = {
  loader: { compilerOptions: { module: 'ESNext', moduleResolution: 'Bundler' } },
  // What the library makes with it loads modules that the user names.
  parser: { javascript: { createRequire: false } },
};

module.exports = [
  bundle('client/extension', 'client/src/extension.ts', esModules),
  // Of the library, only what the background process uses goes into it.
  bundle('server/main', 'server/src/main.ts', {
    sideEffects: false,
    ...esModules,
    // What is loaded later is one file for each name.
    optimization: { splitChunks: false },
    // What runs on the peer is sent as source: it ships as the files that its own tests run.
    plugins: [new CopyPlugin({ patterns: [{ from: 'server/python/*.py', to: '../python/[name][ext]' }] })],
  }),
  // Its names are written out one by one, so that `import { connect }` of an ES module finds them.
  bundle('rpyc/index', 'server/src/rpyc/index.ts', {
    optimization: { ...readable.optimization, concatenateModules: false, mangleExports: false },
    libraryType: 'commonjs-static',
    ...esModules,
  }),
  bundle('cli/rpyc-demo', 'server/src/cli/rpyc-demo.ts', readable),
  bundle('cli/rpyc-registry', 'server/src/cli/rpyc-registry.ts', readable),
  bundle('cli/rpyc-classic', 'server/src/cli/rpyc-classic.ts', readable),
];
