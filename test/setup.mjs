/** Gets a fresh clone ready (packages, compiled tests, bundles) with plain Node, then runs one of the commands in test/run. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const commands = ['start', 'test', 'bench'];
const [command, ...rest] = process.argv.slice(2);

/** The child that runs now, in a process group of its own, so that stopping it stops what it started. */
let running;
let interruptedBy;

function fail(message) {
  process.stderr.write(`weft: ${message}\n`);
  process.exit(2);
}

function atLeast(version, wanted) {
  const parts = version.split('.').map(Number);
  for (const [index, part] of wanted.entries()) {
    const have = parts[index] ?? 0;
    if (have !== part) return have > part;
  }
  return true;
}

function checkTools() {
  if (!atLeast(process.versions.node, [20, 19])) {
    fail(`Node ${process.versions.node} is too old: Weft needs Node 20.19 or later. Install a newer Node and run this again.`);
  }
  const git = spawnSync('git', ['--version'], { encoding: 'utf8' });
  if (git.error || git.status !== 0)
    fail('git was not found: Weft needs git 2.38 or later. Install git, or add it to PATH, and run this again.');
  const version = /(\d+\.\d+(\.\d+)?)/.exec(git.stdout)?.[1] ?? '0';
  if (!atLeast(version, [2, 38])) fail(`git ${version} is too old: Weft needs git 2.38 or later. Install a newer git and run this again.`);
}

/** npm writes its hidden lock file last, so one that agrees with package-lock.json means a whole and current install. */
function packagesAreCurrent() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const have = installed[path];
    return have ? have.version === entry.version : entry.optional === true;
  });
}

function step(file, args, options = {}) {
  return new Promise((resolve) => {
    running = spawn(file, args, { cwd: root, detached: true, ...options, stdio: options.stdio ?? ['ignore', 'inherit', 'inherit'] });
    running.on('error', (error) => {
      process.stderr.write(`weft: cannot run ${file}: ${error.message}\n`);
      resolve(1);
    });
    running.on('exit', (code, signal) => {
      running = undefined;
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}

/** A compiled test whose source is gone must not run again. */
function prune(folder) {
  const out = join(root, 'out', folder);
  if (!existsSync(out)) return;
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    const match = /^(.*)\.js(\.map)?$/.exec(entry.name);
    if (!entry.isFile() || !match) continue;
    const source = join(root, relative(join(root, 'out'), join(entry.parentPath, `${match[1]}.ts`)));
    if (!existsSync(source)) rmSync(join(entry.parentPath, entry.name), { force: true });
  }
}

function interrupt(signal) {
  if (interruptedBy === undefined) interruptedBy = signal;
  if (!running?.pid) process.exit(exitCode(1));
  try {
    process.kill(-running.pid, 'SIGTERM');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function exitCode(code) {
  return interruptedBy === undefined ? code : ({ SIGINT: 130, SIGHUP: 129 }[interruptedBy] ?? 143);
}

async function must(what, file, args) {
  const code = await step(file, args);
  if (interruptedBy !== undefined) process.exit(exitCode(1));
  if (code !== 0) fail(`${what} failed (exit code ${code}); the reason is above.`);
}

if (!commands.includes(command)) fail(`unknown command "${command ?? ''}": use one of ${commands.join(', ')}.`);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupt(signal));
if (process.env.npm_lifecycle_event) {
  // npm hands a signal to a shell, which dies of it and leaves us behind.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && interruptedBy === undefined) interrupt('SIGTERM');
  }, 500).unref();
}
checkTools();

if (!packagesAreCurrent()) {
  process.stdout.write('weft: installing the packages of package-lock.json\n');
  const npm = process.env.npm_execpath;
  // `npm ci` refuses a lock file that lacks the packages of another platform, and a mirror may not carry them all.
  // This too installs what the lock file says, and leaves it as it is.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  await must('npm install', npm ? process.execPath : 'npm', npm ? [npm, ...args] : args);
}

const entry = join(root, 'out', 'test', 'run', `${command}.js`);
const compiled = await step(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc')]);
if (interruptedBy !== undefined) process.exit(exitCode(1));
// Type errors are a failed suite of `npm test`; what was compiled all the same can run.
if (compiled !== 0) {
  if (!existsSync(entry)) fail('the TypeScript sources do not compile; the errors are above.');
  process.stdout.write('weft: the type errors above do not stop this; `npm test` counts them\n');
}
for (const folder of ['src', 'test']) prune(folder);
if (command !== 'test') await must('bundling', process.execPath, [join(root, 'esbuild.js')]);

// The IPC channel tells the command that this process is gone, even when it was killed outright.
const code = await step(process.execPath, ['--enable-source-maps', entry, ...rest], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
process.exit(exitCode(code));
