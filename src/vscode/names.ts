/** Names that package.json shares with the code, typed once; a test holds both to each other. */
import { SNAPSHOT_SETTINGS } from '../domain/settings';

export const COMMANDS = {
  dispatch: 'weft.dispatch',
  dispatchSelection: 'weft.dispatchSelection',
  dispatchFiles: 'weft.dispatchFiles',
  fixProblems: 'weft.fixProblems',
  dispatchTodos: 'weft.dispatchTodos',
  dispatchTaskList: 'weft.dispatchTaskList',
  dispatchFailing: 'weft.dispatchFailing',
  dispatchTemplate: 'weft.dispatchTemplate',
  dispatchPlan: 'weft.dispatchPlan',
  runPlan: 'weft.runPlan',
  revisePlan: 'weft.revisePlan',
  planRest: 'weft.planRest',
  approve: 'weft.approve',
  approveForAgents: 'weft.approveForAgents',
  approveForRun: 'weft.approveForRun',
  deny: 'weft.deny',
  answer: 'weft.answer',
  pauseRun: 'weft.pauseRun',
  continueRun: 'weft.continueRun',
  stopRun: 'weft.stopRun',
  resumeRun: 'weft.resumeRun',
  addTask: 'weft.addTask',
  raiseBudget: 'weft.raiseBudget',
  stopTask: 'weft.stopTask',
  landTask: 'weft.landTask',
  reworkTask: 'weft.reworkTask',
  retryTask: 'weft.retryTask',
  discardTask: 'weft.discardTask',
  undoTask: 'weft.undoTask',
  undoRun: 'weft.undoRun',
  undoFile: 'weft.undoFile',
  undoHunk: 'weft.undoHunk',
  redoRun: 'weft.redoRun',
  redoTask: 'weft.redoTask',
  redoPart: 'weft.redoPart',
  callOffUndo: 'weft.callOffUndo',
  whoWrote: 'weft.whoWrote',
  toggleAttribution: 'weft.toggleAttribution',
  createBranch: 'weft.createBranch',
  showChange: 'weft.showChange',
  showTask: 'weft.showTask',
  showCheck: 'weft.showCheck',
  showOutput: 'weft.showOutput',
  showSummary: 'weft.showSummary',
  showTrace: 'weft.showTrace',
  keepLessons: 'weft.keepLessons',
  showTaskTrace: 'weft.showTaskTrace',
  openConflict: 'weft.openConflict',
  showConflict: 'weft.showConflict',
  takeSide: 'weft.takeSide',
  askArbiter: 'weft.askArbiter',
  completeMerge: 'weft.completeMerge',
  takeSnapshot: 'weft.takeSnapshot',
  rollBack: 'weft.rollBack',
  compareSnapshot: 'weft.compareSnapshot',
  restoreFiles: 'weft.restoreFiles',
  deleteSnapshot: 'weft.deleteSnapshot',
  setApiKey: 'weft.setApiKey',
  forgetServers: 'weft.forgetServers',
  chooseModel: 'weft.chooseModel',
  trySample: 'weft.trySample',
} as const;

export const VIEWS = { container: 'weft', inbox: 'weft.inbox', runs: 'weft.runs', snapshots: 'weft.snapshots' } as const;

/** Keys of `when` clauses. */
export const CONTEXT = {
  /** There are runs of this window's folders. */
  runs: 'weft.hasRuns',
  /** One of them goes on. */
  running: 'weft.running',
  /** The inbox has something. */
  waiting: 'weft.waiting',
  /** A conflict of a run waits for its decision. */
  conflicts: 'weft.conflicts',
} as const;

/** Under the section `weft`. */
export const SETTINGS = {
  ...SNAPSHOT_SETTINGS,
  model: 'model',
  baseUrl: 'baseUrl',
  fallbackModels: 'fallbackModels',
  prices: 'prices',
  budgetRun: 'budget.run',
  budgetRunTokens: 'budget.runTokens',
  record: 'record',
  maxWorkers: 'maxWorkers',
  attempts: 'attempts',
  pools: 'pools',
  adaptiveWorkers: 'adaptiveWorkers',
  onStale: 'land.onStale',
  conflicts: 'conflicts',
  conflictPriority: 'conflictPriority',
  resume: 'resume',
  reuse: 'reuse',
  lessons: 'lessons',
  otlpEndpoint: 'telemetry.otlpEndpoint',
  allowedCommands: 'commands.allow',
  commandRules: 'commands.rules',
  mcpServers: 'mcp.servers',
  approvePlans: 'approvals.plan',
  approveCommands: 'approvals.command',
  approveMcp: 'approvals.mcp',
  approveProtected: 'approvals.protected',
  approveLandings: 'approvals.landing',
  answerQuestions: 'approvals.question',
  answerMinutes: 'approvals.timeoutMinutes',
  protect: 'protect',
  folderLinks: 'folders.link',
  foldersQuota: 'folders.quotaGb',
} as const;

/** Scheme of read-only documents that show a file as a tree of the run has it. */
export const BLOB_SCHEME = 'weft-blob';

/** Scheme of read-only documents that show what a check printed. */
export const CHECK_SCHEME = 'weft-check';

/** Scheme of read-only documents that show what commands of an agent print. */
export const OUTPUT_SCHEME = 'weft-output';

/** Scheme of read-only documents that say what both sides of a conflict are for. */
export const CONFLICT_SCHEME = 'weft-conflict';

/** Scheme of read-only documents that show a file of a draft, and follow it while its agent works. */
export const DRAFT_SCHEME = 'weft-draft';

/** Scheme of read-only documents that say what came of a run. */
export const SUMMARY_SCHEME = 'weft-summary';

/** Scheme of read-only documents that show what happened in a run. */
export const TRACE_SCHEME = 'weft-trace';

/** Scheme of the files of Weft's that a person edits: plans under review, and the files of conflicts. */
export const STATE_SCHEME = 'weft';
