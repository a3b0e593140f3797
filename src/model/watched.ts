/** Lets a part of the pipeline see an answer go by, and know when it is through. */

/** How an answer ended: it is through, it broke off, or whoever asked no longer wants it. */
export type End = { readonly kind: 'whole' } | { readonly kind: 'broken'; readonly thrown: unknown } | { readonly kind: 'left' };

export interface Watcher {
  /** Each piece as it passes; it is not to be changed. */
  chunk?(bytes: Uint8Array): void;
  /** Called once, whatever happens. */
  end(how: End): void;
}

/** The same answer, watched. Nothing is held back or read ahead. */
export function watched(response: Response, request: Request, watcher: Watcher): Response {
  const { body, status, statusText, headers } = response;
  let over = false;
  const end = (how: End) => {
    if (over) return;
    over = true;
    request.signal.removeEventListener('abort', left);
    watcher.end(how);
  };
  const left = () => end({ kind: 'left' });
  if (body === null) {
    end({ kind: 'whole' });
    return response;
  }
  if (request.signal.aborted) left();
  else request.signal.addEventListener('abort', left);
  const reader = body.getReader();
  const passing = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await reader.read();
          if (next.done) {
            end({ kind: 'whole' });
            controller.close();
          } else {
            watcher.chunk?.(next.value);
            controller.enqueue(next.value);
          }
        } catch (thrown) {
          end(request.signal.aborted ? { kind: 'left' } : { kind: 'broken', thrown });
          controller.error(thrown);
        }
      },
      async cancel(reason) {
        left();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(passing, { status, statusText, headers });
}
