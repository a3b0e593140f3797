/** Bundles Weft: the extension (`vscode` stays outside) and the CLI (nothing stays outside but Node: that proves the layers). */
const { execFileSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const esbuild = require('esbuild');

const production = process.argv.includes('--production');
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  outdir: 'dist',
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  // Its main file is UMD, whose own requires a bundler cannot see.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  logLevel: 'warning',
};

/** Leaves the bundle with the SDK where it is: it is loaded when it is needed. */
const agentsApart = {
  name: 'agents apart',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/agents\.js$/ }, ({ path }) => ({ path, external: true })),
};

async function build() {
  // `agents` is built without `vscode`, as the CLI is.
  await esbuild.build({ ...shared, entryPoints: { agents: 'src/vscode/agents.ts' } });
  await esbuild.build({ ...shared, entryPoints: { extension: 'src/vscode/extension.ts' }, external: ['vscode'], plugins: [agentsApart] });
  await esbuild.build({ ...shared, entryPoints: { weft: 'src/cli/main.ts' }, banner: { js: '#!/usr/bin/env node' } });
  // The editor checks *.weft.json against what the CLI says a plan is: one schema for all.
  writeFileSync('dist/plan.schema.json', execFileSync(process.execPath, ['dist/weft.js', 'schema']));
}

build().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
