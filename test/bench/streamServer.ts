/** A server of the Messages API in a process of its own, whose every answer streams as many words a second as a quick model does, and then finishes. */
import { createServer, type ServerResponse } from 'node:http';
import { setInterval as every } from 'node:timers/promises';
import type { Message } from '../../src/model/messages';
import { frameText } from '../../src/model/messages';

const [seconds = 10, perSecond = 50] = process.argv.slice(2).map(Number);

const server = createServer((incoming, outgoing) => {
  incoming.resume().on('end', () => {
    answer(outgoing).catch(() => outgoing.destroy());
  });
});

async function answer(outgoing: ServerResponse): Promise<void> {
  const say = (data: { type: string; [field: string]: unknown }) => outgoing.write(frameText({ data, paced: false }));
  const usage = { input_tokens: 100, cache_read_input_tokens: 0, cache_creation_input_tokens: 0, output_tokens: 1 };
  const message: Pick<Message, 'id' | 'type' | 'role' | 'model' | 'content' | 'stop_reason'> = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'streaming',
    content: [],
    stop_reason: null,
  };
  outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
  say({ type: 'message_start', message: { ...message, stop_sequence: null, usage } });
  say({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  let left = seconds * perSecond;
  for await (const _ of every(1000 / perSecond)) {
    say({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' a few words' } });
    if (--left <= 0 || outgoing.destroyed) break;
  }
  say({ type: 'content_block_stop', index: 0 });
  say({ type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'finish', input: {} } });
  say({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"summary":"Done."}' } });
  say({ type: 'content_block_stop', index: 1 });
  say({ type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { ...usage, output_tokens: 500 } });
  say({ type: 'message_stop' });
  outgoing.end();
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
// It ends with whoever started it.
process.stdin.on('close', () => process.exit(0)).resume();
