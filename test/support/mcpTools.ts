/** The tools of servers for tests, well-behaved and not, by the official SDK. */
import { spawn } from 'node:child_process';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, type CallToolResult, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/** One pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const object = { type: 'object' as const };
const text = { ...object, properties: { text: { type: 'string', description: 'What is said.' } }, required: ['text'] };

interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: { readonly type: 'object'; readonly [keyword: string]: unknown };
  readonly annotations?: { readonly readOnlyHint?: boolean; readonly openWorldHint?: boolean };
}

const TOOLS: readonly ToolDefinition[] = [
  { name: 'echo', description: 'Says the same.', inputSchema: text, annotations: { readOnlyHint: true, openWorldHint: false } },
  { name: 'look', description: 'Shows a picture.', inputSchema: object, annotations: { readOnlyHint: true } },
  { name: 'count', inputSchema: { ...object, $schema: 'http://json-schema.org/draft-07/schema#', oneOf: [{ required: ['a'] }] } },
  { name: 'refuse', inputSchema: object },
  { name: 'environment', inputSchema: object },
  { name: 'much', inputSchema: object },
  { name: 'too much', inputSchema: object },
  { name: 'die', inputSchema: object },
  { name: 'hang', inputSchema: object },
  { name: 'progress', inputSchema: object },
  { name: 'leave children', inputSchema: object },
  // What nobody should be told of.
  { name: 'broken', inputSchema: { ...object, properties: { a: { type: 'text' } } } },
  { name: 'odd names', inputSchema: { ...object, properties: { 'a b': { type: 'string' } } } },
  { name: 'old lists', inputSchema: { ...object, properties: { a: { type: 'array', items: [{ type: 'string' }] } } } },
];

export interface ServerOptions {
  /** Ends the server, in the midst of whatever it does. */
  readonly die: () => void;
}

/** A server with these tools. */
export function toolServer({ die }: ServerOptions): Server {
  const server = new Server({ name: 'test', version: '1' }, { capabilities: { tools: {} } });
  // In two pages.
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) =>
    params?.cursor === undefined ? { tools: TOOLS.slice(0, 3), nextCursor: 'rest' } : { tools: TOOLS.slice(3) },
  );
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra): Promise<CallToolResult> => {
    const say = (said: string) => ({ content: [{ type: 'text' as const, text: said }] });
    switch (params.name) {
      case 'echo':
        return say(String(params.arguments?.['text']));
      case 'look':
        return {
          content: [
            { type: 'text', text: 'A pixel:' },
            { type: 'image', mimeType: 'image/png', data: PNG },
            { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' },
            { type: 'resource_link', name: 'the source', uri: 'file:///pixel.svg' },
            { type: 'resource', resource: { uri: 'file:///a.txt', text: 'of a resource' } },
            { type: 'resource', resource: { uri: 'file:///a.bin', mimeType: 'application/zip', blob: 'AAAA' } },
          ],
        };
      case 'count':
        return { content: [], structuredContent: { count: 3 } };
      case 'refuse':
        return { ...say('There is no such thing. password: "hunter2hunter2"'), isError: true };
      case 'environment':
        return say(JSON.stringify(process.env));
      case 'much':
        return say(`begin ${'x'.repeat(200_000)} end`);
      case 'too much':
        return say('x'.repeat(11 * 1024 * 1024));
      case 'die':
        process.stderr.write('a nail in the tyre, and the token is s3cr3t-of-the-person\n', () => die());
        return new Promise(() => undefined);
      case 'hang':
        return new Promise(() => undefined);
      case 'progress':
        for (const progress of [1, 2]) {
          const progressToken = extra._meta?.progressToken ?? 0;
          await extra.sendNotification({
            method: 'notifications/progress',
            params: { progressToken, progress, message: `step ${progress}` },
          });
        }
        // What comes with the answer is not shown any more.
        await server.ping();
        return say('done');
      case 'leave children': {
        const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
        child.unref();
        return say(String(child.pid));
      }
      default:
        throw new Error(`There is no tool ${params.name}`);
    }
  });
  return server;
}
