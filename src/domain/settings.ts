/** What is used where the person set nothing; package.json's defaults are held to these by a test. */
export const DEFAULT_MODEL = 'claude-sonnet-5-5';
export const DEFAULT_MAX_WORKERS = 5;
export const MAX_WORKERS = 128;
/** Of one ignored file that is included in snapshots, and of all of them together, in megabytes. */
export const DEFAULT_INCLUDE_MAX_FILE_MB = 5;
export const DEFAULT_INCLUDE_MAX_MB = 50;
/** What becomes of a task whose agent read what was changed meanwhile: it lands if its check passes, waits for the person, or goes back to the agent. */
export const ON_STALE = ['check', 'ask', 'rework'] as const;
export type OnStale = (typeof ON_STALE)[number];
export const DEFAULT_ON_STALE: OnStale = 'check';
/** Who decides where a landing is in conflict: the person, an agent that sees both sides, or the order of the roles on both. */
export const CONFLICTS = ['ask', 'arbiter', 'priority'] as const;
export type Conflicts = (typeof CONFLICTS)[number];
export const DEFAULT_CONFLICTS: Conflicts = 'ask';
/** `priority`: roles, those that prevail first. */
export interface ConflictRule {
  readonly by: Conflicts;
  readonly priority: readonly string[];
}
/** Of two roles that contradict each other, the one that stands first prevails. */
export const DEFAULT_CONFLICT_PRIORITY: readonly string[] = [
  'security',
  'database',
  'debugger',
  'coder',
  'tester',
  'reviewer',
  'docs',
  'researcher',
];
/** So many agents are asked by themselves to decide what one task is in conflict over; the person may ask more. */
export const MAX_ARBITERS = 2;
/** What becomes of a run that was cut off when its folder is opened again: it offers to go on, does so by itself, or waits to be asked. */
export const RESUME = ['ask', 'always', 'never'] as const;
export type Resume = (typeof RESUME)[number];
export const DEFAULT_RESUME: Resume = 'ask';
/** Lessons of runs: not looked for and not told; offered to be kept when a run ends; or kept by themselves. */
export const LESSONS = ['off', 'ask', 'keep'] as const;
export type Lessons = (typeof LESSONS)[number];
export const DEFAULT_LESSONS: Lessons = 'ask';
/** Snapshots of a folder that are kept, and the disk that they may take, in megabytes (0: no limit). */
export const DEFAULT_KEEP = 50;
export const DEFAULT_QUOTA_MB = 2048;
/** How often an agent may repair work whose check failed. */
export const DEFAULT_REPAIRS = 2;
export const DEFAULT_CHECK_SECONDS = 600;
/** What git ignores and commands need: it is put into the folders in which they run. */
export const DEFAULT_LINKS: readonly string[] = ['node_modules', '.venv', 'venv', '.env', '.env.local'];
/** Most folders of one workspace, and most bytes of those of all workspaces. */
export const MAX_FOLDERS = 4;
export const DEFAULT_FOLDERS_QUOTA_GB = 10;

/** Names of the settings about snapshots, under the section `weft` of VS Code's; the CLI has options of its own. */
export const SNAPSHOT_SETTINGS = {
  include: 'snapshot.include',
  includeMaxFileMb: 'snapshot.includeMaxFileMb',
  includeMaxMb: 'snapshot.includeMaxMb',
  keep: 'snapshot.keep',
  quotaMb: 'snapshot.quotaMb',
} as const;

/** How often an agent may begin on a task, before it has failed. */
export const DEFAULT_ATTEMPTS = 2;
export const MAX_ATTEMPTS = 10;
/** How long an agent waits for the person's answer. */
export const DEFAULT_ANSWER_MINUTES = 30;
/** What a run may spend where nothing else is said, in dollars; and the most that can be said. */
export const DEFAULT_BUDGET_USD = 10;
export const MAX_BUDGET_USD = 100_000;
export const MAX_BUDGET_TOKENS = 100_000_000_000;
/** Of tasks that spawn tasks: how deep, how many children each, and how many at each depth. */
export const DEFAULT_DEPTH = 3;
export const DEFAULT_CHILDREN = 20;
export const DEFAULT_PER_DEPTH = 200;
