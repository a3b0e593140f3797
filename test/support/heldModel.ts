/** A model whose answers are held by the test: order is asserted, never awaited by the clock. */
import { type About, aboutOf, setAbout } from '../../src/model/about';
import type { ModelFetch } from '../../src/model/fetch';

export interface HeldRequest {
  readonly about: About;
  readonly request: Request;
  answer(response: Response): void;
  fail(thrown: Error): void;
}

export interface HeldModel {
  readonly model: ModelFetch;
  /** All that came so far, answered or not. */
  readonly all: readonly HeldRequest[];
  /** The nth request that comes, counted from 1. */
  nth(n: number): Promise<HeldRequest>;
}

/** An aborted request rejects, as one over a wire does. */
export function heldModel(): HeldModel {
  const all: HeldRequest[] = [];
  let arrived: (() => void)[] = [];
  return {
    all,
    model: (request) =>
      new Promise((resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason), { once: true });
        all.push({ about: aboutOf(request), request, answer: resolve, fail: reject });
        for (const tell of arrived.splice(0)) tell();
      }),
    nth: async (n) => {
      for (;;) {
        const found = all[n - 1];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          arrived = [...arrived, resolve];
        });
      }
    },
  };
}

/** A request of a task of a run, as a client sends it. */
export function asking(about: About, body: object = {}, signal?: AbortSignal): Request {
  const request = new Request('https://weft.invalid/v1/messages', {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  setAbout(request.headers, about);
  return request;
}
