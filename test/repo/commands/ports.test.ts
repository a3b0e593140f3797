/** Ports of commands: no two at work have one in common, nor one on which somebody listens. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { systemClock } from '../../../src/domain/clock';
import { ok } from '../../../src/domain/failure';
import { runCommand } from '../../../src/repo/commands/command';
import { folderPool } from '../../../src/repo/commands/folderPool';
import { takePorts } from '../../../src/repo/commands/ports';
import { NEVER, valued } from '../../support/result';
import { git, sandbox, temporaryFolder } from '../../support/sandbox';

describe('ports for commands', () => {
  it('are another range for each, until it is given back', async () => {
    const home = temporaryFolder();
    const [one, two] = [valued(await takePorts(home)), valued(await takePorts(home))];
    assert.deepEqual([one.ports.count, two.ports.count], [10, 10]);
    assert.ok(two.ports.first >= one.ports.first + one.ports.count, `${two.ports.first}`);
    await one.release();
    assert.deepEqual(readdirSync(home), [`${two.ports.first}.held`]);
    await two.release();
  });

  it('are none on which somebody listens', async () => {
    const free = valued(await takePorts(temporaryFolder()));
    await free.release();
    const server = createServer();
    // Other tests may just be looking whether it is free.
    do server.listen({ host: '127.0.0.1', port: free.ports.first + 9 });
    while (
      !(await once(server, 'listening').then(
        () => true,
        () => false,
      ))
    );
    const next = valued(await takePorts(temporaryFolder()));
    server.close();
    await next.release();
    assert.ok(next.ports.first > free.ports.first);
  });

  it('stand in the environment of commands, and differ for those that run at once', async () => {
    const box = await sandbox({});
    const tree = git(box.root, 'hash-object', '-w', '-t', 'tree', '/dev/null').trim();
    const pool = folderPool(box.repo, { link: [], most: 2, quotaBytes: 1e9 }, systemClock);
    let inside = 0;
    let both: () => void = () => undefined;
    const met = new Promise<void>((resolve) => {
      both = resolve;
    });
    const ran = () =>
      pool.use({ tree }, NEVER, async (folder) => {
        if (++inside === 2) both();
        await met;
        const end = valued(await runCommand(folder, 'echo $PORT $WEFT_PORT $WEFT_LAST_PORT', { timeoutMs: 60_000 }, NEVER));
        return ok({ said: end.output.trim(), ports: folder.ports });
      });
    const [one, two] = (await Promise.all([ran(), ran()])).map(valued);
    assert.ok(one !== undefined && two !== undefined);
    for (const { said, ports } of [one, two]) {
      assert.ok(ports !== undefined);
      assert.equal(said, `${ports.first} ${ports.first} ${ports.first + 9}`);
    }
    assert.notEqual(one.said, two.said);
  });
});
