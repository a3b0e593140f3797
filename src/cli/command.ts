/** What the CLI can be told to do. */
import type { Approvals } from '../domain/approvals';
import type { ConflictRule, OnStale } from '../domain/settings';
import type { Reversal } from '../engine/history/undo';
import type { Pools } from '../engine/schedule/limits';
import type { Answering } from './inbox';
import type { SaidBudget } from './money';
import type { Steer } from './steer';

/** What is to be planned: what the person wrote (empty for nothing), the open items of a Markdown file, and what something printed that failed. */
export interface Wanted {
  readonly goal: string;
  readonly tasks: string | undefined;
  /** A file, or `-` for standard input. */
  readonly failing: string | undefined;
}

/** A template of the workspace, and the values of its variables. */
export interface Templated {
  readonly template: string;
  readonly values: Readonly<Record<string, string>>;
}

/** A plan's file (or `-`), a template, or what is still to be planned. */
export type Work = { readonly plan: string } | Templated | Wanted;

/** Of the model that is asked, what the person says beside its name. */
export interface AskingSaid {
  /** Models to ask in the place of one that keeps failing. */
  readonly fallbacks: readonly string[];
  /** File that is to have what the model answers. */
  readonly record: string | undefined;
}

export type Command =
  /** `of`: one command; undefined: all of them. */
  | { readonly kind: 'help'; readonly of: string | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'schema' }
  | {
      readonly kind: 'run';
      readonly work: Work;
      readonly model: string;
      readonly maxWorkers: number | undefined;
      /** Whether the run finds out how many of them are worth having. */
      readonly adaptive: boolean;
      readonly attempts: number;
      readonly timeoutSeconds: number | undefined;
      readonly budget: SaidBudget;
      readonly asking: AskingSaid;
      readonly pools: Pools;
      readonly onStale: OnStale;
      readonly conflicts: ConflictRule;
      /** Commands that a plan which nobody has read may run. */
      readonly allow: readonly string[];
      readonly approvals: Approvals;
      /** MCP servers of the folder that may be started, or asked, by name. */
      readonly servers: readonly string[];
      /** Globs of ignored files that agents see and snapshots have. */
      readonly include: readonly string[];
      /** Agents run in the process of the CLI itself. */
      readonly inProcess: boolean;
      /** Whether what an earlier run did is taken over where nothing has changed for it. */
      readonly reuse: boolean;
      /** Whether agents are told the lessons that are kept. */
      readonly lessons: boolean;
    }
  /** `out`: the file that the plan is written to; undefined: it is printed. */
  | {
      readonly kind: 'plan';
      readonly work: Wanted;
      readonly model: string;
      readonly include: readonly string[];
      readonly out: string | undefined;
    }
  | {
      readonly kind: 'revise';
      readonly plan: string;
      readonly sentence: string;
      readonly model: string;
      readonly include: readonly string[];
      readonly out: string | undefined;
    }
  /** `hint`: what the person says about it. */
  | { readonly kind: 'planRest'; readonly run: string; readonly hint: string; readonly model: string; readonly out: string | undefined }
  | { readonly kind: 'summary'; readonly run: string }
  | { readonly kind: 'steer'; readonly steer: Steer }
  | { readonly kind: 'inbox' }
  | { readonly kind: 'answer'; readonly answering: Answering }
  | { readonly kind: 'runs' }
  | { readonly kind: 'roles' }
  /** `keep`: in the workspace, for later runs. */
  | { readonly kind: 'lessons'; readonly run: string; readonly keep: boolean }
  | { readonly kind: 'trace'; readonly run: string; readonly task: string | undefined; readonly out: string | undefined }
  | { readonly kind: 'land' | 'discard'; readonly run: string; readonly task: string }
  | {
      readonly kind: 'resume';
      readonly run: string;
      readonly adaptive: boolean;
      readonly asking: AskingSaid;
      readonly inProcess: boolean;
      readonly approvals: Approvals;
      /** MCP servers of the folder that may be started, or asked, by name. */
      readonly servers: readonly string[];
      readonly budget: SaidBudget;
      /** Whose budget it is; undefined: the run’s. */
      readonly task: string | undefined;
    }
  | {
      /** `arbitrate`: an arbiter decides what it is in conflict over. */
      readonly kind: 'retry' | 'arbitrate';
      readonly run: string;
      readonly task: string;
      readonly hint: string;
      /** Without what was done before. */
      readonly fresh: boolean;
      /** undefined: the one of its run. */
      readonly model: string | undefined;
      readonly asking: AskingSaid;
      /** Options that only a run of its own can go by, as they were called. */
      readonly ownRun: readonly string[];
      readonly budget: SaidBudget;
      readonly onStale: OnStale;
      readonly inProcess: boolean;
      readonly approvals: Approvals;
      /** MCP servers of the folder that may be started, or asked, by name. */
      readonly servers: readonly string[];
    }
  | { readonly kind: 'reverse'; readonly run: string; readonly reversal: Reversal }
  /** `task` undefined: all of the run's. */
  | { readonly kind: 'callOff'; readonly intent: 'undo' | 'redo'; readonly run: string; readonly task: string | undefined }
  | { readonly kind: 'hunks'; readonly run: string; readonly task: string; readonly path: string }
  | { readonly kind: 'blame'; readonly path: string }
  | { readonly kind: 'export'; readonly run: string; readonly branch: string; readonly withEdits: boolean }
  | { readonly kind: 'snapshots' }
  | { readonly kind: 'compare' | 'delete'; readonly snapshot: string }
  | { readonly kind: 'keep'; readonly keep: number }
  | { readonly kind: 'folders'; readonly remove: boolean }
  /** `paths`: only these; none means all. */
  | { readonly kind: 'rollback'; readonly snapshot: string; readonly paths: readonly string[] };

export interface Arguments {
  readonly command: Command;
  /** Folders, or `.code-workspace` files. */
  readonly workspaces: readonly string[];
  readonly json: boolean;
}
