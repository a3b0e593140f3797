/** Child processes that never outlive the command: each has a process group of its own, and all end with it. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { temporaryFolder } from './folders';
import { explain } from './problem';

/** How a process ended; `output` is what it wrote to both streams. */
export interface Exit {
  code: number;
  output: string;
}

export interface Started {
  child: ChildProcess;
  exited: Promise<Exit>;
  /** What it wrote so far. */
  output(): string;
  /** Ends it and everything it started. */
  stop(): Promise<void>;
}

export interface StartOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  /** Each complete line of output, as it comes. */
  onLine?: (line: string) => void;
  ipc?: boolean;
  /** Writes straight to our own streams. */
  inherit?: boolean;
  /** How it is asked to end; SIGTERM unless told otherwise. */
  stopSignal?: NodeJS.Signals;
}

export interface Processes {
  start(file: string, args: string[], options?: StartOptions): Started;
  /** Runs to the end; ends it after `timeoutSeconds`. */
  run(file: string, args: string[], options?: StartOptions & { timeoutSeconds?: number }): Promise<Exit>;
  /** A temporary folder that is removed when all has ended. */
  folder(name: string): string;
  /** Also ended when the command is interrupted. */
  onStop(stop: () => Promise<void>): void;
  stopAll(): Promise<void>;
}

const graceSeconds = 5;

/** Every process below `pid`, as far as the system tells: some leave their parent's group. */
function descendants(pid: number): number[] {
  if (process.platform !== 'linux') return [];
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const id = Number(name);
    const parent = Number.isInteger(id) ? parentOf(id) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  const found: number[] = [];
  const left = [pid];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    left.push(...below);
  }
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    // pid (name) state ppid: the name may hold spaces and brackets
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it ended while we looked
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function openProcesses(): Processes {
  const alive = new Set<Started>();
  const stops: (() => Promise<void>)[] = [];
  const folders: string[] = [];

  function start(file: string, args: string[], options: StartOptions = {}): Started {
    const out = options.inherit ? 'inherit' : 'pipe';
    const stdio: ('ignore' | 'inherit' | 'pipe' | 'ipc')[] = ['ignore', out, out];
    if (options.ipc) stdio.push('ipc');
    const child = spawn(file, args, { cwd: options.cwd, env: options.env, detached: true, stdio });
    let output = '';
    let partial = '';
    const take = (chunk: Buffer): void => {
      const text = chunk.toString();
      output += text;
      const lines = (partial + text).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const exited = new Promise<Exit>((resolve) => {
      child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
      child.on('close', (code) => {
        if (partial) options.onLine?.(partial);
        resolve({ code: code ?? 1, output });
      });
    });
    const started: Started = { child, exited, output: () => output, stop: () => stop(child, options.stopSignal ?? 'SIGTERM') };
    alive.add(started);
    void exited.then(() => alive.delete(started));
    return started;
  }

  async function stop(child: ChildProcess, how: NodeJS.Signals): Promise<void> {
    const pid = child.pid;
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const below = descendants(pid);
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    signal(-pid, how);
    const timer = setTimeout(() => signal(-pid, 'SIGKILL'), graceSeconds * 1000);
    await gone;
    clearTimeout(timer);
    signal(-pid, 'SIGKILL');
    for (const id of below) signal(id, 'SIGKILL');
  }

  return {
    start,
    async run(file, args, options = {}) {
      const started = start(file, args, options);
      let late = false;
      const timer = setTimeout(
        () => {
          late = true;
          void started.stop();
        },
        (options.timeoutSeconds ?? 600) * 1000,
      );
      const exit = await started.exited;
      clearTimeout(timer);
      if (!late) return exit;
      return { code: 124, output: `${exit.output}\nended after ${options.timeoutSeconds ?? 600} s without a result\n` };
    },
    folder(name) {
      const folder = temporaryFolder(name);
      folders.push(folder);
      return folder;
    },
    onStop: (stopOther) => {
      stops.push(stopOther);
    },
    async stopAll() {
      await Promise.all([...stops.splice(0).map((each) => each()), ...[...alive].map((each) => each.stop())]);
      await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 3 })));
    },
  };
}

/**
 * Runs a command's main function. However it ends (done, failed, Ctrl-C, the parent gone), nothing that it started is left.
 * The function gets a signal that says when it is no longer wanted.
 */
export async function runCommand(main: (processes: Processes, signal: AbortSignal) => Promise<number>): Promise<void> {
  const processes = openProcesses();
  const controller = new AbortController();
  const interrupted = new Promise<number>((resolve) => {
    const interrupt = (code: number): void => {
      controller.abort();
      resolve(code);
    };
    process.on('SIGINT', () => interrupt(130));
    process.on('SIGTERM', () => interrupt(143));
    process.on('SIGHUP', () => interrupt(129));
    process.on('disconnect', () => interrupt(143));
  });
  const finished = main(processes, controller.signal).catch((error: unknown) => {
    if (!controller.signal.aborted) process.stderr.write(`weft: ${explain(error)}\n`);
    return 1;
  });
  const code = await Promise.race([finished, interrupted]);
  await processes.stopAll();
  process.exit(code);
}
