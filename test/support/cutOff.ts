/**
 * Preloaded into a process that a test kills: counts what it does to the disk, and every git that it starts, and kills it with SIGKILL
 * right before the step that `CUT_AT` says (from 1). A file that is written counts twice: not begun, and half of it written.
 * `CUT_BEFORE` says it by what the step's line has, instead: the first such step, or as many as `CUT_NTH` says. With `CUT_TRACE`, the name of a file, it writes down what the steps were, a line each.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';

const cutAt = Number(process.env['CUT_AT']);
const cutBefore = process.env['CUT_BEFORE'];
let left = Number(process.env['CUT_NTH'] ?? 1);
const trace = process.env['CUT_TRACE'];
const write = fs.writeFileSync;
const lines: string[] = [];
/** Those whose second argument says what they do: where a file is moved to, and what is written. */
const SAYING = ['rename', 'writeSync', 'appendFileSync'];
if (trace !== undefined) process.on('exit', () => write(trace, lines.join('\n')));

/** Dies here where this is the step; `last` is done before. */
function step(name: string, last: () => void = () => undefined): void {
  const isIt = cutBefore !== undefined && name.includes(cutBefore) && --left === 0;
  if (lines.push(name) !== cutAt && !isIt) return;
  last();
  process.kill(process.pid, 'SIGKILL');
}

type Calls = Record<string, (...args: unknown[]) => unknown>;

function count(module: object, names: readonly string[]): void {
  const calls = module as Calls;
  for (const name of names) {
    const real = calls[name];
    if (real === undefined) throw new Error(`There is no ${name} to count.`);
    calls[name] = (...args) => {
      step([name, ...args.slice(0, SAYING.includes(name) ? 2 : 1)].join(' ').replaceAll('\n', ' '));
      if (name === 'writeFile') step('half', () => writeHalf(args));
      return real(...args);
    };
  }
}

function writeHalf([file, data]: readonly unknown[]): void {
  if (typeof file !== 'string') return;
  const bytes = Buffer.from(data as string | Buffer);
  fs.writeFileSync(file, bytes.subarray(0, bytes.length / 2));
}

count(childProcess, ['spawn']);
count(fs, ['writeSync', 'appendFileSync', 'fsyncSync']);
count(fsPromises, ['writeFile', 'rename', 'rm', 'unlink', 'rmdir', 'symlink', 'link', 'chmod', 'open', 'copyFile']);
