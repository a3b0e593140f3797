/** The CLI as a process of its own, as a person calls it. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { put, temporaryFolder } from './sandbox';

const project = resolve(__dirname, '../../..');
const bundle = join(project, 'dist', 'weft.js');

/** The runner of all tests has built it already, for all their processes. */
let built = process.env['WEFT_BUILT'] === '1';

/** Builds what the tests call; once for all of them. */
export function buildWeft(): void {
  if (built) return;
  built = true;
  execFileSync(process.execPath, ['esbuild.js'], { cwd: project });
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Call {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Starts the CLI in a process group of its own, without any key. */
export function startWeft(args: readonly string[], { cwd, env = {} }: Call): ChildProcessWithoutNullStreams {
  const { PATH = '', HOME = '', WEFT_STATE_DIR = '' } = process.env;
  return spawn(process.execPath, [bundle, ...args], { cwd, detached: true, env: { PATH, HOME, WEFT_STATE_DIR, ...env } });
}

export async function weft(args: readonly string[], call: Call): Promise<Ended> {
  const child = startWeft(args, call);
  child.stdin.end(call.input ?? '');
  return ending(child);
}

export async function ending(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  await once(child, 'close');
  return { code: child.exitCode, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

const line = z.looseObject({ type: z.string() });

/** The lines that `--json` printed; each of them must be an object with a type. */
export function jsonLines(out: string): z.infer<typeof line>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((text) => line.parse(JSON.parse(text)));
}

/** A scenario file whose turns come without pauses, for `--model`: the turns by task, and the answers to planning requests. */
export function scenarioFile(tasks: Readonly<Record<string, readonly Turn[]>>, plans: readonly unknown[] = []): string {
  const folder = temporaryFolder();
  const quick = Object.entries(tasks).map(([id, turns]) => [id, turns.map((turn) => ({ paceMs: 0, ...turn }))]);
  put(folder, 'scenario.json', JSON.stringify({ tasks: Object.fromEntries(quick), plans }));
  return `scripted:${join(folder, 'scenario.json')}`;
}

/** The shipped sample, without its pauses. */
export function quickSample(): string {
  const shipped = scenarioSchema.parse(JSON.parse(readFileSync(join(project, 'media', 'sample.scenario.json'), 'utf8')));
  const tasks = Object.entries(shipped.tasks).map(
    ([id, turns]) => [id, turns.map((turn) => ({ ...turn, thinkMs: 0, paceMs: 0 }))] as const,
  );
  return scenarioFile(Object.fromEntries(tasks), shipped.plans);
}

/** A plan's text, for a file or standard input. */
export function planText(...tasks: readonly { readonly id: string; readonly [field: string]: unknown }[]): string {
  return JSON.stringify({ goal: 'A goal', tasks: tasks.map((task) => ({ title: `Task ${task.id}`, instructions: 'Do it.', ...task })) });
}

/** Turns that write these files and finish. */
export function writing(files: Readonly<Record<string, string>>): Turn[] {
  const calls = Object.entries(files).map(([path, content]) => ({ tool: 'write_file', input: { path, content } }));
  return [{ calls }, { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] }];
}
