/** Runs one shell command in a folder of the pool: no input, no secrets, limited output, and nothing of it left when it ends. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { cancelled, fail, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { withoutSecrets } from '../environment';
import type { PortRange } from './ports';
import { FOLDER_VARIABLE, signalTree } from './processTree';

/** How long a command may take to end in order when it is called off, before it is killed. */
const GRACE_MS = 2_000;
/** How long output is waited for when all of a command that can be found has ended: what hides from us may hold its streams open for ever. */
const SILENCE_MS = 1_000;
/** Most bytes of output that are kept: a third from its beginning, the rest from its end. */
const MAX_OUTPUT = 24 * 1024;

/** Where a command runs. */
export interface CommandPlace {
  /** Absolute. */
  readonly path: string;
  /** For temporary files. */
  readonly temp: string;
  /** For what it listens on; absent: none of its own. */
  readonly ports?: PortRange | undefined;
  /** Is told the process group as soon as there is one: whoever finds the folder after a crash can end it. */
  readonly began: (group: number) => void;
  /** Is told when nothing of the command is left. */
  readonly ended: () => Promise<void>;
}

export interface CommandLimits {
  readonly timeoutMs: number;
  /** Most bytes of output that are kept. */
  readonly maxOutput?: number;
  /** Is told what comes, as it comes. */
  readonly onOutput?: (chunk: Buffer) => void;
}

export interface CommandEnd {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  /** Somebody, or a system without memory, ended it, or what it waited for, in its midst: that says nothing of what it was to find out. */
  readonly killed: boolean;
  readonly timedOut: boolean;
  /** Both of its streams as they came, without colours; cut in the middle where there was more than is kept. */
  readonly output: string;
  readonly milliseconds: number;
}

/**
 * Runs a command in the shell, in a process group of its own. When it ends, is called off or runs out of time, everything that it
 * started ends too: asked first, then killed. Fails as `cancelled` when the signal aborts, and as `file` where it cannot be started;
 * every exit code is an answer.
 */
export function runCommand(place: CommandPlace, command: string, limits: CommandLimits, signal: AbortSignal): Promise<Result<CommandEnd>> {
  if (signal.aborted) return Promise.resolve(cancelled);
  const began = performance.now();
  const kept = headAndTail(limits.maxOutput ?? MAX_OUTPUT);
  return new Promise((resolve) => {
    const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, {
      cwd: place.path,
      env: commandEnvironment(process.env, place),
      shell: true,
      // A session of its own: it has no terminal to ask at, and is ended as a group.
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    if (child.pid !== undefined) place.began(child.pid);
    let timedOut = false;
    let killing: NodeJS.Timeout | undefined;
    let hanging: NodeJS.Timeout | undefined;
    const end = () => {
      signalTree(child.pid, place.path, 'SIGTERM');
      killing ??= setTimeout(() => signalTree(child.pid, place.path, 'SIGKILL'), GRACE_MS);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, limits.timeoutMs);
    signal.addEventListener('abort', end, { once: true });
    const settle = (result: Result<CommandEnd>) => {
      clearTimeout(timer);
      clearTimeout(killing);
      clearTimeout(hanging);
      signal.removeEventListener('abort', end);
      resolve(result);
    };
    const hear = (chunk: Buffer) => {
      kept.add(chunk);
      limits.onOutput?.(chunk);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    // What it left in the background would hold its streams open, and the folder in use.
    child.on('exit', () => {
      // The shell ends as soon as it is asked: what it started has its time to do so, too.
      const asked = killing !== undefined;
      if (!asked) signalTree(child.pid, place.path, 'SIGKILL');
      // It has ended in time, whatever still holds its streams.
      clearTimeout(timer);
      const silence = asked ? GRACE_MS + SILENCE_MS : SILENCE_MS;
      hanging = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, silence);
    });
    child.on('error', (error) =>
      settle(
        fail('file', `“${command}” cannot be started: ${error.message}.`, 'Run it by hand in the workspace to see whether it works there.'),
      ),
    );
    child.on('close', (exitCode, by) => {
      if (killing !== undefined) signalTree(child.pid, place.path, 'SIGKILL');
      const milliseconds = Math.round(performance.now() - began);
      const killed = !timedOut && isKill(exitCode, by);
      const end = ok({ exitCode, killed, timedOut, output: kept.text(), milliseconds });
      place.ended().then(
        () => settle(signal.aborted ? cancelled : end),
        // The note of its group stays, which costs whoever comes next a look.
        () => settle(signal.aborted ? cancelled : end),
      );
    });
  });
}

/** Whether a command was ended from outside; a shell says so of what it ran by 128 and the signal's number. A crash is the command's own. */
function isKill(exitCode: number | null, by: NodeJS.Signals | null): boolean {
  return (
    by === 'SIGKILL' || by === 'SIGTERM' || exitCode === 128 + constants.signals.SIGKILL || exitCode === 128 + constants.signals.SIGTERM
  );
}

/**
 * What tells one terminal or session of a person from another, and means nothing to a command: what they approved for an environment holds
 * where they go on in another window, too.
 */
const OF_A_TERMINAL =
  /^(_|SHLVL|OLDPWD|COLUMNS|LINES|WINDOWID|TMUX|TMUX_PANE|STY|WINDOW|WT_SESSION|WT_PROFILE_ID|COLORTERM|VTE_VERSION|SECURITYSESSIONID|XDG_SESSION_ID|XDG_ACTIVATION_TOKEN|DESKTOP_STARTUP_ID|INVOCATION_ID|JOURNAL_STREAM|SESSION_MANAGER|(TERM_|LC_TERMINAL|ITERM_|KITTY_|KONSOLE_|GNOME_TERMINAL_|ALACRITTY_|WEZTERM_|ZELLIJ|GIO_LAUNCHED_).*)$/;

/** The person's environment without secrets and what tells its terminal, and with what makes tools print plainly and ask nothing. */
export function commandEnvironment(from: NodeJS.ProcessEnv, place: Pick<CommandPlace, 'path' | 'temp' | 'ports'>): NodeJS.ProcessEnv {
  const environment = withoutSecrets(from);
  for (const name of Object.keys(environment)) if (OF_A_TERMINAL.test(name)) delete environment[name];
  for (const name of ['FORCE_COLOR', 'NODE_CHANNEL_FD']) delete environment[name];
  return {
    ...environment,
    ...portVariables(place.ports),
    PWD: place.path,
    TMPDIR: place.temp,
    TMP: place.temp,
    TEMP: place.temp,
    CI: '1',
    NO_COLOR: '1',
    TERM: 'dumb',
    // The folder is in no repository, and none above it is meant.
    GIT_CEILING_DIRECTORIES: place.path,
    GIT_TERMINAL_PROMPT: '0',
    [FOLDER_VARIABLE]: place.path,
  };
}

/** `PORT` is what most servers listen on by themselves; `WEFT_PORT` to `WEFT_LAST_PORT` are all that are the command's. */
function portVariables(ports: PortRange | undefined): NodeJS.ProcessEnv {
  if (ports === undefined) return {};
  const { first, count } = ports;
  return { PORT: String(first), WEFT_PORT: String(first), WEFT_LAST_PORT: String(first + count - 1) };
}

/** Keeps the beginning and the end of what is added. */
function headAndTail(most: number): { add: (chunk: Buffer) => void; text: () => string } {
  const headSize = Math.floor(most / 3);
  const tailSize = most - headSize;
  let head = Buffer.alloc(0);
  let tail: Buffer[] = [];
  let tailLength = 0;
  let dropped = 0;
  return {
    add: (chunk) => {
      const room = Math.max(0, headSize - head.length);
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
      const rest = chunk.subarray(room);
      if (rest.length === 0) return;
      tail.push(rest);
      tailLength += rest.length;
      if (tailLength < 2 * tailSize) return;
      const joined = Buffer.concat(tail);
      tail = [joined.subarray(joined.length - tailSize)];
      dropped += joined.length - tailSize;
      tailLength = tailSize;
    },
    text: () => {
      const joined = Buffer.concat(tail);
      const end = joined.subarray(Math.max(0, joined.length - tailSize));
      const left = dropped + joined.length - end.length;
      const middle = left === 0 ? '' : `\n… ${counted(left, 'byte is', 'bytes are')} left out here …\n`;
      const whole = left === 0 ? Buffer.concat([head, end]).toString() : `${head.toString()}${middle}${end.toString()}`;
      return plain(whole);
    },
  };
}

/** Without what a terminal would take for commands: colours, titles, and lines that a progress bar wrote over. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n/g, '\n')
    .replace(/[^\n]*\r(?!\n)/g, '')
    .replace(/[^\P{Cc}\n\t]/gu, '');
}
