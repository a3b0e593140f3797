/** Where a process of agents begins. Its host speaks to its standard input, and hears its standard output; it ends when that input does. */
import { Console } from 'node:console';
import { failureText } from '../../../domain/failure';

// What is asked of all processes of a terminal or a window is asked of the host, too, which stops agents in order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
// Nothing but messages goes to the host.
globalThis.console = new Console(process.stderr, process.stderr);

void (async () => {
  const { serveAgents } = await import('../bundledAgents.js');
  const served = await serveAgents(process.stdin, process.stdout);
  if (!served.ok) process.stderr.write(`weft: ${failureText(served.failure)}\n`);
  process.exit(served.ok ? 0 : 1);
})();
