/** The official SDK as the client of a model that is a fetch function: it reads nothing of the machine that it runs on. */
import Anthropic from '@anthropic-ai/sdk';
import { type About, setAbout } from '../model/about';
import { heldBy } from '../model/asked';
import type { ModelFetch } from '../model/fetch';

/** Only these headers leave the SDK: no placeholder for a key, and nothing of what the variable ANTHROPIC_CUSTOM_HEADERS adds. */
const SENT = /^(accept|content-type|user-agent|anthropic-(version|beta)|x-stainless-.+)$/;

/** A request may wait its turn for as long as it takes: who it waits for says when it is enough, not a clock that starts before. */
const TIMEOUT_MS = 24 * 60 * 60 * 1000;

/**
 * A client whose requests all go to `model`, with who asks on each of them. Address and key are placeholders that keep the SDK from looking for others
 * (environment, credential files): the function that `model` is at the host puts the real ones in.
 * Answers of 408, 409, 429 and 5xx, and lost connections, are tried again four times, as `retry-after` says or with a growing pause,
 * but only those of a bare model: the rate gate tries again itself, and marks what it gives up with `x-should-retry: false`, which the SDK obeys.
 */
export function modelClient(model: ModelFetch, about: About = {}): Anthropic {
  return new Anthropic({
    baseURL: 'https://api.anthropic.com',
    apiKey: 'put-in-by-the-host',
    webhookKey: null,
    maxRetries: 4,
    timeout: TIMEOUT_MS,
    // Betas are chosen by who asks, not by ANTHROPIC_CUSTOM_HEADERS.
    defaultHeaders: { 'anthropic-beta': null },
    logLevel: 'off',
    openTelemetry: false,
    fetch: (url, init) => {
      const request = new Request(url, init);
      if (init?.signal != null) heldBy(init.signal, request);
      for (const name of [...request.headers.keys()]) {
        if (!SENT.test(name)) request.headers.delete(name);
      }
      setAbout(request.headers, about);
      return model(request);
    },
  });
}
