/** Port numbers of a command's own: servers and databases that commands of several agents start do not meet. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { tryLock } from '../lock';

/** Below those that systems give to whoever asks for any. */
const FIRST = 20_000;
const LAST = 29_990;
const EACH = 10;

/** Ports from one on. */
export interface PortRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Takes a range that no other command of this person's has, in any process, and in which nobody listens now. `home` holds a lock for each one
 * that is taken. Fails where none is left.
 */
export async function takePorts(home: string): Promise<Result<{ readonly ports: PortRange; readonly release: () => Promise<void> }>> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    for (let first = FIRST; first <= LAST; first += EACH) {
      const locked = await tryLock(join(home, `${first}.held`));
      if (!locked.ok) return locked;
      if (locked.value === undefined) continue;
      const ports = { first, count: EACH };
      if (await areFree(ports)) return ok({ ports, release: locked.value });
      await locked.value();
    }
  } catch (thrown) {
    return fail('file', `Weft cannot give ports to a command, in ${home}: ${thrownText(thrown)}.`, 'Make it writable, or free disk space.');
  }
  return fail('file', `All ports from ${FIRST} to ${LAST + EACH - 1} are in use.`, `End what listens there, or delete ${home}.`);
}

/** Other users have no lock that we could see, and a server may be there for other reasons. */
async function areFree({ first, count }: PortRange): Promise<boolean> {
  for (let port = first; port < first + count; port++) {
    const server = createServer();
    try {
      server.listen({ host: '127.0.0.1', port, exclusive: true });
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    } catch {
      return false;
    }
  }
  return true;
}
