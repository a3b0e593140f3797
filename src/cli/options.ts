/** The options of the command line, and which command takes which. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Failure, fail } from '../domain/failure';
import { nearest } from './nearest';

export const HELP = 'Run “weft --help” for how to call it.';

/** What Node says of arguments that it cannot read, in one line. */
export function misread(said: string) {
  // A value that begins with a dash could be an option that was meant to come next.
  const dashed = /^Option '.*?(--[\w-]+)(?: <value>)?' argument is ambiguous/.exec(said)?.[1];
  if (dashed !== undefined)
    return fail('input', `What follows ${dashed} begins with “-”, as an option does.`, `If it is meant so: ${dashed}=…`);
  const [, unknown] = /^Unknown option '--([\w-]+)'/.exec(said) ?? [];
  return fail('input', `${said.split(/\.\s/)[0]?.replace(/\.$/, '')}.`, `${meant(unknown, TYPED, '--')}${HELP}`);
}

/** `before`: what stands before the name, as it is called. */
export function meant(typed: string | undefined, names: readonly string[], before: string): string {
  const name = typed === undefined ? undefined : nearest(typed, names);
  return name === undefined ? '' : `Did you mean ${before}${name}? `;
}

/** Of two values only the last would hold, and nobody would be told; undefined where no option has two that takes one. */
export function saidTwice({ tokens }: Pick<ReturnType<typeof parse>, 'tokens'>): Failure | undefined {
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option' || token.value === undefined || 'multiple' in OPTIONS[token.name]) continue;
    if (seen.has(token.name)) return fail('input', `${token.rawName} is given twice.`, 'Give it once.').failure;
    seen.add(token.name);
  }
  return undefined;
}

const OPTIONS = {
  goal: { type: 'string' },
  tasks: { type: 'string' },
  failing: { type: 'string' },
  template: { type: 'string' },
  set: { type: 'string', multiple: true },
  workspace: { type: 'string', multiple: true },
  'max-workers': { type: 'string' },
  'adaptive-workers': { type: 'boolean' },
  attempts: { type: 'string' },
  timeout: { type: 'string' },
  pool: { type: 'string', multiple: true },
  model: { type: 'string' },
  budget: { type: 'string' },
  'budget-tokens': { type: 'string' },
  'fallback-model': { type: 'string', multiple: true },
  record: { type: 'string' },
  task: { type: 'string' },
  'on-stale': { type: 'string' },
  conflicts: { type: 'string' },
  priority: { type: 'string' },
  'allow-command': { type: 'string', multiple: true },
  'allow-mcp': { type: 'string', multiple: true },
  approve: { type: 'string', multiple: true },
  'answer-within': { type: 'string' },
  for: { type: 'string' },
  reason: { type: 'string' },
  include: { type: 'string', multiple: true },
  'no-reuse': { type: 'boolean' },
  out: { type: 'string' },
  hint: { type: 'string' },
  fresh: { type: 'boolean' },
  'in-process': { type: 'boolean' },
  compare: { type: 'string' },
  delete: { type: 'string' },
  keep: { type: 'string' },
  'keep-lessons': { type: 'boolean' },
  'no-lessons': { type: 'boolean' },
  file: { type: 'string' },
  hunk: { type: 'string' },
  'call-off': { type: 'boolean' },
  branch: { type: 'string' },
  'include-edits': { type: 'boolean' },
  remove: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

/** As people type them: of lessons, `--keep` is another option than of snapshots. */
const TYPED = Object.keys(OPTIONS).filter((option) => option !== 'keep-lessons');

export function parse(argv: readonly string[]) {
  // Of snapshots it says how many; lessons are kept or not.
  return parseArgs({
    args: argv.map((one) => (one === '--keep' && argv.includes('lessons') ? '--keep-lessons' : one)),
    allowPositionals: true,
    options: OPTIONS,
    tokens: true,
  });
}

export type Values = ReturnType<typeof parse>['values'];

/** How many arguments each command takes at most. */
export const MOST: Readonly<Record<string, number>> = {
  run: 1,
  plan: 0,
  revise: 2,
  'plan-rest': 1,
  summary: 1,
  runs: 0,
  roles: 0,
  lessons: 1,
  undo: 2,
  redo: 2,
  hunks: 3,
  blame: 1,
  export: 1,
  land: 2,
  discard: 2,
  trace: 2,
  retry: 2,
  arbitrate: 2,
  pause: 1,
  continue: 1,
  stop: 1,
  add: 2,
  budget: 3,
  limit: 1,
  resume: 1,
  inbox: 0,
  answer: Number.POSITIVE_INFINITY,
  snapshots: 0,
  rollback: Number.POSITIVE_INFINITY,
  folders: 0,
  schema: 0,
};

/** The options that not every command takes, with those that do. */
export const TAKERS: Readonly<Record<string, readonly string[]>> = {
  goal: ['run', 'plan'],
  tasks: ['run', 'plan'],
  failing: ['run', 'plan'],
  template: ['run'],
  set: ['run'],
  'max-workers': ['run', 'limit'],
  'adaptive-workers': ['run', 'resume'],
  attempts: ['run'],
  timeout: ['run'],
  pool: ['run', 'limit'],
  model: ['run', 'plan', 'revise', 'plan-rest', 'retry', 'arbitrate'],
  budget: ['run', 'retry', 'arbitrate', 'resume'],
  'budget-tokens': ['run', 'retry', 'arbitrate', 'resume', 'budget'],
  'fallback-model': ['run', 'retry', 'arbitrate', 'resume'],
  record: ['run', 'retry', 'arbitrate', 'resume'],
  task: ['resume'],
  'on-stale': ['run', 'retry', 'arbitrate'],
  conflicts: ['run'],
  priority: ['run'],
  'allow-command': ['run', 'resume', 'retry', 'arbitrate'],
  'allow-mcp': ['run', 'resume', 'retry'],
  approve: ['run', 'resume', 'retry', 'arbitrate'],
  'answer-within': ['run', 'resume', 'retry', 'arbitrate'],
  for: ['answer'],
  reason: ['answer'],
  include: ['run', 'plan', 'revise'],
  'no-reuse': ['run'],
  out: ['trace', 'plan', 'revise', 'plan-rest'],
  hint: ['retry', 'plan-rest'],
  fresh: ['retry'],
  'in-process': ['run', 'resume', 'retry', 'arbitrate'],
  compare: ['snapshots'],
  delete: ['snapshots'],
  keep: ['snapshots'],
  'keep-lessons': ['lessons'],
  'no-lessons': ['run'],
  file: ['undo', 'redo'],
  hunk: ['undo', 'redo'],
  'call-off': ['undo', 'redo'],
  branch: ['export'],
  'include-edits': ['export'],
  remove: ['folders'],
};
