/** Graphs of tasks as the schedule's benchmark runs them, with how long each task takes, and the least time that any schedule needs. */
import { BUILT_IN_ROLES } from '../../src/domain/role';

type Role = (typeof BUILT_IN_ROLES)[number];

export interface GraphTask {
  readonly id: string;
  readonly role: Role;
  readonly dependsOn: readonly string[];
  /** How long its agent works, in milliseconds. */
  readonly ms: number;
}

export type Graph = readonly GraphTask[];

/** How long a task of a role takes, in relation to a coder's: skewed, as work is. */
const SHARES: Readonly<Record<Role, number>> = {
  coder: 1,
  debugger: 1.6,
  security: 2.5,
  database: 1.3,
  tester: 0.8,
  reviewer: 0.5,
  docs: 0.4,
  researcher: 0.3,
};

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Each task depends on up to three earlier ones; tasks of a role differ by a third, one way or the other. */
export function randomGraph(size: number, seed: number): Graph {
  const random = randomOf(seed);
  return Array.from({ length: size }, (_, at) => {
    const on = new Set<string>();
    for (let more = Math.floor(random() * 4); more > 0 && at > 0; more--) on.add(idOf(Math.floor(random() * at)));
    return taskOf(at, on, random);
  });
}

/** The shapes that plans mostly have. Those that fan are as wide as there are workers: of wider ones no schedule reaches the lower bound. */
export function patterns(seed: number, workers: number): Readonly<Record<string, Graph>> {
  const random = randomOf(seed);
  const shape = (size: number, on: (at: number) => readonly number[]): Graph =>
    Array.from({ length: size }, (_, at) => taskOf(at, on(at).map(idOf), random));
  const STAGES = 4;
  return {
    parallel: shape(40, () => []),
    chain: shape(12, (at) => (at === 0 ? [] : [at - 1])),
    'fan-out': shape(workers + 1, (at) => (at === 0 ? [] : [0])),
    'fan-in': shape(workers + 1, (at) => (at < workers ? [] : Array.from({ length: workers }, (_, from) => from))),
    pipeline: shape(40, (at) => (at % STAGES === 0 ? [] : [at - 1])),
  };
}

function idOf(at: number): string {
  return `t${at}`;
}

function taskOf(at: number, dependsOn: Iterable<string>, random: () => number): GraphTask {
  const role = BUILT_IN_ROLES[Math.floor(random() * BUILT_IN_ROLES.length)] ?? 'coder';
  return { id: idOf(at), role, dependsOn: [...dependsOn], ms: SHARES[role] * (2 / 3 + (2 / 3) * random()) };
}

/** The least time in which so many workers can do it: the longest way through it, or all of its work shared out evenly. */
export function lowerBound(graph: Graph, workers: number): number {
  const ends = new Map<string, number>();
  let longest = 0;
  let total = 0;
  for (const { id, dependsOn, ms } of graph) {
    const end = ms + Math.max(0, ...dependsOn.map((on) => ends.get(on) ?? 0));
    ends.set(id, end);
    longest = Math.max(longest, end);
    total += ms;
  }
  return Math.max(longest, total / workers);
}

/** The same graph, with all its work slower or quicker by one factor, so that its lower bound is this many milliseconds. */
export function scaled(graph: Graph, workers: number, boundMs: number): Graph {
  const factor = boundMs / lowerBound(graph, workers);
  return graph.map((task) => ({ ...task, ms: task.ms * factor }));
}
