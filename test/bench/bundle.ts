/** What a person downloads and what VS Code loads: the size of the VSIX, and the time that the bundle takes to load. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../run/versions';
import { atMost, noLimit, type Row } from './row';

const LOADS = 10;

/** Loads the bundle in a fresh Node, where an empty shell stands for `vscode`. Prints the milliseconds, and what was loaded with it. */
const LOADER = `
  const { Module } = require('node:module');
  const shell = new Proxy(class {}, { get: (_, name) => (name === Symbol.toPrimitive ? () => '' : name === 'prototype' ? {} : shell) });
  const load = Module._load;
  Module._load = (name, ...rest) => (name === 'vscode' ? shell : load(name, ...rest));
  const began = performance.now();
  require(process.argv[1]);
  const milliseconds = performance.now() - began;
  console.log(JSON.stringify({ milliseconds, loaded: Object.keys(require.cache) }));
`;

export function measureVsix(path: string): Row {
  return { name: 'the VSIX', unit: 'KiB', samples: [statSync(path).size / 1024], reference: null, limit: atMost(2048) };
}

/** `loaded`: the paths of the files that came with it. */
export function loadBundle(): { readonly milliseconds: number; readonly loaded: readonly string[] } {
  const bundle = join(root, 'dist', 'extension.js');
  return JSON.parse(execFileSync(process.execPath, ['-e', LOADER, bundle], { encoding: 'utf8' }));
}

/** A part of the activation, told apart to show where its time goes. */
export function measureLoading(): Row {
  const samples = Array.from({ length: LOADS }, () => loadBundle().milliseconds);
  return { name: 'loading the bundle', unit: 'ms', samples, reference: null, limit: noLimit };
}
