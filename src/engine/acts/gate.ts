/** Whether an act may be done: by what the person set, by what they answered before in this run, or only when they are asked. Pure. */
import type { Verdict } from '../../domain/approvals';
import type { Answer, Item } from '../../domain/inbox';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';

/** Who wants to act. `used`: approvals for once that were made use of, by item, task and call. */
export interface Wanting {
  readonly task: TaskId;
  /** null: its landing. */
  readonly call: string | null;
  readonly key: string;
}

/** What the person has answered already that holds for this: the answer to this very call, or one that reaches further. */
export function answerFor(
  state: Pick<RunState, 'inbox'>,
  { task, call, key }: Wanting,
  isUsed: (item: Item) => boolean,
): Answer | undefined {
  const answered = [...state.inbox.values()].filter((item) => item.key === key && item.answer !== null).reverse();
  for (const item of answered) {
    const { answer, askers } = item;
    const isMine = askers.some((one) => one.task === task && one.call === call);
    const isOurs = askers.some((one) => one.task === task);
    switch (answer?.kind) {
      case 'approved':
        if (answer.scope === 'run' || (answer.scope === 'agents' && isOurs) || (isMine && !isUsed(item))) return answer;
        break;
      case 'said':
        // Who asks the same later gets the same answer.
        return answer;
      case 'denied':
      case 'expired':
        // Else an agent could ask until somebody yields.
        if (isOurs) return answer;
        break;
      default:
    }
  }
  return undefined;
}

/** What the person set, and what they said. */
export function verdictOf(set: Verdict, said: Answer | undefined): Verdict {
  // A rule that denies holds for what was approved before it was made, too.
  if (set !== 'ask' || said === undefined) return set;
  return said.kind === 'approved' ? 'allow' : 'deny';
}
