/** Hears how a Mocha run goes from another process, and notices when that process crashes or falls silent. */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { Message, type Report } from './mocha';

export interface Hearing {
  hear(message: Message): void;
  /** The run can say nothing more: without a report so far, that is a failure of the test that was running. */
  lost(reason: string): void;
  report: Promise<Report>;
}

/** `silenceSeconds` without a word count as lost. */
export function openHearing(print: (line: string) => void, silenceSeconds: number): Hearing {
  let running = 'starting the tests';
  const passed: string[] = [];
  const failures: Report['failures'] = [];
  let settle: (report: Report) => void = () => undefined;
  const report = new Promise<Report>((resolve) => {
    settle = resolve;
  });
  const lost = (reason: string): void => {
    settle({ passed: passed.length, failures: [...failures, { title: running, message: reason }], skipped: [] });
  };
  const silence = setTimeout(() => lost(`nothing was heard for ${silenceSeconds} s`), silenceSeconds * 1000);
  void report.then(() => clearTimeout(silence));
  return {
    hear(message) {
      silence.refresh();
      switch (message.kind) {
        case 'begin':
          running = message.title;
          break;
        case 'pass':
          passed.push(message.title);
          print(`  ok    ${message.title} (${message.milliseconds} ms)`);
          break;
        case 'fail':
          failures.push({ title: message.title, message: message.message });
          print(`  FAIL  ${message.title}`);
          break;
        case 'skip':
          print(`  skip  ${message.title}`);
          break;
        case 'end':
          settle(message.report);
          break;
        default:
          message satisfies never;
      }
    },
    lost,
    report,
  };
}

/** Takes messages on a loopback port, one JSON line each. */
export async function listen(hearing: Hearing): Promise<{ port: number; close(): void }> {
  const server = createServer((socket) => {
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => hearing.hear(Message.parse(JSON.parse(line))));
    lines.on('close', () => hearing.lost('the extension host ended before its tests did'));
    socket.on('error', (error) => hearing.lost(`the connection to the extension host broke: ${error.message}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the test listener has no port');
  return { port: address.port, close: () => server.close() };
}
