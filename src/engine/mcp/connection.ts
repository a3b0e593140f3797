/** One server of the Model Context Protocol: started or reached when it is needed, asked within limits of time and size, and started again after it died. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  ListToolsResultSchema,
  McpError,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import { cancelled, type Failure, fail, ok, type Result, thrownText } from '../../domain/failure';
import type { McpServer } from '../../domain/mcp';
import { redacted } from '../../domain/secrets';
import { FOLDER_VARIABLE, signalTree } from '../../repo/commands/processTree';
import { limitedFetch, tooLarge } from './limitedFetch';

/** The largest message that is taken from a server. */
const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;
/** How often in a row a server may die, or not come up, before it is left alone. */
const MAX_DEATHS = 3;
/** Pages of a list of tools. */
const MAX_PAGES = 20;
/** So much is kept of what a server writes to its standard error, to say why it ended; and quoted of what it says. */
const LAST_WORDS = 8 * 1024;
const MAX_QUOTE = 500;

export interface Timeouts {
  /** A server may be downloaded before it starts. */
  readonly connectMs: number;
  /** Without a sign of progress, and at most. */
  readonly callMs: number;
  readonly callAtMostMs: number;
}

export const TIMEOUTS: Timeouts = { connectMs: 60_000, callMs: 300_000, callAtMostMs: 1_800_000 };

export interface ConnectionPorts {
  readonly name: string;
  /** With everything filled in. */
  readonly server: McpServer;
  /** Where it is started, unless it says otherwise. */
  readonly folder: string;
  /** Values that were filled in: nothing that it says is repeated with them. */
  readonly secrets: readonly string[];
  /** Marks its processes. */
  readonly mark: string;
  readonly timeouts: Timeouts;
}

/** A server that is up. */
interface Open {
  readonly client: Client;
  /** What it last wrote to its standard error. */
  readonly lastWords: () => string;
  /** Why it was given up, where it was us. */
  blame: string | undefined;
  isOpen: boolean;
}

export class Connection {
  private opening: Promise<Result<Open>> | undefined;
  /** In a row, none of its calls answered in between. */
  private deaths = 0;
  private isClosed = false;

  constructor(private readonly ports: ConnectionPorts) {}

  get name(): string {
    return this.ports.name;
  }

  /** All tools that it has now. */
  async tools(signal: AbortSignal): Promise<Result<Tool[]>> {
    const opened = await this.open(signal);
    if (!opened.ok) return opened;
    const tools: Tool[] = [];
    let cursor: string | undefined;
    try {
      for (let page = 0; page < MAX_PAGES; page++) {
        const params = cursor === undefined ? {} : { cursor };
        const timeout = this.ports.timeouts.connectMs;
        // Not by `listTools`: that makes programs of the schemas that a server sends.
        const options = { signal: AbortSignal.any([signal]), timeout };
        const listed = await opened.value.client.request({ method: 'tools/list', params }, ListToolsResultSchema, options);
        tools.push(...listed.tools);
        cursor = listed.nextCursor;
        if (cursor === undefined) break;
      }
      this.deaths = 0;
      return ok(tools);
    } catch (thrown) {
      return this.failed(thrown, opened.value, 'list its tools', signal);
    }
  }

  /** `onProgress`: told what it says that it does. Fails with what an agent is told; a tool that itself failed is an answer. */
  async call(
    { tool, input }: { readonly tool: string; readonly input: Record<string, unknown> },
    onProgress: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Result<CallToolResult>> {
    const opened = await this.open(signal);
    if (!opened.ok) return opened;
    const { callMs: timeout, callAtMostMs: maxTotalTimeout } = this.ports.timeouts;
    try {
      const answer = await opened.value.client.request(
        { method: 'tools/call', params: { name: tool, arguments: input } },
        CallToolResultSchema,
        {
          // The SDK leaves a listener at each signal that it is given.
          signal: AbortSignal.any([signal]),
          timeout,
          maxTotalTimeout,
          resetTimeoutOnProgress: true,
          onprogress: ({ message }) => message !== undefined && onProgress(this.quote(message)),
        },
      );
      this.deaths = 0;
      return ok(answer);
    } catch (thrown) {
      return this.failed(thrown, opened.value, `call its tool “${tool}”`, signal);
    }
  }

  /** Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.isClosed = true;
    const opened = await this.opening;
    if (opened?.ok === true) await opened.value.client.close();
    signalTree(undefined, this.ports.mark, 'SIGKILL');
  }

  /** The server as it is up, or come up again. */
  private async open(signal: AbortSignal): Promise<Result<Open>> {
    if (signal.aborted) return cancelled;
    const known = await this.opening;
    if (known?.ok === true && known.value.isOpen) return known;
    if (this.isClosed) return fail('input', `The server “${this.name}” was ended.`, 'Go on without it.');
    if (this.deaths >= MAX_DEATHS)
      return fail(
        'input',
        `The server “${this.name}” failed ${this.deaths} times in a row, and is left alone.`,
        'Do not call its tools again: go on without them, and say in your summary what you could not do.',
      );
    // Another call may have begun to while this one waited.
    if (this.opening !== undefined && (await this.opening) !== known) return this.open(signal);
    this.opening = this.connect();
    return this.opening;
  }

  private async connect(): Promise<Result<Open>> {
    const client = new Client({ name: 'weft', version: '1' });
    const { transport, lastWords } = this.transport((why) => {
      open.blame ??= why;
      void client.close();
    });
    const open: Open = { client, lastWords, blame: undefined, isOpen: true };
    client.onclose = () => {
      open.isOpen = false;
      this.deaths += 1;
      // What it started and did not end.
      signalTree(undefined, this.ports.mark, 'SIGKILL');
    };
    client.onerror = (error) => {
      if (/exceeded maximum size/.test(error.message)) open.blame ??= TOO_LARGE;
    };
    try {
      await client.connect(transport, { timeout: this.ports.timeouts.connectMs });
      return ok(open);
    } catch (thrown) {
      if (open.isOpen) {
        open.isOpen = false;
        this.deaths += 1;
      }
      await client.close().catch(() => undefined);
      signalTree(undefined, this.ports.mark, 'SIGKILL');
      return fail(
        'input',
        `The server “${this.name}” cannot be ${this.ports.server.kind === 'stdio' ? 'started' : 'reached'}: ${this.why(thrown, open)}`,
        'Go on without its tools, and say in your summary what you could not do.',
      );
    }
  }

  private transport(giveUp: (why: string) => void): { transport: Transport; lastWords: () => string } {
    const { server, folder, mark } = this.ports;
    if (server.kind === 'http') {
      const { fetch, dispose } = limitedFetch(MAX_MESSAGE_BYTES, giveUp);
      const transport = new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers: { ...server.headers } }, fetch });
      const close = transport.close.bind(transport);
      transport.close = () => {
        dispose();
        return close();
      };
      // Its types say of optional fields that they may be set to undefined.
      return { transport: transport as Transport, lastWords: () => '' };
    }
    const transport = new StdioClientTransport({
      command: server.command,
      args: [...server.args],
      env: { ...server.env, [FOLDER_VARIABLE]: mark },
      cwd: server.cwd ?? folder,
      stderr: 'pipe',
      maxBufferSize: MAX_MESSAGE_BYTES,
    });
    let words = '';
    transport.stderr?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-LAST_WORDS);
    });
    return { transport, lastWords: () => words };
  }

  private failed(thrown: unknown, open: Open, doing: string, signal: AbortSignal): Result<never> {
    if (signal.aborted) return cancelled;
    return { ok: false, failure: this.failureOf(thrown, open, doing) };
  }

  private failureOf(thrown: unknown, open: Open, doing: string): Failure {
    const { name } = this;
    if (thrown instanceof McpError && thrown.code === ErrorCode.RequestTimeout)
      return fail(
        'timeout',
        `The server “${name}” did not answer in time when it was to ${doing}.`,
        'Ask it for less at a time, or go on without it.',
      ).failure;
    if (open.blame === TOO_LARGE)
      return fail('input', `The server “${name}” ${TOO_LARGE} when it was to ${doing}.`, 'Ask it for less at a time, or go on without it.')
        .failure;
    if (!open.isOpen || (thrown instanceof McpError && thrown.code === ErrorCode.ConnectionClosed))
      return fail(
        'input',
        `The server “${name}” ended when it was to ${doing}: ${this.why(thrown, open)}`,
        'Call it again, and it is started anew; if it ends again, go on without it, and say in your summary what you could not do.',
      ).failure;
    if (!(thrown instanceof McpError)) {
      // It cannot be reached, or its session is over: the next call begins anew.
      void open.client.close();
      return fail(
        'input',
        `The server “${name}” could not ${doing}: ${this.why(thrown, open)}`,
        'Call it once more; if it fails again, go on without it.',
      ).failure;
    }
    return fail(
      'input',
      `The server “${name}” could not ${doing}: ${this.why(thrown, open)}`,
      'Call it again with another input, or go on without it.',
    ).failure;
  }

  private why(thrown: unknown, open: Open): string {
    if (open.blame !== undefined) return `${open.blame}.`;
    if (thrown instanceof StreamableHTTPError && (thrown.code === 401 || thrown.code === 403))
      return `it wants somebody to be logged in (${thrown.code}). Weft logs in nowhere: give it a token in the headers of its definition.`;
    const words = lastLine(open.lastWords());
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '';
    const said = this.quote(`${thrownText(thrown).replace(/^MCP error -?\d+: /, '')}${cause}`);
    return words === undefined ? sentence(said) : `${sentence(said)} It last said: ${sentence(this.quote(words))}`;
  }

  /** Without what was filled in, control characters, and more than a few words. */
  private quote(text: string): string {
    const plain = redacted(text, this.ports.secrets)
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim();
    return plain.length > MAX_QUOTE ? `${plain.slice(0, MAX_QUOTE)}…` : plain;
  }
}

const TOO_LARGE = tooLarge(MAX_MESSAGE_BYTES);

function lastLine(text: string): string | undefined {
  return text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '');
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
