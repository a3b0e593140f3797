/** Planning from the command line: what is wanted, read from where it stands, and the model's plan for it. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { cancelled, fail, ok, type Result, thrownText } from '../domain/failure';
import type { ModelFetch } from '../model/fetch';
import { planningText, type Selected } from '../plan/context';
import { type Ground, groundOf } from '../plan/ground';
import type { Planned } from '../plan/planner';
import { openItems } from '../plan/taskList';
import type { Wanted } from './command';
import { projectOf } from './project';
import type { CliPorts } from './run';

export interface Asked {
  readonly model: ModelFetch;
  readonly modelName: string;
}

/** Plans what is wanted. */
export async function planWanted(wanted: Wanted, asked: Asked, ports: CliPorts): Promise<Result<Planned>> {
  const selected = await selectedOf(wanted, ports.signal);
  return selected.ok ? planFor((ground) => planningText(selected.value, ground), asked, ports) : selected;
}

/** Has the model plan what a request says, of the workspace as it is. */
export async function planFor(request: (ground: Ground) => string, asked: Asked, ports: CliPorts): Promise<Result<Planned>> {
  const { repo, workspace, output, signal } = ports;
  output.say('Planning…');
  const ground = await groundOf(repo, workspace, signal, await projectOf(repo));
  if (!ground.ok) return ground;
  const { makePlan } = await import('../engine/agents/bundledAgents.js');
  const report = (step: string | null) => (step === null ? undefined : output.say(`  ${step}`));
  return makePlan({ request: request(ground.value), ground: ground.value, ...asked, report, signal });
}

async function selectedOf({ goal, tasks, failing }: Wanted, signal: AbortSignal): Promise<Result<Selected[]>> {
  const selected: Selected[] = goal === '' ? [] : [{ kind: 'text', text: goal }];
  if (tasks !== undefined) {
    const list = await readSource(tasks, 'task list', signal);
    if (!list.ok) return list;
    const items = openItems(list.value);
    if (items.length === 0) return fail('input', `${tasks} has no open item (“- [ ] …”).`, 'Give a Markdown file that has some.');
    selected.push({ kind: 'tasks', path: tasks === '-' ? 'the list' : tasks, items });
  }
  if (failing !== undefined) {
    const output = await readSource(failing, 'test output', signal);
    if (!output.ok) return output;
    if (output.value.trim() === '')
      return fail('input', 'What should have failed printed nothing.', 'Give what it printed, errors included (2>&1).');
    selected.push({ kind: 'failing', from: failing === '-' ? 'standard input' : basename(failing), output: output.value });
  }
  return ok(selected);
}

/** The text of a file, or of standard input for `-`; `what`: what it has, as a failure calls it. */
export async function readSource(source: string, what: string, signal: AbortSignal): Promise<Result<string>> {
  try {
    return ok(source === '-' ? await text(addAbortSignal(signal, process.stdin)) : await readFile(source, 'utf8'));
  } catch (thrown) {
    if (signal.aborted) return cancelled;
    return fail(
      'input',
      `The ${what} ${source} cannot be read: ${thrownText(thrown)}.`,
      `Give the path of a ${what} file, or “-” for standard input.`,
    );
  }
}
