/** What waits for the person in a run: agents that ask wait without a place, equal asks are one item, and what nobody answers in time expires. */
import { createHash } from 'node:crypto';
import { cancelled, fail, ok, type Result } from '../../domain/failure';
import type { Answer, Ask, Item } from '../../domain/inbox';
import type { TaskId } from '../../domain/plan';
import { openItems } from '../../domain/reduceInbox';
import type { RunState } from '../../domain/run';
import type { Time } from '../../model/time';
import type { RunRecord } from '../journal/record';
import { limitItem } from '../schedule/timeLimit';

export interface Asking {
  readonly ask: Ask;
  /** The same for what is equal. */
  readonly key: string;
  /** After so many seconds without an answer it expires; null: never. */
  readonly seconds: number | null;
}

export class Inbox {
  /** Agents that wait for an answer. */
  private readonly waiting = new Map<TaskId, (answer: Result<Answer>) => void>();
  /** Ends the time limits of what is open. */
  private readonly limits = new Map<string, () => void>();
  private unlisten: (() => void) | undefined;

  constructor(private readonly ports: { readonly record: RunRecord; readonly time: Pick<Time, 'elapsed' | 'wait'> }) {}

  /** From now on what is open expires in its time; after a crash that begins anew. */
  begin(): void {
    const look = (state: RunState) => {
      const open = openItems(state);
      for (const item of open) this.limit(item);
      for (const [id, end] of this.limits) {
        if (open.some((item) => item.id === id)) continue;
        end();
        this.limits.delete(id);
      }
    };
    look(this.ports.record.state);
    this.unlisten = this.ports.record.listen((event, state) => {
      if (state.inbox.size > 0 && event.type !== 'task.step' && event.type !== 'task.turn') look(state);
    });
  }

  close(): void {
    this.unlisten?.();
    for (const end of this.limits.values()) end();
    this.limits.clear();
  }

  /**
   * The agent of a task that is at work waits, and gives its place back, until there is an answer and a place for it again. A call that was made
   * before, by an agent whose process went, finds the answer that there was.
   */
  async ask(
    id: TaskId,
    asked: Asking & { readonly call: string; readonly draft: string | null },
    signal: AbortSignal,
  ): Promise<Result<Answer>> {
    const { state } = this.ports.record;
    const { call, draft, ...asking } = asked;
    if (signal.aborted || state.phase === 'stopping' || state.tasks.get(id)?.stage.kind !== 'running') return cancelled;
    const answered = new Promise<Result<Answer>>((resolve) => {
      this.waiting.set(id, resolve);
      signal.addEventListener('abort', () => resolve(cancelled), { once: true });
    });
    this.put(asking, { task: id, call }, draft);
    return answered;
  }

  /** A task that is done waits with its landing. */
  hold(id: TaskId, asking: Asking): void {
    this.put(asking, { task: id, call: null }, null);
  }

  /** The run itself asks, and goes on meanwhile. What comes back is the item's id. */
  put({ ask, key, seconds }: Asking, by: { readonly task: TaskId; readonly call: string | null } | null, draft: string | null): string {
    const { record } = this.ports;
    const same = openItems(record.state).find((item) => item.key === key);
    const item = same?.id ?? String(record.state.inbox.size + 1);
    if (same === undefined || by !== null) record.emit({ type: 'inbox.asked', item, key, by, draft, ask, seconds });
    return item;
  }

  /** Whether the agent of a task is here and waits for an answer. */
  isWaiting(id: TaskId): boolean {
    return this.waiting.has(id);
  }

  /** There is an answer, and a place: the agent goes on. */
  resume(id: TaskId): void {
    const { record } = this.ports;
    const stage = record.state.tasks.get(id)?.stage;
    const answer = stage?.kind === 'asking' ? record.state.inbox.get(stage.item)?.answer : undefined;
    const resolve = this.waiting.get(id);
    if (answer == null || resolve === undefined) return;
    this.waiting.delete(id);
    record.emit({ type: 'task.resumed', task: id });
    resolve(ok(answer));
  }

  /** The agent of a task has ended. */
  ended(id: TaskId): void {
    this.waiting.get(id)?.(cancelled);
    this.waiting.delete(id);
  }

  /** The person's answer. Fails where nobody waits for it any more, and where it does not fit what was asked. */
  answer(id: string, answer: Answer): Result<void> {
    const { record } = this.ports;
    const open = openItems(record.state);
    const item = open.find((one) => one.id === id);
    if (item === undefined) {
      const others = open.length === 0 ? 'Nothing does now.' : `What does: ${open.map((one) => one.id).join(', ')}.`;
      return fail('input', `Nothing waits for an answer as ${id} in run ${record.state.start.run}.`, others);
    }
    const fitting = checkAnswer(item, answer);
    if (fitting.ok) record.emit({ type: 'inbox.answered', item: id, answer });
    return fitting;
  }

  private limit(item: Item): void {
    if (item.seconds === null || this.limits.has(item.id)) return;
    const { record, time } = this.ports;
    const onOver = () => {
      if (openItems(record.state).some(({ id }) => id === item.id))
        record.emit({ type: 'inbox.answered', item: item.id, answer: { kind: 'expired' } });
    };
    this.limits.set(item.id, limitItem({ record, time, seconds: item.seconds, onOver }));
  }
}

/** What is asked for as a choice is answered by one of the options; what is asked for as leave, by yes or no. */
function checkAnswer({ ask }: Item, answer: Answer): Result<void> {
  if (answer.kind === 'expired') return fail('input', 'Only time makes it expire.', 'Answer it, or deny it.');
  switch (ask.kind) {
    case 'question':
      if (answer.kind === 'denied' || (answer.kind === 'said' && answer.text.trim() !== '')) return ok();
      return fail('input', 'It is a question, and the answer says nothing.', 'Answer it in words, or with one of its options.');
    case 'decision':
      if (answer.kind === 'said' && ask.options.includes(answer.text)) return ok();
      return fail('input', 'It is a choice.', `Answer with one of these: ${ask.options.join(', ')}.`);
    default:
      if (answer.kind === 'approved' || answer.kind === 'denied') return ok();
      return fail('input', 'It asks for leave.', 'Approve it, or deny it.');
  }
}

/** The same for what is equal in one run, and for nothing else: no two different facts give the same text. */
export function keyOf(run: string, ...facts: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([run, ...facts]))
    .digest('hex');
}
