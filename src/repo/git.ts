/** The only place that starts git: its environment, its failures, and a long-lived reader of objects. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { simpleGit } from 'simple-git';
import { cancelled, fail, ok, type Result, saysDiskFull, thrownText } from '../domain/failure';
import { withoutSecrets } from './environment';

/** Where git works: the repository, its work tree, and the folder inside it that commands run in. */
export interface GitPlace {
  readonly gitDir: string;
  readonly workTree: string;
  /** Absolute; inside `workTree`. */
  readonly cwd: string;
  /** Where objects are read and written, absolute, where that is not in `gitDir`. */
  readonly objectDir?: string;
}

export interface PlumbOptions {
  /** Standard input. */
  readonly stdin?: Buffer | string;
  /** A private index file, absolute; the user's own is never written. */
  readonly index?: string;
  /** Path arguments may begin with `:(…)`; everywhere else they are plain paths. */
  readonly magic?: boolean;
  /** Exit codes that are answers, not failures. */
  readonly answers?: readonly number[];
  readonly signal?: AbortSignal;
  /** Whose commit it makes; else it is Weft's own. */
  readonly author?: Author;
  /** How text is read, where it is not as bytes. */
  readonly locale?: 'C.UTF-8';
  /** Gets the output as it comes; it is not kept, then. Says whether to go on: if not, the command is ended, and its answer is as good. */
  readonly take?: (chunk: Buffer) => boolean;
}

export interface Author {
  readonly name: string;
  readonly email: string;
  /** When the work was done, in milliseconds since 1970. */
  readonly at: number;
}

export interface Answer {
  readonly code: number;
  readonly out: Buffer;
  /** Standard error: what git did without, or could not read, and takes for no failure. */
  readonly warnings: string;
}

/** Settings of the user's that would let a hook, a daemon or a signing prompt into our commands. */
const CONFIG: readonly (readonly [string, string])[] = [
  ['core.hooksPath', process.platform === 'win32' ? 'NUL' : '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.quotePath', 'false'],
  ['core.safecrlf', 'false'],
  // A split index would put files of ours beside the person's index.
  ['core.splitIndex', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['commit.gpgSign', 'false'],
  ['advice.addEmbeddedRepo', 'false'],
  ['merge.renames', 'true'],
  ['i18n.commitEncoding', 'UTF-8'],
  ['i18n.logOutputEncoding', 'UTF-8'],
];

/** The environment of every git command: the person's, without secrets (filters are programs) and what would point git elsewhere, with what keeps it quiet. */
function gitEnvironment(place: GitPlace, { index, author, magic }: PlumbOptions = {}): NodeJS.ProcessEnv {
  const environment = withoutSecrets(process.env);
  for (const name of Object.keys(environment)) if (name.startsWith('GIT_')) delete environment[name];
  Object.assign(environment, {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: magic === true ? '0' : '1',
    GIT_AUTHOR_NAME: 'Weft',
    GIT_AUTHOR_EMAIL: 'weft@localhost',
    GIT_COMMITTER_NAME: 'Weft',
    GIT_COMMITTER_EMAIL: 'weft@localhost',
    GIT_CONFIG_COUNT: String(CONFIG.length),
  });
  CONFIG.forEach(([key, value], at) => {
    environment[`GIT_CONFIG_KEY_${at}`] = key;
    environment[`GIT_CONFIG_VALUE_${at}`] = value;
  });
  Object.assign(environment, { GIT_DIR: place.gitDir, GIT_WORK_TREE: place.workTree });
  if (index !== undefined) environment['GIT_INDEX_FILE'] = index;
  if (author !== undefined) {
    const date = `${Math.floor(author.at / 1000)} +0000`;
    Object.assign(environment, { GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email, GIT_AUTHOR_DATE: date });
    Object.assign(environment, { GIT_COMMITTER_NAME: author.name, GIT_COMMITTER_EMAIL: author.email });
  }
  if (place.objectDir !== undefined) environment['GIT_OBJECT_DIRECTORY'] = place.objectDir;
  return environment;
}

/** What git needs of the environment to find itself and the person's configuration. */
const ORDINARY = [
  'PATH',
  'HOME',
  'XDG_CONFIG_HOME',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'SystemRoot',
  'TEMP',
  'TMP',
];

/** Ordinary commands, for text, in a folder whose repository is not known yet: git looks for it from there upwards. */
export async function gitText(cwd: string, args: readonly string[]): Promise<Result<string>> {
  // Nothing else goes in: simple-git refuses to start where the person has an EDITOR, a PAGER or the like.
  const environment: Record<string, string> = { LC_ALL: 'C' };
  for (const name of ORDINARY) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  try {
    const git = simpleGit({
      baseDir: cwd,
      trimmed: true,
      allowEnvironment: Object.keys(environment),
      // Ours is the empty template: a new repository gets nothing that the person's templates would put there.
      unsafe: { allowUnsafeTemplateDir: true },
      // By itself it takes a git that was killed for one that had nothing to say. One that answers no (1) says nothing either.
      errors: (error, { exitCode }) => error ?? (exitCode === 0 || exitCode === 1 ? undefined : new Error('it was ended from outside')),
    });
    return ok(await git.env(environment).raw([...args]));
  } catch (thrown) {
    return gitFailure(args, thrownText(thrown));
  }
}

/** Plumbing: bytes in, bytes out. Fails on every exit code but 0 and those that the caller takes for answers. */
export function plumb(place: GitPlace, args: readonly string[], options: PlumbOptions = {}): Promise<Result<Answer>> {
  return new Promise((resolve) => {
    if (options.signal?.aborted === true) {
      resolve(cancelled);
      return;
    }
    const environment = gitEnvironment(place, options);
    if (options.locale !== undefined) environment['LC_ALL'] = options.locale;
    const child = spawn('git', [...args], { cwd: place.cwd, env: environment, windowsHide: true });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const stop = () => child.kill();
    options.signal?.addEventListener('abort', stop, { once: true });
    let enough = false;
    child.stdout.on('data', (chunk: Buffer) => {
      if (options.take === undefined) out.push(chunk);
      else if (!enough && !options.take(chunk)) {
        enough = true;
        child.kill();
      }
    });
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // git may exit before it has read its input; its exit code and message tell why.
    child.stdin.on('error', (error) => err.push(Buffer.from(`\n${error.message}\n`)));
    child.on('error', (error) => resolve(gitFailure(args, error.message)));
    child.on('close', (code, killer) => {
      options.signal?.removeEventListener('abort', stop);
      if (options.signal?.aborted === true) resolve(cancelled);
      else if (enough) resolve(ok({ code: 0, out: Buffer.alloc(0), warnings: '' }));
      else if (code !== null && (code === 0 || options.answers?.includes(code) === true))
        resolve(ok({ code, out: Buffer.concat(out), warnings: Buffer.concat(err).toString() }));
      else resolve(gitFailure(args, Buffer.concat(err).toString() || `it ended with ${code ?? killer}`));
    });
    child.stdin.end(options.stdin ?? '');
  });
}

/** As {@link plumb}, for the text of the answer, without its last line end. */
export async function plumbText(place: GitPlace, args: readonly string[], options: PlumbOptions = {}): Promise<Result<string>> {
  const answer = await plumb(place, args, options);
  return answer.ok ? ok(answer.value.out.toString().replace(/\n$/, '')) : answer;
}

/** Runs one git and has another read what it writes, however much that is. Fails where either fails. */
export function plumbInto(
  from: { readonly place: GitPlace; readonly args: readonly string[]; readonly stdin: string },
  into: { readonly place: GitPlace; readonly args: readonly string[] },
  signal: AbortSignal,
): Promise<Result<void>> {
  return new Promise((resolve) => {
    const start = ({ place, args }: typeof into) =>
      spawn('git', [...args], { cwd: place.cwd, env: gitEnvironment(place), windowsHide: true });
    const both = [start(from), start(into)] as const;
    const failures: ReturnType<typeof gitFailure>[] = [];
    let open = both.length;
    const stop = () => {
      for (const child of both) child.kill();
    };
    signal.addEventListener('abort', stop, { once: true });
    for (const [at, child] of both.entries()) {
      const err: Buffer[] = [];
      const { args } = at === 0 ? from : into;
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
      // The one that ended too early says why.
      child.stdin.on('error', () => undefined);
      child.on('error', (error) => failures.push(gitFailure(args, error.message)));
      child.on('close', (code, killer) => {
        if (code !== 0) failures.push(gitFailure(args, Buffer.concat(err).toString() || `it ended with ${code ?? killer}`));
        if (--open > 0) return;
        signal.removeEventListener('abort', stop);
        resolve(signal.aborted ? cancelled : (failures[0] ?? ok()));
      });
    }
    const [source, sink] = both;
    sink.stdout.resume();
    source.stdout.pipe(sink.stdin);
    source.stdin.end(from.stdin);
  });
}

/** What git said, as a failure that says what to do. */
function gitFailure(args: readonly string[], said: string): { ok: false; failure: ReturnType<typeof fail>['failure'] } {
  const text = said.trim();
  if (/ENOENT/.test(text)) return fail('git', 'git was not found.', 'Install git 2.38 or newer, and make sure that it is on the PATH.');
  if (/dubious ownership/.test(text)) {
    return fail(
      'git',
      'git refuses this repository because another user owns it.',
      'Run the “git config --global --add safe.directory …” that “git status” suggests there, then try again.',
    );
  }
  if (saysDiskFull(text)) return fail('git', 'The disk is full.', 'Free some space, then try again; nothing was changed.');
  const unreadable =
    /(?:error|fatal): (?:open|unable to (?:stat|index file|read)|cannot (?:open|stat))[^\n]*?["'(]([^"')\n]+)["')][^\n]*/.exec(text);
  if (unreadable !== null)
    return fail(
      'file',
      `git cannot read ${unreadable[1]}: ${unreadable[0].replace(/^(error|fatal): /, '')}.`,
      'Make the file readable, or have git ignore it, then try again.',
    );
  const fresh = /'([^'\n]+)\/' does not have a commit checked out/.exec(text);
  if (fresh !== null)
    return fail('git', `${fresh[1]} is a git repository without any commit, which git cannot add.`, 'Commit there, or have git ignore it.');
  return fail(
    'git',
    `git ${verbOf(args)} failed: ${tellingLine(text)}.`,
    'Run “git status” in the workspace to see whether git itself works there.',
  );
}

/** What git was to do, behind the settings that it was given. */
function verbOf(args: readonly string[]): string {
  return args.find((arg, at) => !arg.startsWith('-') && args[at - 1] !== '-c') ?? '';
}

/** The line that tells why: git says `fatal` last, where it knows most, but sometimes only that something failed. */
function tellingLine(text: string): string {
  const lines = text.split('\n');
  const fatal = lines.find((line) => /^fatal: (?!(adding|updating) files failed)/.test(line));
  const line = fatal ?? lines.find((one) => /^(fatal|error): /.test(one)) ?? lines[0] ?? '';
  return line.replace(/^(fatal|error): /, '').replace(/[.:]$/, '');
}

/** `object` may be any name of one: an id, `COMMIT:PATH`, a ref. */
export type ObjectReader = {
  /** What one object is; `undefined` where there is no such object. */
  read(object: string): Promise<Result<Buffer | undefined>>;
  /** The id of the object that a name means by now; `undefined` where there is none. */
  find(object: string): Promise<Result<string | undefined>>;
  /** Ends the process; resolves when it has gone. */
  dispose(): Promise<void>;
};

interface Waiting {
  /** What git answers with: a line about the object, and with `contents`, the object after it. */
  readonly command: 'contents' | 'info';
  readonly done: (answer: Result<Buffer | undefined>) => void;
}

/**
 * Reads objects, and finds refs, through one `git cat-file` that lives as long as the repository is open: a read costs no process.
 * The process starts with the first read, and again after it died.
 */
export function objectReader(place: GitPlace): ObjectReader {
  let child: ChildProcessWithoutNullStreams | undefined;
  let waiting: Waiting[] = [];
  let chunks: Buffer[] = [];
  let length = 0;
  /** Bytes that must have come before looking again; saves scanning a large blob at each chunk. */
  let wanted = 1;

  const lost = (why: string) => {
    const all = waiting;
    waiting = [];
    chunks = [];
    length = 0;
    wanted = 1;
    child = undefined;
    for (const one of all) one.done(gitFailure(['cat-file'], why));
  };

  const take = () => {
    while (waiting.length > 0 && length >= wanted) {
      const buffer = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      chunks = [buffer];
      const end = buffer.indexOf(10);
      if (end < 0) {
        wanted = length + 1;
        return;
      }
      const header = buffer.subarray(0, end).toString();
      const [, id, size] = /^([0-9a-f]+) (?:blob|tree|commit|tag) (\d+)$/.exec(header) ?? [];
      const bare = size === undefined || waiting[0]?.command === 'info';
      const total = bare ? end + 1 : end + 1 + Number(size) + 1;
      if (length < total) {
        wanted = total;
        return;
      }
      const content = id === undefined ? undefined : bare ? Buffer.from(id) : Buffer.from(buffer.subarray(end + 1, total - 1));
      const rest = buffer.subarray(total);
      chunks = [rest];
      length = rest.length;
      wanted = 1;
      waiting.shift()?.done(ok(content));
      if (waiting.length === 0) letGo(child);
    }
  };

  const start = () => {
    const started = spawn('git', ['cat-file', '--batch-command'], { cwd: place.cwd, env: gitEnvironment(place), windowsHide: true });
    started.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      take();
    });
    started.stderr.resume();
    started.stdin.on('error', (error) => {
      if (child === started) lost(error.message);
    });
    started.on('error', (error) => {
      if (child === started) lost(error.message);
    });
    started.on('close', () => {
      if (child === started) lost('the reader of objects ended');
    });
    return started;
  };

  const ask = (command: Waiting['command'], object: string): Promise<Result<Buffer | undefined>> =>
    new Promise((done) => {
      if (/[\n\r\0]/.test(object)) {
        done(fail('input', `${JSON.stringify(object)} names no object.`));
        return;
      }
      child ??= start();
      waiting.push({ command, done });
      // Who waits for an answer must hear of its death, too.
      hold(child);
      child.stdin.write(`${command} ${object}\n`);
    });

  return {
    read: (object) => ask('contents', object),
    find: async (object) => {
      const id = await ask('info', object);
      return id.ok ? ok(id.value?.toString()) : id;
    },
    dispose: () =>
      new Promise((gone) => {
        const last = child;
        if (last === undefined) {
          gone();
          return;
        }
        lost('the repository was closed');
        last.once('close', () => gone());
        hold(last);
        last.kill();
      }),
  };
}

/** Has the program wait for a process. */
function hold(child: ChildProcessWithoutNullStreams): void {
  for (const one of holds(child)) one.ref();
}

/** Lets the program end though a process lives: it must never keep a CLI alive that has nothing else to do. It ends with its input. */
function letGo(child: ChildProcessWithoutNullStreams | undefined): void {
  if (child !== undefined) for (const one of holds(child)) one.unref();
}

/** What keeps a program alive that has a process: the process, and each of its pipes. */
function holds(child: ChildProcessWithoutNullStreams): { ref(): unknown; unref(): unknown }[] {
  const pipes = [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe instanceof Socket);
  return [child, ...pipes];
}
