/** A fetch for answers of servers: none is read beyond a size, and one that breaks off is told, for whoever waits for it would else wait in vain. */

export interface LimitedFetch {
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** What breaks off from now on is meant to. */
  readonly dispose: () => void;
}

/** `giveUp`: told, once, why nothing more is to be expected: words that go on after “the server”. */
export function limitedFetch(maxBytes: number, giveUp: (why: string) => void): LimitedFetch {
  let isOver = false;
  const tell = (why: string) => {
    if (isOver) return;
    isOver = true;
    giveUp(why);
  };
  return {
    dispose: () => {
      isOver = true;
    },
    fetch: async (url, init) => {
      // A stream of what the server has to say unasked: nothing of it would be heard.
      if ((init?.method ?? 'GET') === 'GET') return new Response(null, { status: 405 });
      const response = await fetch(url, init);
      if (response.body === null) return response;
      const { status, statusText, headers } = response;
      return new Response(watched(response.body, maxBytes, tell), { status, statusText, headers });
    },
  };
}

function watched(body: ReadableStream<Uint8Array>, maxBytes: number, tell: (why: string) => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  let isWanted = true;
  return new ReadableStream({
    pull: async (controller) => {
      const read = await reader.read().catch((thrown: unknown) => ({ thrown }));
      if (!isWanted) return;
      if ('thrown' in read) {
        tell('broke its answer off');
        controller.error(read.thrown);
      } else if (read.done) {
        controller.close();
      } else {
        bytes += read.value.length;
        if (bytes <= maxBytes) controller.enqueue(read.value);
        else {
          tell(tooLarge(maxBytes));
          controller.error(new Error('too large'));
          await reader.cancel().catch(() => undefined);
        }
      }
    },
    cancel: async (reason) => {
      isWanted = false;
      await reader.cancel(reason);
    },
  });
}

/** In words that go on after “the server”. */
export function tooLarge(maxBytes: number): string {
  return `sent more than ${maxBytes / 1024 / 1024} MB at once`;
}
