/** Which acts need the person's leave: by kind, and of commands by rules. Pure. */
import { isAllowed } from './commands';

/** The person is asked, or it is as if they had said yes, or no. */
export const VERDICTS = ['ask', 'allow', 'deny'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What the person may be asked about. A plan is one that a model made: whoever asks for it reads it, and runs it. */
export const APPROVAL_KINDS = ['plan', 'command', 'mcp', 'protected', 'landing', 'question'] as const;
export type ApprovalKind = (typeof APPROVAL_KINDS)[number];

/** What lands can be undone, what a command does outside of its folder cannot. */
export const DEFAULT_VERDICTS: Readonly<Record<ApprovalKind, Verdict>> = {
  plan: 'ask',
  command: 'ask',
  mcp: 'ask',
  protected: 'ask',
  landing: 'allow',
  question: 'ask',
};

export interface Approvals {
  /** `question`: whether agents may ask at all; who allows them answers. */
  readonly verdicts: Readonly<Record<ApprovalKind, Verdict>>;
  /** By pattern with `*`. */
  readonly commands: Readonly<Record<string, Verdict>>;
  /** Globs of files that no task changes without leave. */
  readonly protect: readonly string[];
  /** How long an agent waits for an answer; then it is told that none came, and goes on. null: for ever. */
  readonly seconds: number | null;
  /** As {@link seconds}, for what waits to land. */
  readonly landingSeconds: number | null;
}

/**
 * What holds for a command. A rule that allows says all of the command, as `isAllowed` reads it; one that asks or denies holds where any part of
 * it fits, and goes before: nothing gets past it by standing behind `&&`, in a pipe or in `$()`.
 */
export function verdictOn(command: string, { verdicts, commands }: Pick<Approvals, 'verdicts' | 'commands'>): Verdict {
  const rules = Object.entries(commands);
  const parts = partsOf(command);
  const hits = (verdict: Verdict) => rules.some(([pattern, then]) => then === verdict && parts.some((part) => fits(part, pattern)));
  if (hits('deny')) return 'deny';
  if (hits('ask')) return 'ask';
  const allowing = rules.flatMap(([pattern, then]) => (then === 'allow' ? [pattern] : []));
  return isAllowed(command, allowing) ? 'allow' : verdicts.command;
}

/** A command as a shell might take it apart, and all of it; rather too many parts than too few. */
function partsOf(command: string): string[] {
  const within = INNER_SHELL.test(command) ? command.split(/["']/) : [];
  return [command, ...within]
    .flatMap((text) => [text, ...text.split(/[;&|\n\r`(){}<>]+|\$\(|\s-(?:exec|execdir|ok)\s/)])
    .flatMap((part) => readings(part.trim().replace(/\s+/g, ' ')));
}

/** What it is given in quotes is a command. */
const INNER_SHELL = /(?:^|[\s/\\])(?:(?:ba|da|z|k)?sh\s.*-\w*c|eval)\s/s;
/** What may stand before a command: a shell's own words, programs that start another one, and variables. */
const BEFORE =
  /^(?:(?:then|do|else|elif|if|while|until|!|time|exec|command|builtin|eval|env|sudo|doas|nohup|nice|setsid|xargs)(?: -\S+)* |\w+=\S* )/;

/** A part as it stands, without what stands before its command, and with that by its bare name: `then \rm x` and `X=1 /bin/rm x` are `rm x`. */
function readings(part: string): string[] {
  const all = [part];
  for (let rest = part; ; ) {
    const [word = ''] = rest.split(' ', 1);
    all.push(rest, word.replace(/["'\\]/g, '').replace(/^.*\//, '') + rest.slice(word.length));
    const before = BEFORE.exec(rest)?.[0];
    if (before === undefined) return all;
    rest = rest.slice(before.length);
  }
}

/** Here `*` stands for anything. `rm *` fits a bare `rm`, too. */
function fits(part: string, pattern: string): boolean {
  const words = pattern.trim().replace(/\s+/g, ' ');
  const source = words.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`, 's').test(part) || (words.endsWith(' *') && part === words.slice(0, -2));
}
