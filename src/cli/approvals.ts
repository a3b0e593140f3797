/** What the person approves beforehand at the command line, and how long is waited for their answer to the rest. */
import { APPROVAL_KINDS, type ApprovalKind, type Approvals, DEFAULT_VERDICTS, VERDICTS, type Verdict } from '../domain/approvals';
import { fail, ok, type Result } from '../domain/failure';
import { MAX_TIMEOUT_SECONDS } from '../domain/plan';
import { DEFAULT_PROTECT } from '../domain/protected';
import { DEFAULT_ANSWER_MINUTES } from '../domain/settings';
import { numberOf } from './numbers';
import type { Values } from './options';

/** Where nobody sits at a terminal, somebody may still answer from another one. */
const UNATTENDED_SECONDS = 300;
const ATTENDED_SECONDS = DEFAULT_ANSWER_MINUTES * 60;
const ANSWER_WITHIN = { least: 1, most: MAX_TIMEOUT_SECONDS, example: '--answer-within 600', note: 'it is in seconds' };

/** `isAttended`: somebody reads what is printed. */
export function approvalsOf(values: Values, isAttended: boolean): Result<Approvals> {
  // Who has a goal planned and run at the command line wants just that.
  const verdicts: Record<ApprovalKind, Verdict> = { ...DEFAULT_VERDICTS, plan: 'allow' };
  for (const one of values.approve ?? []) {
    const [kindText, verdictText] = one.split('=');
    const kind = APPROVAL_KINDS.find((known) => known === kindText);
    const verdict = VERDICTS.find((known) => known === (verdictText ?? 'allow'));
    if (kind === undefined || verdict === undefined)
      return fail(
        'input',
        `--approve ${one} is no kind and verdict.`,
        `Give it as KIND=VERDICT. Kinds: ${APPROVAL_KINDS.join(', ')}; verdicts: ${VERDICTS.join(', ')}.`,
      );
    verdicts[kind] = verdict;
  }
  const said = values['answer-within'];
  const read =
    said === undefined ? ok(isAttended ? ATTENDED_SECONDS : UNATTENDED_SECONDS) : numberOf('--answer-within', said, ANSWER_WITHIN);
  if (!read.ok) return read;
  const { value: seconds } = read;
  const commands = Object.fromEntries((values['allow-command'] ?? []).map((command) => [command, 'allow' as const]));
  return ok({ verdicts, commands, protect: DEFAULT_PROTECT, seconds, landingSeconds: seconds });
}
