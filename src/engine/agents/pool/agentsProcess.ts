/** A process of agents, from outside: its beginning, its jobs, whether it lives, and its end. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { never } from '../../../domain/failure';
import type { Host, Outcome } from '../worker';
import { processEnvironment } from './environment';
import { type Assignment, HELLO, type ToHost, type ToProcess, toHostSchema } from './protocol';
import { openWire } from './wire';

/** How long a process may take to end when it is told to; its agents keep what they have meanwhile. */
const GRACE_MS = 5_000;
/** A process that begins may take so many times longer to say its first word: it reads its code from a disk that may be busy. */
const BEGINNING = 3;
/** How far agents and their git stand behind the host for the processor: fifty that stream at once must not hold an editor up. */
const NICENESS = 5;
/** So much is kept of what a process wrote to its standard error, to say why it ended. */
const LAST_WORDS = 8 * 1024;

/** How a job ended: as its worker says, or with its process, which is said in words that go on after “the process”. */
export type Ending = { readonly kind: 'outcome'; readonly outcome: Outcome } | { readonly kind: 'lost'; readonly why: string };

interface Under {
  readonly host: Host;
  readonly end: (ending: Ending) => void;
  readonly broke: (thrown: unknown) => void;
}

export class AgentsProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly say: (message: ToProcess) => void;
  private readonly jobs = new Map<number, Under>();
  private given = 0;
  /** Looks at it since it was last heard. */
  private silent = 0;
  private heard = false;
  private lastWords = '';
  /** Why it was killed, where it was. */
  private blame: string | undefined;
  private open = true;
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>;

  /** `entry`: the script that serves jobs. */
  constructor(entry: string) {
    this.child = spawn(process.execPath, [entry], { env: processEnvironment(process.env), stdio: 'pipe', windowsHide: true });
    makeWay(this.child.pid);
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.lastWords = (this.lastWords + chunk.toString()).slice(-LAST_WORDS);
    });
    this.say = openWire<ToProcess, ToHost>({
      input: this.child.stdout,
      output: this.child.stdin,
      schema: toHostSchema,
      hear: (message) => this.hear(message),
      refuse: (why) => this.kill(`sent ${why}`),
    });
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.blame ??= `could not be started: ${error.message}`;
      });
      this.child.on('close', (code, signal) => {
        this.open = false;
        const why = this.blame ?? endText(code, signal, this.lastWords);
        for (const job of this.jobs.values()) job.end({ kind: 'lost', why });
        this.jobs.clear();
        resolve();
      });
    });
    this.say(HELLO);
  }

  /** Whether it takes jobs. */
  get isOpen(): boolean {
    return this.open;
  }

  get load(): number {
    return this.jobs.size;
  }

  /** Rejects where the worker breaks, or the host does not take a report. */
  run(assignment: Assignment, host: Host, signal: AbortSignal): Promise<Ending> {
    const id = ++this.given;
    return new Promise<Ending>((resolve, reject) => {
      const abort = () => this.say({ type: 'abort', id });
      const over = () => {
        signal.removeEventListener('abort', abort);
        this.jobs.delete(id);
      };
      this.jobs.set(id, {
        host,
        end: (ending) => {
          over();
          resolve(ending);
        },
        broke: (thrown) => {
          over();
          reject(thrown);
        },
      });
      this.say({ type: 'start', id, assignment });
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  /**
   * To be called at equal intervals of `everyMs`: ends it when it has not been heard at so many in a row. Counted by calls: while the host
   * is busy or the machine asleep there are none, and nobody can answer.
   */
  look(most: number, everyMs: number): void {
    const patience = this.heard ? most : most * BEGINNING;
    if (this.silent >= patience) this.kill(`has not answered for ${(patience * everyMs) / 1000} s`);
    else {
      this.silent += 1;
      this.say({ type: 'ping' });
    }
  }

  /** Has it end in order; kills it where it takes too long. */
  async end(): Promise<void> {
    this.open = false;
    this.child.stdin.end();
    const killing = setTimeout(() => this.kill('did not end when it was told to'), GRACE_MS);
    await this.ended;
    clearTimeout(killing);
  }

  private kill(why: string): void {
    this.open = false;
    this.blame ??= why;
    this.child.kill('SIGKILL');
  }

  private hear(message: ToHost): void {
    this.silent = 0;
    this.heard = true;
    if (message.type === 'hello' || message.type === 'pong') return;
    const job = this.jobs.get(message.id);
    // What was still on its way when the host gave the job up.
    if (job === undefined) return;
    switch (message.type) {
      case 'report':
        try {
          job.host.report(message.report);
        } catch (thrown) {
          this.say({ type: 'abort', id: message.id });
          job.broke(thrown);
        }
        break;
      case 'spawn': {
        const { id, call } = message;
        job.host.spawn(message.request).then((result) => this.say({ type: 'spawned', id, call, result }), job.broke);
        break;
      }
      case 'act': {
        const { id, call } = message;
        job.host.act(message.request).then((result) => this.say({ type: 'acted', id, call, result }), job.broke);
        break;
      }
      case 'ended':
        job.end({ kind: 'outcome', outcome: message.outcome });
        break;
      case 'broke':
        job.broke(new Error(message.text));
        break;
      default:
        never(message);
    }
  }
}

function makeWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, Math.max(NICENESS, getPriority()));
  } catch {
    // It has ended already, or the system gives no leave: then it is as urgent as its host.
  }
}

function endText(code: number | null, signal: NodeJS.Signals | null, lastWords: string): string {
  const line = tellingLine(lastWords);
  const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  return line === undefined ? how : `${how} (${line})`;
}

/** The line in which Node says what it died of. */
function tellingLine(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const line = lines.find((one) => /^(\w*Error\b|FATAL ERROR|weft: )/.test(one)) ?? lines.find((one) => one !== '');
  return line?.slice(0, 300);
}
