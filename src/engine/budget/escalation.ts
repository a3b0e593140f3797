/** A budget that is used up waits in the inbox, too: the person raises it there, or leaves it. */
import { type Budget, budgetText, budgetWith, WHOLE_RUN } from '../../domain/budget';
import { budgetOf } from '../../domain/cost';
import type { RunEvent } from '../../domain/event';
import { openItems } from '../../domain/reduceInbox';
import type { RunState } from '../../domain/run';
import { type Inbox, keyOf } from '../acts/inbox';
import type { RunRecord } from '../journal/record';
import { raising } from './raising';

const LEAVE = 'Leave it as it is';

interface EscalationPorts {
  readonly record: RunRecord;
  readonly inbox: Pick<Inbox, 'put' | 'answer'>;
}

/** From now on what is used up is asked about, once for each budget; what comes back ends that. */
export function escalateBudgets({ record, inbox }: EscalationPorts): () => void {
  /** What is asked, by the item. */
  const asked = new Map<string, { readonly of: string | undefined; readonly budget: Budget }>();
  for (const [account, { is }] of record.state.standings) {
    const of = account === WHOLE_RUN ? undefined : account;
    const item = openItems(record.state).find(({ key }) => key === keyFor(record.state, of));
    // Another process asked, before this one took the run over.
    if (is === 'gone' && item !== undefined) asked.set(item.id, { of, budget: doubled(budgetOf(record.state, of)) });
  }
  const hear = (event: RunEvent) => {
    const { state } = record;
    if (event.type === 'run.outOfBudget') {
      const { of } = event;
      const before = budgetOf(state, of);
      const budget = doubled(before);
      const whose = of === undefined ? 'the run' : `“${state.tasks.get(of)?.task.title ?? of}”`;
      const title = `The budget of ${whose} (${budgetText(before)}) is used up`;
      const detail = `${budgetText(event.spent)} is spent, and the next turn may cost more than is left. Its agents have wrapped up, and what they did is kept; with more, they go on where they were.`;
      const ask = { kind: 'decision' as const, title, detail, options: [raiseText(budget), LEAVE] };
      const item = inbox.put({ ask, key: keyFor(state, of), seconds: null }, null, null);
      asked.set(item, { of, budget });
    } else if (event.type === 'inbox.answered') {
      const about = asked.get(event.item);
      asked.delete(event.item);
      if (about === undefined || event.answer.kind !== 'said' || event.answer.text !== raiseText(about.budget)) return;
      // It was raised otherwise, and this is how that is told.
      if (state.standings.get(about.of ?? WHOLE_RUN)?.is !== 'gone') return;
      const raised = raising(state, about.of ?? WHOLE_RUN, about.budget);
      if (raised.ok) for (const happening of raised.value) record.emit(happening);
    } else if (event.type === 'run.budgeted') {
      for (const [item, { of, budget }] of asked) {
        if (of === event.of && openItems(state).some(({ id }) => id === item))
          inbox.answer(item, { kind: 'said', text: raiseText(budget) });
      }
    }
  };
  return record.listen(hear);
}

function keyFor(state: RunState, of: string | undefined): string {
  return keyOf(state.start.run, 'budget', of ?? WHOLE_RUN, budgetOf(state, of));
}

function raiseText(budget: Budget): string {
  return `Raise it to ${budgetText(budget)}`;
}

function doubled({ usd, tokens }: Budget): Budget {
  const twice = (amount: number | undefined) => (amount === undefined ? undefined : 2 * amount);
  return budgetWith(twice(usd), twice(tokens));
}
