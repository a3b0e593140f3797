/** A server of the Model Context Protocol for tests, on standard input and output. With an argument, it does not come up and says that. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { toolServer } from './mcpTools';

const [problem] = process.argv.slice(2);
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
void toolServer({ die: () => process.exit(1) }).connect(new StdioServerTransport());
