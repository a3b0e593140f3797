/** The figures of a run as text: what came of it in numbers, wherever it is told. Pure. */
import { budgetText, isLimited } from '../domain/budget';
import { spentText } from '../domain/cost';
import { counted } from '../domain/figures';
import { STAGE_TEXTS } from '../domain/stageText';
import type { Stage } from '../domain/taskState';
import type { Summary } from './summary';

/** `2 landed, 1 failed, 1 undo or redo in conflict`. */
export function stagesText({ stages, reversals }: Pick<Summary, 'stages' | 'reversals'>): string {
  const parts: string[] = [];
  for (const [kind, word] of Object.entries(STAGE_TEXTS)) {
    const many = stages[kind as Stage['kind']];
    if (many !== undefined) parts.push(`${many} ${word}`);
  }
  if (reversals > 0) parts.push(`${counted(reversals, 'undo or redo', 'undos or redos')} in conflict`);
  return parts.join(', ');
}

/** Names and values, in order; `duration`: milliseconds as text. */
export function figuresOf(summary: Summary, duration: (ms: number) => string): [name: string, value: string][] {
  const { usage, retries, reworks } = summary;
  const share = (part: number) => `${Math.round(100 * part)} %`;
  const number = (value: number) => value.toLocaleString('en');
  return [
    ['tasks', [stagesText(summary), ...madeText(summary)].join(', ')],
    ['wall time', duration(summary.wallMs)],
    ['serial time', `${duration(summary.serialMs)} for one agent after the other`],
    ['speed-up', `${summary.speedUp.toFixed(1)}×`],
    ['efficiency', `${share(summary.efficiency)} of what ${counted(summary.maxWorkers, 'agent')} could do`],
    ['critical path', `${duration(summary.longestMs)} of work on the longest way through the tasks`],
    [
      'tokens',
      `${number(summary.tokens)} (${number(usage.input)} in, ${number(usage.output)} out, ${number(usage.cacheRead)} read from cache, ${number(usage.cacheWrite)} written to it)`,
    ],
    ['cost', costText(summary)],
    ['cache', `${share(summary.cacheShare)} of what was sent`],
    ['retries', reworks === 0 ? String(retries) : `${retries}, and ${counted(reworks, 'rework')}`],
    ['conflicts', conflictsText(summary)],
  ];
}

function costText({ spent, budget, losers }: Summary): string {
  const unknown = spent.unpriced > 0 ? ` (no price is known of ${counted(spent.unpriced, 'token')})` : '';
  const of = isLimited(budget) ? `, of ${budgetText(budget)}` : '';
  const lost = losers.tokens > 0 ? `; ${spentText(losers)} of it for agents that lost their race` : '';
  return `${spentText(spent)}${unknown}${of}${lost}`;
}

/** `0, 2 decided by an arbiter`. */
function conflictsText({ conflicts, settled }: Summary): string {
  const by = { person: 'by you', arbiter: 'by an arbiter', rule: 'by rule' } as const;
  const parts = (['person', 'arbiter', 'rule'] as const).flatMap((one) =>
    settled[one] === 0 ? [] : [`${settled[one]} decided ${by[one]}`],
  );
  return [String(conflicts), ...parts].join(', ');
}

/** `12 spawned by agents`, `3 agents raced`. */
function madeText({ spawned, candidates }: Summary): string[] {
  return [...(spawned > 0 ? [`${spawned} spawned by agents`] : []), ...(candidates > 0 ? [`${counted(candidates, 'agent')} raced`] : [])];
}
