/** What agents ask of their host: each act passes the gate, waits for the person where it has to, and is done by its executor. */
import { type ActAnswer, type ActOf, type ActRequest, NO_OFFERS, type Offers } from '../../domain/act';
import { type Approvals, type Verdict, verdictOn } from '../../domain/approvals';
import { cancelled, fail, never, ok, type Result } from '../../domain/failure';
import type { Answer, Ask, Item } from '../../domain/inbox';
import type { TaskId } from '../../domain/plan';
import { redacted } from '../../domain/secrets';
import { commandEnvironment } from '../../repo/commands/command';
import type { Repository } from '../../repo/repository';
import { rootText } from '../../repo/root';
import type { Live } from '../agents/live';
import type { RunRecord } from '../journal/record';
import { keepDraft } from '../landing/landing';
import { onlyFiles } from './draftFiles';
import { answerFor, verdictOf } from './gate';
import { type Inbox, keyOf } from './inbox';

/** For whom an act is done. */
export interface ActContext {
  readonly run: string;
  readonly task: TaskId;
  readonly title: string;
  /** Commit that the task's draft began from, and the draft as it is, on top of that; null where nothing is changed. */
  readonly base: string;
  readonly draft: string | null;
  readonly call: string;
  /** Says what is done now, in a few words for a person. */
  readonly step: (text: string) => void;
  /** Shows what a command prints. */
  readonly output: (text: string) => void;
}

/** Does an act that was let through. What it fails with the agent is told, as of any tool. */
export type Executor<Kind extends 'command' | 'diagnostics' | 'mcp'> = (
  act: ActOf<Kind>,
  context: ActContext,
  signal: AbortSignal,
) => Promise<Result<ActAnswer>>;

/** A tool of a server; `asks`: whether it is one that needs leave. */
export interface McpTool {
  readonly server: string;
  readonly tool: string;
  readonly description: string;
  readonly inputSchema: Record<string, unknown>;
  readonly asks: boolean;
}

/** What acts are possible in a run, and what the person set about them; read at each act. */
export interface ActPorts {
  readonly approvals: () => Approvals;
  readonly command?: Executor<'command'> | undefined;
  readonly diagnostics?: Executor<'diagnostics'> | undefined;
  readonly mcp?: { readonly tools: () => readonly McpTool[]; readonly call: Executor<'mcp'> } | undefined;
}

interface Ports {
  readonly record: RunRecord;
  readonly repo: Repository;
  readonly inbox: Inbox;
  readonly live: Pick<Live, 'print'>;
  /** Absent: agents are offered nothing, and nothing needs leave. */
  readonly acts: ActPorts | undefined;
}

export class Acts {
  /** Approvals for once that were made use of, by item and task: the process may end before what came of them is kept, this one not. */
  private readonly used = new Set<string>();

  constructor(private readonly ports: Ports) {}

  /** What a task's agent is offered. */
  offers(): Offers {
    const { acts } = this.ports;
    if (acts === undefined) return NO_OFFERS;
    const { verdicts, commands } = acts.approvals();
    const mayRun = verdicts.command !== 'deny' || Object.values(commands).some((verdict) => verdict !== 'deny');
    return {
      commands: acts.command !== undefined && mayRun,
      questions: verdicts.question !== 'deny',
      diagnostics: acts.diagnostics !== undefined,
      mcp: (acts.mcp?.tools() ?? [])
        .filter(({ asks }) => !asks || verdicts.mcp !== 'deny')
        .map(({ server, tool, description, inputSchema }) => ({ server, tool, description, inputSchema })),
    };
  }

  /** As {@link Host.act}, for the agent of a task. */
  async act(id: TaskId, request: ActRequest, signal: AbortSignal): Promise<Result<ActAnswer>> {
    const { acts } = this.ports;
    const { act } = request;
    if (signal.aborted || this.ports.record.state.tasks.get(id)?.stage.kind !== 'running') return cancelled;
    const kept = await this.keep(id, request.draft);
    if (!kept.ok) return kept;
    switch (act.kind) {
      case 'question':
        return this.question(id, { ...request, act }, signal);
      case 'command': {
        const run = acts?.command;
        if (acts === undefined || run === undefined) return unavailable('Commands cannot be run here.');
        if (hasSecret(act.command)) return secretFailure('command');
        const folder = rootText(this.ports.repo.root);
        const environment = Object.entries(commandEnvironment(process.env, { path: '', temp: '' })).sort(([a], [b]) => (a < b ? -1 : 1));
        const key = keyOf(this.run, 'command', act.command, folder, environment);
        const gate = {
          set: verdictOn(act.command, acts.approvals()),
          ask: { kind: 'command', command: act.command, folder } as const,
          key,
        };
        const passed = await this.pass(id, request, gate, signal);
        return passed.ok ? this.done(id, request, key, (context) => run(act, context, signal)) : passed;
      }
      case 'diagnostics': {
        const look = acts?.diagnostics;
        if (look === undefined) return unavailable('There is no editor here that could tell.');
        const context = this.context(id, request);
        const files = await onlyFiles(this.ports.repo, context.draft ?? context.base, act.paths);
        return files.ok ? look(act, context, signal) : files;
      }
      case 'mcp': {
        const { server, tool, input } = act;
        const known = acts?.mcp?.tools().find((one) => one.server === server && one.tool === tool);
        if (acts?.mcp === undefined || known === undefined) return unavailable(`There is no tool “${tool}” of a server “${server}” here.`);
        const { call } = acts.mcp;
        const text = JSON.stringify(input);
        if (known.asks && hasSecret(text)) return secretFailure('input');
        const key = keyOf(this.run, 'mcp', server, tool, text);
        const set = known.asks ? acts.approvals().verdicts.mcp : 'allow';
        const passed = await this.pass(id, request, { set, ask: { kind: 'mcp', server, tool, input: text }, key }, signal);
        return passed.ok ? this.done(id, request, key, (context) => call(act, context, signal)) : passed;
      }
      default:
        return never(act);
    }
  }

  /** The agent of a task begins: what was approved for once and not kept is made again. */
  began(id: TaskId): void {
    for (const key of this.used) if (key.startsWith(`${id}\n`)) this.used.delete(key);
  }

  private get run(): string {
    return this.ports.record.state.start.run;
  }

  private async question(id: TaskId, { call, draft, act }: ActRequest & { act: ActOf<'question'> }, signal: AbortSignal) {
    const { question, options } = act;
    const { acts, record, inbox } = this.ports;
    if (acts === undefined || acts.approvals().verdicts.question === 'deny')
      return unavailable('The person is not to be asked in this run.');
    const key = keyOf(this.run, 'question', question.trim(), options);
    const before = answerFor(record.state, { task: id, call, key }, () => false);
    const ask: Ask = { kind: 'question', question, options };
    const { seconds } = acts.approvals();
    const answer = before === undefined ? await inbox.ask(id, { call, draft, ask, key, seconds }, signal) : ok(before);
    return answer.ok ? ok(toldOf(answer.value)) : answer;
  }

  /** Resolves when an act may be done; fails with what the agent is told where it may not. */
  private async pass(
    id: TaskId,
    { call, draft }: ActRequest,
    { set, ask, key }: { readonly set: Verdict; readonly ask: Ask; readonly key: string },
    signal: AbortSignal,
  ): Promise<Result<void>> {
    const { acts, inbox, record } = this.ports;
    if (acts === undefined) return unavailable('It is not possible here.');
    const before = answerFor(record.state, { task: id, call, key }, (item) => this.used.has(usedKey(id, call, item)));
    switch (verdictOf(set, before)) {
      case 'allow':
        return ok();
      case 'deny':
        return refused(before ?? { kind: 'denied', reason: '' }, before === undefined);
      case 'ask': {
        const answer = await inbox.ask(id, { call, draft, ask, key, seconds: acts.approvals().seconds }, signal);
        if (!answer.ok) return answer;
        return answer.value.kind === 'approved' ? ok() : refused(answer.value, false);
      }
    }
  }

  private done(id: TaskId, request: ActRequest, key: string, run: (context: ActContext) => Promise<Result<ActAnswer>>) {
    for (const item of this.ports.record.state.inbox.values()) if (item.key === key) this.used.add(usedKey(id, request.call, item));
    return run(this.context(id, request));
  }

  private context(id: TaskId, { call, draft }: ActRequest): ActContext {
    const { record, live } = this.ports;
    const { task, work } = record.state.tasks.get(id) ?? {};
    const step = (text: string) => {
      if (record.state.tasks.get(id)?.stage.kind === 'running') record.emit({ type: 'task.step', task: id, step: text });
    };
    const output = (text: string) => live.print(id, text);
    return { run: this.run, task: id, title: task?.title ?? id, base: work?.base ?? '', draft, call, step, output };
  }

  private keep(id: TaskId, draft: string | null): Promise<Result<void>> | Result<void> {
    return draft === null ? ok() : keepDraft(this.ports.repo, this.run, id, draft);
  }
}

function hasSecret(text: string): boolean {
  return redacted(text) !== text;
}

/** Nobody could be shown what they give leave for: no secret stands in a journal, and what takes its place could hide anything. */
function secretFailure(what: 'command' | 'input'): Result<never> {
  return fail('denied', `There is what looks like a secret in this ${what}.`, `Write the ${what} without it.`);
}

function usedKey(task: TaskId, call: string, { id }: Item): string {
  return `${task}\n${call}\n${id}`;
}

function unavailable(what: string): Result<never> {
  return fail('input', what, 'Go on without it, and say in your summary what you could not do.');
}

/** What an agent is told that may not act. */
function refused(answer: Answer, byRule: boolean): Result<never> {
  const fix = 'Do not ask for the same again. Go on without it, and say in your summary what you could not do.';
  if (answer.kind === 'expired') return fail('denied', 'Nobody answered in time whether you may do this, so you may not.', fix);
  if (byRule) return fail('denied', 'The person’s settings do not allow this.', fix);
  const reason = answer.kind === 'denied' && answer.reason !== '' ? ` They say: ${answer.reason}` : '';
  return fail('denied', `The person does not allow this.${reason}`, fix);
}

/** What an agent is told that asked a question. */
function toldOf(answer: Answer): ActAnswer {
  switch (answer.kind) {
    case 'said':
      return { text: `The person answered: ${answer.text}`, isError: false };
    case 'expired':
      return { text: 'Nobody answered in time. Decide yourself, and say in your summary what you decided.', isError: false };
    default: {
      const reason = answer.kind === 'denied' && answer.reason !== '' ? ` They say: ${answer.reason}` : '';
      return {
        text: `The person does not answer this.${reason} Decide yourself, and say in your summary what you decided.`,
        isError: false,
      };
    }
  }
}
