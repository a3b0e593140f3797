/** A synthesis as Markdown: for an editor, and, as it is, for a terminal. Pure. */

import { never } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { findingsOf, findingText } from '../../domain/findings';
import { exactly } from '../../domain/inboxText';
import type { DecidedBy } from '../../domain/settlement';
import { figuresOf } from '../figures';
import type { ConflictStory, Decision } from './conflictStories';
import type { Done, Found, Lost, Next, Synthesis, Who } from './synthesis';

/** How what is to be done is called where the text is read. */
export interface Ways {
  /** Text of models and of files, so that it shows as it is written. */
  readonly quoted: (text: string) => string;
  readonly duration: (ms: number) => string;
  /** What does it: a command to type, or to choose. */
  readonly way: (next: Next, run: string) => string;
}

/** More files of one task are counted. */
const MAX_FILES = 8;
/** A longer summary, or cause of a failure, is cut. */
const MAX_TEXT = 2_000;

export function synthesisText(synthesis: Synthesis, ways: Ways): string {
  const { findings } = synthesis;
  const parts = [
    `# ${ways.quoted(oneLine(synthesis.goal))}`,
    headline(synthesis, ways),
    findingsSection(
      'Security findings',
      findings.filter(({ isSecurity }) => isSecurity),
      ways,
    ),
    findingsSection(
      'Findings',
      findings.filter(({ isSecurity }) => !isSecurity),
      ways,
    ),
    section(
      'Done',
      synthesis.done.map((one) => doneText(one, ways)),
    ),
    section(
      'Not done',
      synthesis.lost.map((one) => lostText(one, ways)),
    ),
    section(
      'Conflicts',
      synthesis.conflicts.map((one) => conflictText(one, ways)),
    ),
    section(
      'Figures',
      figuresOf(synthesis.summary, ways.duration).map(([name, value]) => `- ${name}: ${value}`),
    ),
    section(
      'What to do next',
      synthesis.next.map((one) => `- ${nextText(one, ways)} ${ways.way(one, synthesis.run)}`),
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `## ${title}\n\n${items.join('\n')}`;
}

function findingsSection(title: string, findings: readonly Found[], { quoted }: Ways): string {
  return section(
    title,
    findings.map((one) => `- ${quoted(findingText(one))} (${quoted(oneLine(one.by))})`),
  );
}

function headline({ summary, life, lost, conflicts }: Synthesis, { duration }: Ways): string {
  const { landed = 0, elsewhere = 0 } = summary.stages;
  const open = conflicts.filter(({ end }) => end === 'open').length;
  const facts = [
    landed + elsewhere === summary.tasks
      ? `All of it is done: ${counted(landed, 'task')} landed`
      : `${landed} of ${counted(summary.tasks, 'task')} landed`,
    ...(elsewhere > 0 ? [`${elsewhere} landed by another run`] : []),
    ...(summary.filesChanged > 0 ? [`${counted(summary.filesChanged, 'file')} changed`] : []),
    ...(lost.length > 0 ? [`${lost.length} not done`] : []),
    ...(open > 0 ? [`${counted(open, 'conflict')} to decide`] : []),
    duration(summary.wallMs),
    ...(summary.costUsd === null || summary.costUsd === 0 ? [] : [`$${summary.costUsd.toFixed(summary.costUsd < 0.1 ? 4 : 2)}`]),
  ];
  const now = { running: ' It goes on.', interrupted: ' It was cut off.', finished: '' }[life];
  return `${facts.join(', ')}.${now}`;
}

function whoText({ title, role, model }: Who, { quoted }: Ways): string {
  return `**${quoted(oneLine(title))}** (${quoted(role)}${model === null ? '' : `, ${quoted(model)}`})`;
}

function doneText(done: Done, ways: Ways): string {
  const { summary, files, parts, mended, undone, by } = done;
  const facts = [
    ...(undone ? ['It landed, and was taken back.'] : []),
    ...(by === null ? [] : [`Run ${by} landed it.`]),
    files.length === 0 ? 'It changed nothing.' : `Files: ${fileText(files, ways)}.`,
    ...(parts > 0 ? [`${counted(parts, 'part')} of it ${parts === 1 ? 'was' : 'were'} done by other agents.`] : []),
    ...mended.map((one) => `On the way ${ways.quoted(one)}.`),
  ];
  return item(`${whoText(done, ways)}: ${cut(saidText(summary), ways)}`, [facts.join(' ')]);
}

/** What an agent said of its work, without the findings, which stand above all. */
function saidText(summary: string): string {
  if (summary === '') return 'It said nothing of its work.';
  const lines = summary.split('\n').filter((line) => findingsOf(line).length === 0);
  return lines.join('\n').trim() || 'What it found stands above.';
}

function lostText(lost: Lost, ways: Ways): string {
  const { why, draft } = lost;
  const kept = draft.length === 0 ? [] : [`Its draft is kept: ${fileText(draft, ways)}.`];
  switch (why.kind) {
    case 'failed': {
      const tries = why.attempts > 1 ? [`It was tried ${why.attempts} times.`] : [];
      return item(`${whoText(lost, ways)} failed: ${cut(why.failure.message, ways)}`, [[...tries, ...kept].join(' ')]);
    }
    case 'stopped':
      return item(`${whoText(lost, ways)} was stopped.`, [kept.join(' ')]);
    case 'doomed':
      return item(`${whoText(lost, ways)} was not started, because of “${ways.quoted(oneLine(why.because))}”.`, [kept.join(' ')]);
    case 'unfinished':
      return item(`${whoText(lost, ways)} did not come to its end.`, [kept.join(' ')]);
    default:
      return never(why);
  }
}

const DECISIONS: Readonly<Record<Decision, string>> = {
  kept: 'kept as the workspace had it',
  taken: 'taken as the task had it',
  deleted: 'deleted',
  edited: 'merged by hand',
};

const ENDS: Readonly<Record<ConflictStory['end'], string>> = {
  open: 'It waits for you.',
  resolved: 'You decided it.',
  again: 'The task was worked on anew.',
  discarded: 'The task’s work was left out.',
  elsewhere: 'An arbiter decided it in another run.',
  calledOff: 'It was called off, and all is as it was.',
};

const INTENTS: Readonly<Record<ConflictStory['intent'], string>> = { land: '', undo: 'undoing ', redo: 'redoing ' };

/** Who decided a conflict, where that was not the person. */
function settledText(by: DecidedBy, { quoted }: Ways): string {
  if (by.kind === 'arbiter') return 'An arbiter decided it.';
  const files = by.files.map(({ path, role, over }) => `${quoted(exactly(path))}: ${quoted(role)} before ${quoted(over.join(', '))}`);
  return `The order of roles decided it (${files.join('; ')}).`;
}

function conflictText(story: Synthesis['conflicts'][number], ways: Ways): string {
  const { title, intent, files, end, settled, left } = story;
  const { quoted } = ways;
  const places = files.map(({ path, by, decision }) => {
    const how = decision === null ? '' : `, ${DECISIONS[decision]}`;
    return `${quoted(exactly(path))} with ${by === 'Your edits' ? 'your edits' : `“${quoted(oneLine(by))}”`}${how}`;
  });
  const who = settled === null ? ENDS[end] : settledText(settled, ways);
  const why = left === '' ? [] : [`Others could not decide it: ${quoted(oneLine(left))}`];
  return `- ${INTENTS[intent]}**${quoted(oneLine(title))}**: ${[`${places.join('; ')}.`, ...why, who].join(' ')}`;
}

function nextText(next: Next, { quoted }: Ways): string {
  switch (next.kind) {
    case 'answer':
      return `Answer what agents ask: ${counted(next.items, 'item')} in the inbox.`;
    case 'budget':
      return 'The budget is used up: raise it, and agents go on where they were.';
    case 'resume':
      return 'Go on with the run where it was cut off.';
    case 'decide':
      return `Decide the conflict of “${quoted(oneLine(next.title))}”.`;
    case 'held':
      return `Say whether “${quoted(oneLine(next.title))}” lands.`;
    case 'retry':
      return `Retry “${quoted(oneLine(next.title))}”.${next.fix === '' ? '' : ` ${quoted(oneLine(next.fix))}`}`;
    case 'arbitrate':
      return `The conflict of the earlier run is not decided.${next.fix === '' ? '' : ` ${quoted(oneLine(next.fix))}`}`;
    case 'rest':
      return `Have the rest planned anew, from what is there and what went wrong (${counted(next.tasks, 'task')}).`;
    case 'findings':
      return next.count === 1 ? 'See whether the finding is still open.' : `See which of the ${next.count} findings are still open.`;
    case 'handOver':
      return 'Look at what changed, then hand it on.';
    default:
      return never(next);
  }
}

/** As approvals show them: a name of several lines is one. */
function fileText(files: readonly string[], { quoted }: Ways): string {
  const shown = files.slice(0, MAX_FILES).map((path) => quoted(exactly(path)));
  const more = files.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** An item of a list, with lines of its own below it. */
function item(head: string, below: readonly string[]): string {
  const lines = [head, ...below.filter((text) => text !== '')].flatMap((text) => text.split('\n'));
  return lines.map((line, at) => (at === 0 ? `- ${line}` : line === '' ? '' : `  ${line}`)).join('\n');
}

function cut(text: string, { quoted }: Ways): string {
  const plain = text.trim();
  return quoted(plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
