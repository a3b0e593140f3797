/** Where the CLI begins: wires what Weft is made of to a terminal. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import packageJson from '../../package.json';
import { systemClock } from '../domain/clock';
import { type Failure, fail, failureText, never, ok, saysDiskFull, thrownText } from '../domain/failure';
import { exactly } from '../domain/inboxText';
import { NO_INCLUDE } from '../domain/include';
import { writtenPlanSchema } from '../domain/plan';
import { settleLeft } from '../engine/recovery';
import { diskWorkspace } from '../repo/diskWorkspace';
import type { Repository } from '../repo/repository';
import { openWorkspace } from '../repo/spanning';
import type { Unsaved, Untitled } from '../repo/workspace';
import { parseArguments } from './arguments';
import type { Arguments, Command } from './command';
import { foldersCommand } from './folders';
import { blameCommand, exportCommand } from './handOver';
import { discardCommand, landCommand, runsCommand } from './history';
import { answerCommand, inboxCommand } from './inbox';
import { lessonsCommand } from './lessons';
import { type Output, output } from './output';
import { planCommand, planRestCommand, reviseCommand } from './plan';
import { recoveryPorts } from './record';
import { rolesCommand } from './roles';
import { resumeCommand, retryCommand, runCommand } from './run';
import { compareCommand, deleteCommand, keepCommand, rollbackCommand, snapshotsCommand } from './snapshots';
import { steerCommand } from './steer';
import { summaryCommand } from './summary';
import { traceCommand } from './trace';
import { callOffCommand, hunksCommand, reverseCommand } from './undo';
import { usageOf } from './usage';
import { workspaceFolders } from './workspaceFolders';

/** `unread` aborts when what is printed goes nowhere. */
async function main(argv: readonly string[], unread: AbortSignal): Promise<number> {
  const parsed = parseArguments(argv);
  const out = outputFor(parsed.ok ? parsed.value.json : argv.includes('--json'));
  if (!parsed.ok) {
    out.result({ exitCode: 2, failure: parsed.failure });
    return 2;
  }
  const { command } = parsed.value;
  switch (command.kind) {
    case 'help':
      process.stdout.write(usageOf(command.of));
      return 0;
    case 'version':
      process.stdout.write(`${packageJson.version}\n`);
      return 0;
    case 'schema':
      process.stdout.write(`${JSON.stringify(z.toJSONSchema(writtenPlanSchema, { io: 'input' }), null, 2)}\n`);
      return 0;
    default:
      return inWorkspace({ ...parsed.value, command }, out, unread);
  }
}

function outputFor(json: boolean): Output {
  return output(
    json,
    (text) => process.stdout.write(text),
    (text) => process.stderr.write(text),
  );
}

/** They change no file of the workspace. */
const LOOKING = new Set<Command['kind']>([
  'inbox',
  'answer',
  'plan',
  'revise',
  'planRest',
  'summary',
  'runs',
  'trace',
  'snapshots',
  'steer',
]);

async function inWorkspace({ command, workspaces }: Arguments, out: Output, unread: AbortSignal): Promise<number> {
  const refuse = (failure: Failure) => {
    out.result({ exitCode: 2, failure });
    return 2;
  };
  const named = await workspaceFolders(workspaces);
  if (!named.ok) return refuse(named.failure);
  // Only what the person says here: what a folder says of itself may be a stranger's, and would send their ignored files to the model.
  let globs = 'include' in command ? command.include : [];
  const opened = await openWorkspace(named.value, () => ({ ...NO_INCLUDE, globs }));
  if (!opened.ok) return refuse(opened.failure);
  const repo = opened.value;
  const interruption = new AbortController();
  const interrupt = () => {
    // Once stops in order; twice, at once.
    if (signal.aborted) process.exit(130);
    interruption.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // That is an interruption, too, and no crash in the middle of a landing.
  const signal = AbortSignal.any([interruption.signal, unread]);
  const workspace = diskWorkspace(repo, (texts, untitled) => keepUnsaved(repo, out, texts, untitled));
  const include = (named: readonly string[]) => {
    globs = named;
  };
  const ports = { repo, workspace, output: out, signal, include };
  try {
    const settled = await settleLeft(recoveryPorts(ports), signal);
    if (!settled.ok && !LOOKING.has(command.kind)) {
      out.result({ exitCode: 1, failure: settled.failure });
      return 1;
    }
    switch (command.kind) {
      case 'run':
        return await runCommand(command, ports);
      case 'plan':
        return await planCommand(command, ports);
      case 'revise':
        return await reviseCommand(command, ports);
      case 'planRest':
        return await planRestCommand(command, ports);
      case 'summary':
        return await summaryCommand(command.run, ports);
      case 'resume':
        return await resumeCommand(command, ports);
      case 'retry':
      case 'arbitrate':
        return await retryCommand(command, ports);
      case 'steer':
        return await steerCommand(command.steer, ports);
      case 'inbox':
        return await inboxCommand(ports);
      case 'answer':
        return await answerCommand(command.answering, ports);
      case 'runs':
        return await runsCommand(ports);
      case 'roles':
        return await rolesCommand(ports);
      case 'lessons':
        return await lessonsCommand(command, ports);
      case 'trace':
        return await traceCommand(command, ports);
      case 'snapshots':
        return await snapshotsCommand(ports);
      case 'folders':
        return await foldersCommand(command.remove, ports);
      case 'rollback':
        return await rollbackCommand(command, ports);
      case 'compare':
        return await compareCommand(command.snapshot, ports);
      case 'keep':
        return await keepCommand(command.keep, ports);
      case 'delete':
        return await deleteCommand(command.snapshot, ports);
      case 'reverse':
        return await reverseCommand(command, ports);
      case 'callOff':
        return await callOffCommand(command, ports);
      case 'hunks':
        return await hunksCommand(command, ports);
      case 'blame':
        return await blameCommand(command.path, ports);
      case 'export':
        return await exportCommand(command, ports);
      case 'land':
        return await landCommand(command, ports);
      case 'discard':
        return await discardCommand(command, ports);
      case 'help':
      case 'version':
      case 'schema':
        return 0;
      default:
        return never(command);
    }
  } finally {
    await repo.objects.dispose();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Without an editor, unsaved text of a snapshot has no place in the workspace: it goes into files beside it, which are named. */
async function keepUnsaved(repo: Repository, out: Output, texts: readonly Unsaved[], untitled: readonly Untitled[]) {
  const folder = join(repo.stateDir, 'restored', systemClock.id());
  const files = [...texts, ...untitled.map((one) => ({ path: `untitled/${one.name}`, bytes: Buffer.from(one.text) }))];
  try {
    for (const file of files) {
      await mkdir(dirname(join(folder, file.path)), { recursive: true, mode: 0o700 });
      await writeFile(join(folder, file.path), file.bytes);
      out.say(`Text of ${exactly(file.path)} that was not saved then: ${exactly(join(folder, file.path))}`);
    }
    return ok();
  } catch (thrown) {
    return fail(
      'file',
      `The unsaved text of the snapshot cannot be written to ${folder}: ${thrownText(thrown)}.`,
      'Free disk space, or roll back in VS Code.',
    );
  }
}

/** Aborts, and hears how to end, where what is printed cannot be written. */
function printing() {
  const unread = new AbortController();
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    unread.abort();
    // Nobody reads any more: who closed the pager knows.
    if (isLost || error.code === 'EPIPE') return;
    isLost = true;
    process.exitCode = 1;
    const { failure } = fail(
      'file',
      `What Weft prints cannot be written: ${error.message}.`,
      saysDiskFull(error.message)
        ? 'What was under way is stopped: free some space, or send the output elsewhere, then try again.'
        : 'What was under way is stopped: send the output elsewhere, then try again.',
    );
    process.stderr.write(`weft: ${failureText(failure)}\n`);
  });
  return { unread: unread.signal, codeOf: (code: number) => (isLost ? 1 : code) };
}

const { unread, codeOf } = printing();
main(process.argv.slice(2), unread).then(
  (code) => {
    process.exitCode = codeOf(code);
  },
  (thrown: unknown) => {
    const fix = saysDiskFull(thrownText(thrown)) ? 'Free some space, then try again.' : 'This is a bug; please report it.';
    const { failure } = fail('file', `${thrownText(thrown)}.`, fix);
    outputFor(process.argv.includes('--json')).result({ exitCode: 1, failure });
    process.exitCode = 1;
  },
);
