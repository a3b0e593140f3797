/** What VS Code runs inside its extension host: the compiled suite, reported line by line over a loopback connection. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Message, runMocha } from '../run/mocha';

/** The contract of `extensionTestsPath`. Rejects when a test failed. */
export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const socket = connect({ host: '127.0.0.1', port: Number(process.env.WEFT_TEST_PORT) });
  await once(socket, 'connect');
  let failed = 0;
  const say = (message: Message): void => {
    if (message.kind === 'end') failed = message.report.failures.length;
    socket.write(`${JSON.stringify(message)}\n`);
  };
  const suite = join(__dirname, process.env.WEFT_TEST_SUITE ?? 'suite');
  const names = readdirSync(suite, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.js'));
  const files = names.map((name) => join(suite, name));
  await runMocha(files, { timeoutSeconds: 100, grep: process.env.WEFT_TEST_GREP }, say);
  socket.end();
  await once(socket, 'close');
  if (failed > 0) throw new Error(`${failed} tests failed`);
}
