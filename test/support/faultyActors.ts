/** Who asks a model in a run: a planner, an agent, an arbiter, each on a server of its turns, over real HTTP, of which one meets a fault. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { anthropicModel } from '../../src/model/anthropic';
import { type RunModel, runModel } from '../../src/model/runModel';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { SharedModels } from '../../src/model/sharedModels';
import type { Time } from '../../src/model/time';
import { type Fault, serveFaults } from './faultyServer';
import { hastyTime } from './handTime';
import { afterThisTest } from './sandbox';

const LONG = 60;

const requestSchema = z.looseObject({ messages: z.array(z.unknown()), tools: z.array(z.looseObject({ name: z.string() })) });

/** `refused`: nobody listens where the request goes. A turn is what the model says instead of its own. */
export type Trouble = Fault | Turn | 'refused';

export interface ActorsOptions {
  /** What each says, by the id of its task; of the planner, `planner`. */
  readonly turns: Readonly<Record<string, readonly Turn[]>>;
  readonly trouble: Trouble;
  /** Whether the nth request (from 1) of somebody meets it. */
  readonly meets: (who: string, nth: number) => boolean;
  /** Awaited before somebody's nth request is answered. */
  readonly before?: (who: string, nth: number) => Promise<void>;
}

/**
 * Time in which every pause is over at once and counts for long, so that an hour of patience is over after a few; but a stream is silent only
 * when its server says nothing more.
 */
function patientTime(): Time & { silent(): void } {
  const hasty = hastyTime();
  let silence = 0;
  const listening = new Set<() => void>();
  return {
    ...hasty,
    elapsed: () => hasty.elapsed() * LONG + silence,
    // Only whoever listens for silence waits that long: the gate waits half a minute at most.
    wait: (ms, signal) => {
      if (ms <= 60_000) return hasty.wait(ms, signal);
      return new Promise((resolve) => {
        const over = () => {
          listening.delete(over);
          resolve();
        };
        listening.add(over);
        signal.addEventListener('abort', over, { once: true });
      });
    },
    silent: () => {
      silence += 3_600_000;
      for (const over of [...listening]) over();
    },
  };
}

/** What they ask: the whole pipeline before the server. */
export async function faultyActors({ turns, trouble, meets, before = async () => undefined }: ActorsOptions): Promise<RunModel> {
  const asked = new Map<string, number>();
  const answered = new Map<string, number>();
  const time = patientTime();
  const turnOf = (who: string): Turn => turns[who]?.[answered.get(who) ?? 0] ?? { say: `There is no such turn of ${who}.` };
  const faultOf = (body: string): Fault => {
    const who = whoAsks(body);
    const nth = (asked.get(who) ?? 0) + 1;
    asked.set(who, nth);
    return async (outgoing, _events, silent) => {
      await before(who, nth);
      if (meets(who, nth) && typeof trouble === 'function') return trouble(outgoing, () => eventsOf(turnOf(who), body), silent);
      if (meets(who, nth) && typeof trouble === 'object') return say(outgoing, await eventsOf(trouble, body));
      const events = await eventsOf(turnOf(who), body);
      answered.set(who, (answered.get(who) ?? 0) + 1);
      return say(outgoing, events);
    };
  };
  const server = await serveFaults(faultOf, async () => new Response(), time.silent);
  afterThisTest(() => void server.close());
  const nowhere = trouble === 'refused' ? await closedPort() : '';
  const fetched = async (request: Request): Promise<Response> => {
    if (nowhere === '') return fetch(request);
    const body = await request.clone().text();
    const who = whoAsks(body);
    const nth = (asked.get(who) ?? 0) + 1;
    if (!meets(who, nth)) return fetch(request);
    asked.set(who, nth);
    return fetch(new Request(request.url.replace(server.url, nowhere), { method: 'POST', body }));
  };
  const source = anthropicModel({ baseUrl: server.url, key: 'the-key', fetch: fetched });
  const shared = new SharedModels(time);
  return runModel({ source, door: 'the door', shared, prices: {}, fallbacks: [], record: undefined });
}

function whoAsks(body: string): string {
  const { messages, tools } = requestSchema.parse(JSON.parse(body));
  if (!tools.some(({ name }) => name === 'finish')) return 'planner';
  return /Task: ([\w.-]+)/.exec(JSON.stringify(messages[0]))?.[1] ?? '';
}

/** The events that stream a turn. */
async function eventsOf(turn: Turn, body: string): Promise<string[]> {
  const { output_config: _, ...request } = requestSchema.parse(JSON.parse(body));
  const scenario = scenarioSchema.parse({ otherwise: new Array(request.messages.length).fill(turn) });
  const model = scriptedModel(scenario, { paceMs: 0, wait: async () => undefined });
  // Whatever is asked, it is a turn that nobody's task is named for.
  const plain = JSON.stringify(request).replaceAll('Task: ', 'Task ');
  const response = await model(new Request('http://weft.invalid/v1/messages', { method: 'POST', body: plain }));
  return (await response.text()).split(/(?<=\n\n)/);
}

function say(outgoing: ServerResponse, events: readonly string[]): void {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
  outgoing.end(events.join(''));
}

/** An address at which nobody listens any more. */
async function closedPort(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
