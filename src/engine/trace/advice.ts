/** What would have made a run faster, as its critical path tells. Pure. */
import { counted } from '../../domain/figures';
import { poolOfRole } from '../../domain/role';
import { roleOf } from '../schedule/ranking';
import type { Step } from './criticalPath';
import type { Doing, Timeline } from './timeline';

/** What takes less of the critical path than this is not worth a word. */
const WORTH_SHARE = 0.1;
const WORTH_MS = 500;

/** Sentences, the one that would gain most first; none where the run was as short as its graph allows. `duration`: milliseconds as text. */
export function adviceOf(timeline: Timeline, path: readonly Step[], duration: (ms: number) => string): string[] {
  const whole = timeline.to - timeline.from;
  const worth = (ms: number) => ms >= WORTH_MS && ms >= whole * WORTH_SHARE;
  const total = (doing: Doing) => path.filter((step) => step.doing === doing).reduce((sum, step) => sum + step.to - step.from, 0);
  const found: { readonly ms: number; readonly text: string }[] = [];
  const say = (ms: number, text: string) => {
    if (worth(ms)) found.push({ ms, text });
  };
  say(total('queued'), `${duration(total('queued'))} of it passed without a free agent: ${moreAgents(timeline, path)}`);
  say(
    total('checking'),
    `${duration(total('checking'))} went into checks: a quicker check would help, such as one of the tests that the task is about.`,
  );
  say(
    total('deciding'),
    `${duration(total('deciding'))} passed until you had decided: the files that several tasks write are better given to one.`,
  );
  say(
    total('asked'),
    `${duration(total('asked'))} passed until you had answered: what a task says, and what approvals let agents do, need not be asked.`,
  );
  say(
    total('budget'),
    `${duration(total('budget'))} passed until there was more budget: a larger one from the start would help (weft.budget.run, --budget).`,
  );
  say(
    total('broken'),
    `${duration(total('broken'))} passed while agents of one role and model kept failing: another model to go on with would help (fallback in the plan).`,
  );
  say(total('paused'), `${duration(total('paused'))} passed while the run was paused.`);
  say(total('dead'), `${duration(total('dead'))} passed before the run was resumed: nobody drove it.`);
  say(total('resting'), `${duration(total('resting'))} passed between attempts that failed.`);
  say(total('landing'), `${duration(total('landing'))} went into landing, one after the other.`);
  const chain = path.filter(({ doing }) => doing === 'working');
  const longest = chain.reduce<Step | undefined>(
    (most, step) => (most === undefined || step.to - step.from > most.to - most.from ? step : most),
    undefined,
  );
  if (longest !== undefined && timeline.lines.length > 1) {
    const took = longest.to - longest.from;
    const title = timeline.state.tasks.get(longest.task)?.task.title ?? longest.task;
    if (took >= whole / 2) say(took, `“${title}” alone took ${duration(took)}: split it into tasks that can run side by side.`);
    else if (chain.length > 2)
      say(
        total('working'),
        `${counted(chain.length, 'task')} waited for each other one after the other, ${duration(total('working'))} of work: fewer dependencies would help.`,
      );
  }
  return found.sort((a, b) => b.ms - a.ms).map(({ text }) => text);
}

function moreAgents({ state }: Timeline, path: readonly Step[]): string {
  const { maxWorkers, pools } = state.limits;
  const waited = new Set<string>();
  for (const { task, doing } of path) {
    const found = state.tasks.get(task);
    if (doing === 'queued' && found !== undefined) waited.add(poolOfRole(state.start, roleOf(found)));
  }
  const full = [...waited].filter((pool) => pools[pool] !== undefined && (pools[pool] ?? 0) < maxWorkers);
  if (full.length > 0) return `a larger pool for ${full.join(', ')} would help (weft.pools).`;
  return `more than ${counted(maxWorkers, 'agent')} at once would help (weft.maxWorkers).`;
}
