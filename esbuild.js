/** Bundles Weft: the extension (`vscode` stays outside), the CLI and the processes of agents (nothing stays outside but Node: that proves the layers), and what they share. */
const { execFileSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const esbuild = require('esbuild');
const { bundleExtension } = require('./bundling.js');

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

/** Leaves the bundles with the SDKs, of models, MCP and OpenTelemetry, where they are: they are loaded when they are needed. */
const bundledApart = {
  name: 'bundled apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/bundledAgents\.js$/ }, () => ({ path: './agents.js', external: true }));
    onResolve({ filter: /\/bundledMcp\.js$/ }, () => ({ path: './mcp.js', external: true }));
    onResolve({ filter: /\/telemetry\.js$/ }, () => ({ path: './telemetry.js', external: true }));
  },
};

async function build() {
  // All but the extension are built without `vscode`.
  const apart = { ...shared, plugins: [bundledApart] };
  await esbuild.build({ ...shared, entryPoints: { agents: 'src/engine/agents/bundledAgents.ts' } });
  await esbuild.build({ ...shared, entryPoints: { mcp: 'src/engine/mcp/bundledMcp.ts' } });
  await esbuild.build({ ...shared, entryPoints: { telemetry: 'src/engine/trace/telemetry.ts' } });
  await esbuild.build({ ...apart, entryPoints: { worker: 'src/engine/agents/pool/entry.ts' } });
  await bundleExtension('src/vscode/extension.ts', apart);
  await esbuild.build({ ...apart, entryPoints: { weft: 'src/cli/main.ts' }, banner: { js: '#!/usr/bin/env node' } });
  // The editor checks *.weft.json against what the CLI says a plan is: one schema for all.
  writeFileSync('dist/plan.schema.json', execFileSync(process.execPath, ['dist/weft.js', 'schema']));
}

build().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
