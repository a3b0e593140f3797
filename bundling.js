/**
 * Cuts the extension's bundle in two: what every window loads, and the engine with all it stands on, which is loaded at the first use of anything
 * in it. Without this each window would load all of it at start, used or not.
 *
 * What stays: `src/vscode` with the packages that it needs itself, and modules of `src/domain` that need none. For each other module that these import they get a stand-in, with a
 * getter for each export: so nothing of the engine may be used while a module of theirs is loaded (a class to extend, a schema to build on), only
 * inside of functions. The modules that stay and that the engine needs as well are in both bundles: they hold no state.
 */
const { relative } = require('node:path');
const esbuild = require('esbuild');

const STAND_IN = 'stand-in';

/** Bundles both: `extension.js` from `entry`, and `engine.js`. */
async function bundleExtension(entry, options) {
  const { inputs } = (await esbuild.build({ ...options, entryPoints: [entry], external: ['vscode'], metafile: true, write: false }))
    .metafile;
  const goes = goingModules(inputs);
  const bounds = new Set(
    Object.entries(inputs).flatMap(([path, { imports }]) =>
      goes(path) ? [] : imports.filter((one) => !one.external && one.path.startsWith('src/') && goes(one.path)).map((one) => one.path),
    ),
  );
  const names = await exportedNames([...bounds]);
  const standIns = {
    name: 'stand-ins',
    setup: ({ onResolve, onLoad, resolve }) => {
      onResolve({ filter: /^\.\/engine\.js$/, namespace: STAND_IN }, () => ({ path: './engine.js', external: true }));
      onResolve({ filter: /./ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === STAND_IN || kind === 'entry-point') return undefined;
        const found = await resolve(path, { importer, resolveDir, kind, pluginData: STAND_IN });
        const target = relative(process.cwd(), found.path);
        return bounds.has(target) ? { path: target, namespace: STAND_IN } : undefined;
      });
      onLoad({ filter: /./, namespace: STAND_IN }, ({ path }) => ({ contents: standIn(path, names.get(path)) }));
    },
  };
  await esbuild.build({ ...options, entryPoints: { engine: ENGINE }, plugins: [engineEntry([...bounds]), ...options.plugins] });
  await esbuild.build({ ...options, entryPoints: { extension: entry }, external: ['vscode'], plugins: [standIns, ...options.plugins] });
}

/** Tells whether a module goes with the engine. */
function goingModules(inputs) {
  const known = new Map();
  const goes = (path) => {
    if (path.startsWith('src/vscode/')) return false;
    if (!path.startsWith('src/domain/')) return true;
    // A circle goes nowhere by itself.
    if (!known.has(path))
      known.set(path, false).set(
        path,
        inputs[path].imports.some((one) => !one.external && goes(one.path)),
      );
    return known.get(path);
  };
  return goes;
}

/** What each module exports: types are none of it. */
async function exportedNames(entryPoints) {
  const { outputs } = (await esbuild.build({ entryPoints, format: 'esm', metafile: true, write: false, outdir: '.' })).metafile;
  return new Map(Object.values(outputs).map(({ entryPoint, exports }) => [entryPoint, exports]));
}

function standIn(path, names) {
  const getters = names.map((name) => `get ${JSON.stringify(name)}() { return require('./engine.js')[${JSON.stringify(path)}].${name}; },`);
  return `module.exports = { ${getters.join('\n')} };`;
}

const ENGINE = 'the engine';

/** The modules that the extension asks for, each of which begins when it is asked for. */
function engineEntry(paths) {
  const modules = paths.map((path) => `get ${JSON.stringify(path)}() { return require(${JSON.stringify(`./${path}`)}); },`);
  return {
    name: ENGINE,
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: new RegExp(`^${ENGINE}$`) }, () => ({ path: ENGINE, namespace: ENGINE }));
      onLoad({ filter: /./, namespace: ENGINE }, () => ({
        contents: `module.exports = { ${modules.join('\n')} };`,
        resolveDir: process.cwd(),
      }));
    },
  };
}

module.exports = { bundleExtension };
