/** Takes out of events what looks like a secret: agents, models and checks say in them what they have read. Pure. */
import type { Happening, RunEvent } from '../../domain/event';
import { redacted } from '../../domain/secrets';

/**
 * What becomes of a text: it is `cleaned`, or kept as it is, for one of these reasons. `name`: an id, a commit, a role, a model, by which other
 * events and programs find something. `path`: of a file. `exact`: what the person wrote or approves, which is what they see, and what is run.
 */
type Kept = 'name' | 'path' | 'exact';
type Text = 'cleaned' | Kept;

/** Whether there is a text anywhere in it: words that are one of a few that we chose are none. */
type HasText<T> = T extends string
  ? string extends T
    ? true
    : never
  : T extends readonly (infer E)[]
    ? HasText<E>
    : T extends object
      ? { [K in keyof T]-?: HasText<T[K]> }[keyof T]
      : never;
type TextKeys<T> = T extends unknown ? { [K in keyof T]-?: [HasText<T[K]>] extends [never] ? never : K }[keyof T] : never;
type Field<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;
/** Each field of it, of whichever of its forms, in which there is a text. */
type Fields<T> = { readonly [K in TextKeys<T>]-?: Rule<Field<T, K>> };
type Inner<T> = T extends readonly (infer E)[] ? Inner<NonNullable<E>> : T;
type Deep<T> = [Extract<T, string>] extends [never] ? Fields<T> : 'cleaned';
/** A field may be kept as a whole, with all that is in it. */
type Rule<T> = Kept | Deep<Inner<NonNullable<T>>>;

const FAILURE = { message: 'cleaned', fix: 'cleaned' } as const;
const REWORK = { base: 'name', draft: 'name', message: 'cleaned' } as const;
const LINK = { task: 'name', before: 'name', after: 'name' } as const;
/** Who wrote a side is told by a task's title, which an agent may have given. */
const FILE = { path: 'path', base: 'name', ours: 'name', theirs: 'name', oursBy: 'cleaned', authors: 'name' } as const;

/** Every text of every event there is, and what becomes of it: the compiler asks for those that are missing. */
const RULES = {
  // What the person approved, and what they set.
  'run.started': {
    run: 'name',
    root: 'path',
    plan: 'exact',
    model: 'exact',
    snapshot: 'name',
    commit: 'name',
    head: 'name',
    birth: 'name',
    priority: 'name',
    include: 'path',
    roles: 'name',
    arbitrates: { run: 'name', task: 'name' },
    rules: 'name',
    tooLarge: 'path',
  },
  'task.started': { task: 'name', base: 'name', draft: 'name', told: 'name' },
  'task.step': { task: 'name', step: 'cleaned' },
  'task.turn': { task: 'name', model: 'name' },
  'task.done': { task: 'name', summary: 'cleaned', changeset: 'name', changes: 'path', reads: 'path', looks: 'path' },
  'task.added': {
    task: 'name',
    definition: {
      id: 'name',
      title: 'cleaned',
      role: 'name',
      reason: 'cleaned',
      model: 'name',
      instructions: 'cleaned',
      dependsOn: 'name',
      writes: 'path',
      context: 'path',
      check: 'exact',
      fallback: 'name',
    },
    origin: { parent: 'name', name: 'name', call: 'name', from: REWORK },
  },
  'task.awaiting': { task: 'name', children: 'name', draft: 'name' },
  'task.resumed': { task: 'name' },
  'task.joined': { ...LINK, conflicts: 'path' },
  'task.chosen': { task: 'name', candidate: 'name' },
  'task.passedOver': { task: 'name', candidate: 'name', failure: FAILURE },
  'task.retrying': { task: 'name', failure: FAILURE, draft: 'name', message: 'cleaned', as: 'name' },
  'task.parked': { task: 'name', failure: FAILURE, draft: 'name', reads: 'path' },
  'task.switched': { task: 'name', as: 'name' },
  'task.again': { task: 'name', next: REWORK },
  'task.reused': {
    task: 'name',
    from: 'name',
    base: 'name',
    summary: 'cleaned',
    changeset: 'name',
    changes: 'path',
    reads: 'path',
    looks: 'path',
    told: 'name',
  },
  'task.stale': { task: 'name', files: 'path' },
  'task.reworked': { task: 'name', next: REWORK },
  'task.checking': { task: 'name', commands: 'exact', together: 'name' },
  'task.checked': { task: 'name', command: 'exact', output: 'cleaned', onTopOf: 'name' },
  'task.landed': LINK,
  'task.conflicted': {
    task: 'name',
    conflict: { part: 'path', others: 'name', ours: 'name', base: 'name', theirs: 'name', tree: 'name', files: FILE },
  },
  'task.resolved': { task: 'name', path: 'path', entry: 'name' },
  'task.settled': { task: 'name', by: 'name', base: 'name', changeset: 'name', changes: 'path', reads: 'path' },
  'task.leftOpen': { task: 'name', failure: FAILURE },
  'task.failed': { task: 'name', failure: FAILURE, draft: 'name', reads: 'path' },
  'task.stopped': { task: 'name', draft: 'name', reads: 'path' },
  'task.discarded': { task: 'name', landedIn: 'name' },
  'task.doomed': { task: 'name', because: 'name' },
  'task.undone': LINK,
  'task.redone': LINK,
  'task.partUndone': { ...LINK, part: 'path' },
  'task.partRedone': { ...LINK, part: 'path' },
  'task.kept': { task: 'name' },
  'inbox.asked': {
    item: 'name',
    key: 'name',
    by: 'name',
    draft: 'name',
    // What leave is asked for is shown as it is to whoever gives it; what has a secret in it is refused before (`engine/acts/acts`).
    ask: {
      question: 'cleaned',
      options: 'cleaned',
      command: 'exact',
      folder: 'path',
      server: 'name',
      tool: 'name',
      input: 'exact',
      paths: 'path',
      why: 'cleaned',
      title: 'cleaned',
      detail: 'cleaned',
    },
  },
  'inbox.answered': { item: 'name', answer: { reason: 'cleaned', text: 'cleaned' } },
  'run.paused': {},
  'run.continued': {},
  'run.limited': {},
  'run.budgeted': { of: 'name' },
  'run.nearBudget': { of: 'name' },
  'run.outOfBudget': { of: 'name' },
  'run.fallback': { model: 'name', by: 'name', why: 'cleaned' },
  'run.taken': { birth: 'name' },
  'run.breaker': { key: 'name', why: 'cleaned' },
  'run.stopping': {},
  'run.finished': {},
} as const satisfies { readonly [Type in RunEvent['type']]: Fields<Extract<Happening, { type: Type }>> };

/** A rule of {@link RULES}, whatever it is for. */
type Any = Text | { readonly [field: string]: Any };

/** The event as the journal may hold it. */
export function cleaned(happening: Happening): Happening {
  return under(RULES[happening.type], happening);
}

function under<T>(rule: Any, value: T): T;
function under(rule: Any, value: unknown): unknown {
  if (typeof value === 'string') return rule === 'cleaned' ? redacted(value) : value;
  if (Array.isArray(value)) return value.map((one: unknown) => under(rule, one));
  if (typeof rule === 'string' || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      const its = rule[field];
      return [field, its === undefined ? inner : under(its, inner)];
    }),
  );
}
