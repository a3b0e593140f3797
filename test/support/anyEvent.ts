/** Any event of a run, about few tasks: most of them make no sense where they come. */
import { type Arbitrary, array, boolean, constant, constantFrom, oneof, record, tuple } from 'fast-check';
import type { Change, Conflict, Read } from '../../src/domain/changes';
import type { Happening } from '../../src/domain/event';
import type { Failure, FailureKind } from '../../src/domain/failure';
import type { Answer, Ask } from '../../src/domain/inbox';
import type { Task } from '../../src/domain/plan';
import type { DecidedBy } from '../../src/domain/settlement';
import { NO_USAGE } from '../../src/domain/usage';
import { conflictOf, planOf } from './run';

type OfType = Happening['type'];
type Fields<Type extends OfType> = Omit<Extract<Happening, { type: Type }>, 'type'>;

/** Tasks of the plan, and those that may join it. */
export const PLANNED = ['a', 'b'] as const;
const ADDED = ['a.1', 'a.2', 'x'] as const;

const task = constantFrom(...PLANNED, ...ADDED);
const child = constantFrom('a.1', 'a.2');
/** Mostly one for which others may have been made. */
const parent = constantFrom('a', 'a', 'a', 'a', ...PLANNED, ...ADDED);
const commit = constantFrom('c1', 'c2', 'c3');
const draft = oneof(constant(null), commit);
const kinds: FailureKind[] = ['agent', 'crash', 'model', 'check', 'cancelled'];
const failure = constantFrom(...kinds).map((kind): Failure => ({ kind, message: `It failed: ${kind}.`, fix: '' }));
const link = record({ task, before: commit, after: commit });
const rework = record({ base: draft, draft, message: constant('Again.') });
const next = oneof(constant(undefined), rework);
const part = constantFrom(
  { path: 'one', from: null, hunk: null },
  { path: 'one', from: null, hunk: { number: 1, before: { line: 1, count: 1 }, after: { line: 1, count: 1 } } },
);
const standIn = record({ role: constantFrom('coder' as const, 'docs' as const), model: constantFrom('m1', 'm2') });
const conflict = constantFrom('land' as const, 'undo' as const, 'redo' as const).map(
  (intent): Conflict => ({ ...conflictOf('f'), intent }),
);

const read: Read = { path: 'x', blob: 'b1' };
const change: Change = { path: 'x', before: null, after: { mode: '100644', blob: 'b1' } };
const changes = constantFrom<Change[]>([], [change]);
const reads = constantFrom<{ reads?: Read[] }>({}, { reads: [read] });
const ask = constantFrom<Ask>(
  { kind: 'question', question: 'Which?', options: [] },
  { kind: 'question', question: 'Which?', options: ['This.', 'That.'] },
  { kind: 'command', command: 'make', folder: '/w' },
  { kind: 'mcp', server: 's', tool: 't', input: '{}' },
  { kind: 'protected', paths: ['x'], why: 'It is a lockfile.' },
  { kind: 'landing', paths: ['x'] },
  { kind: 'decision', title: 'More?', detail: 'It is used up.', options: ['Yes.'] },
);
const answer = constantFrom<Answer>(
  { kind: 'said', text: 'This.' },
  { kind: 'denied', reason: 'No.' },
  { kind: 'approved', scope: 'run' },
  { kind: 'expired' },
);

/** Whose budget: the run’s, or that of a task. */
const whose = oneof(
  constant({}),
  task.map((of) => ({ of })),
);

const added = tuple(
  constantFrom(...ADDED, 'a'),
  array(task, { maxLength: 1 }),
  constantFrom('person', 'child', 'candidate', 'arbiter'),
  parent,
).map(([id, dependsOn, kind, of]): Fields<'task.added'> => {
  const definition = { ...(planOf({ a: [] }).tasks[0] as Task), id, dependsOn };
  if (kind === 'child')
    return { task: id, definition: { ...definition, reason: 'It is small.' }, origin: { kind, parent: of, call: 'c1' } };
  if (kind === 'person') return { task: id, definition, origin: { kind } };
  if (kind !== 'arbiter') return { task: id, definition, origin: { kind: kind as 'candidate', parent: of } };
  return { task: id, definition, origin: { kind, parent: of, from: { base: 'c1', draft: 'c2', message: 'Decide.' } } };
});

/** One for each type there is: the compiler asks for those that are missing. */
const FIELDS: { readonly [Type in Exclude<OfType, 'run.started'>]: Arbitrary<Fields<Type>> } = {
  'task.started': record({ task, base: commit, draft }),
  'task.step': record({ task, step: constant('Reading') }),
  'task.turn': record({ task, usage: constant({ ...NO_USAGE, input: 1 }) }),
  'task.done': tuple(record({ task, summary: constant('Done.'), changeset: draft, changes }), reads).map(([one, other]) => ({
    ...one,
    ...other,
  })),
  'task.added': added,
  'task.awaiting': record({ task: parent, children: array(oneof(child, task), { minLength: 1, maxLength: 2 }), draft }),
  'task.resumed': record({ task: parent }),
  'task.joined': record({ task: child, before: commit, after: commit, conflicts: constant([]) }),
  'task.chosen': record({ task: parent, candidate: child }),
  'task.passedOver': record({ task: parent, candidate: child, failure }),
  'task.retrying': record({ task, failure, draft, waitMs: constant(0), message: constant('Again.') }),
  'task.parked': record({ task, failure, draft }),
  'task.switched': record({ task, as: standIn }),
  'task.again': tuple(task, next).map(([id, found]) => ({ task: id, ...(found && { next: found }) })),
  'task.reused': record({
    task,
    from: constant({ run: 'r0', task: 'a' }),
    base: commit,
    summary: constant('Done before.'),
    changeset: draft,
    changes: constant([]),
  }),
  'task.stale': record({ task, files: constant([{ path: 'x', by: null }]), held: boolean() }),
  'task.reworked': tuple(task, constantFrom('stale' as const, 'check' as const), next).map(([id, why, found]) => ({
    task: id,
    why,
    ...(found && { next: found }),
  })),
  'task.checking': record({ task, commands: constant(['test']), together: constant([]) }),
  'task.checked': record({
    task,
    ok: boolean(),
    command: constant('test'),
    exitCode: constantFrom(0, 1, null),
    timedOut: constant(false),
    output: constant(''),
    milliseconds: constant(1),
    onTopOf: constant([]),
  }),
  'task.landed': link,
  'task.conflicted': record({ task, conflict }),
  'task.resolved': record({ task, path: constant('f'), entry: constant(null) }),
  'task.settled': record({
    task: parent,
    by: oneof(
      child.map((arbiter) => ({ kind: 'arbiter' as const, arbiter })),
      constantFrom<DecidedBy>({ kind: 'rule', files: [{ path: 'f', side: 'ours', role: 'security', over: ['coder'] }] }),
    ),
    base: commit,
    changeset: draft,
    changes: constant([]),
  }),
  'task.leftOpen': record({ task: parent, failure }),
  'task.failed': record({ task, failure, draft }),
  'task.stopped': record({ task, draft }),
  'task.discarded': oneof(record({ task }), record({ task, landedIn: constant('another run') })),
  'task.doomed': record({ task, because: task }),
  'task.undone': link,
  'task.redone': link,
  'task.partUndone': record({ task, part, before: commit, after: commit }),
  'task.partRedone': record({ task, part, before: commit, after: commit }),
  'task.kept': record({ task }),
  'inbox.asked': record({
    item: constantFrom('1', '2'),
    key: constantFrom('k', 'k', 'l'),
    by: oneof(constant(null), record({ task, call: constantFrom('c', 'c', null) })),
    draft,
    ask,
    seconds: constant(null),
  }),
  'inbox.answered': record({ item: constantFrom('1', '2'), answer }),
  'run.paused': constant({}),
  'run.continued': constant({}),
  'run.limited': constant({ limits: { maxWorkers: 2, pools: {} } }),
  'run.budgeted': tuple(whose, constantFrom({}, { usd: 2 })).map(([of, budget]) => ({ budget, ...of })),
  'run.nearBudget': whose.map((of) => ({ spent: { usd: 1 }, ...of })),
  'run.outOfBudget': whose.map((of) => ({ spent: { usd: 1 }, ...of })),
  'run.fallback': record({ model: constantFrom('m1', 'm2'), by: constantFrom('m3', null), why: constant('503') }),
  'run.taken': constant({ pid: 2 }),
  'run.breaker': record({
    key: constantFrom('coder@m1', 'coder@m2'),
    state: constantFrom('closed' as const, 'open' as const, 'half-open' as const, 'given-up' as const),
    why: constant('It failed.'),
    waitMs: constant(1),
  }),
  'run.stopping': constantFrom<Fields<'run.stopping'>>({}, { why: 'timeout' }),
  'run.finished': constant({}),
};

export const TYPES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** Those without which a run does not get far, and those after which it gets nowhere. */
const WEIGHTS: { readonly [Type in OfType]?: number } = {
  'task.started': 6,
  'task.done': 6,
  'task.added': 8,
  'task.awaiting': 14,
  'task.resumed': 10,
  'task.joined': 20,
  'task.chosen': 24,
  'task.passedOver': 24,
  'task.kept': 4,
  'task.redone': 3,
  'task.conflicted': 3,
  'task.settled': 4,
  'task.leftOpen': 2,
  'run.continued': 4,
  'run.finished': 8,
};
const RARE: readonly OfType[] = ['inbox.asked', 'task.failed', 'task.stopped', 'task.doomed', 'run.paused', 'run.stopping'];

export const anyEvent: Arbitrary<Happening> = oneof(
  ...TYPES.map((type) => ({ arbitrary: ofType(type), weight: RARE.includes(type) ? 1 : 4 * (WEIGHTS[type] ?? 1) })),
);

/** Any event of one type. */
export function ofType(type: (typeof TYPES)[number]): Arbitrary<Happening> {
  const fields: Arbitrary<object> = FIELDS[type];
  return fields.map((found) => ({ type, ...found }) as Happening);
}
