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
  metafile: true,
  logLevel: 'warning',
};

async function build() {
  await esbuild.build({ ...shared, entryPoints: { extension: 'src/vscode/extension.ts' }, external: ['vscode'] });
  await esbuild.build({ ...shared, entryPoints: { weft: 'src/cli/main.ts' }, banner: { js: '#!/usr/bin/env node' } });
  // The editor checks *.weft.json against what the CLI says a plan is: one schema for all.
  writeFileSync('dist/plan.schema.json', execFileSync(process.execPath, ['dist/weft.js', 'schema']));
}

build().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
