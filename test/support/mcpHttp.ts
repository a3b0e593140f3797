/** A server of the Model Context Protocol for tests, over HTTP on the loopback address, which wants a token. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { toolServer } from './mcpTools';
import { afterThisTest } from './sandbox';

export const TOKEN = 'token-of-the-person';

export interface HttpServer {
  readonly url: string;
  /** What was asked for, by the HTTP method. */
  readonly methods: string[];
  /** Ends all connections, in the midst of whatever is said. */
  cut(): void;
  close(): Promise<void>;
}

/** `port`: absent for any. */
export async function httpServer(port = 0): Promise<HttpServer> {
  const methods: string[] = [];
  const server: Server = createServer(async (request, response) => {
    methods.push(request.method ?? '');
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      response.writeHead(401).end();
      return;
    }
    // Each request by itself: without a session, any server may answer it.
    const transport = new StreamableHTTPServerTransport({});
    await toolServer({ die: () => server.closeAllConnections() }).connect(transport as Transport);
    await transport.handleRequest(request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It has no port.');
  const close = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  afterThisTest(() => void close());
  return { url: `http://127.0.0.1:${address.port}/mcp`, methods, cut: () => server.closeAllConnections(), close };
}
