/** The official SDK as the client of a model that is a fetch function: it reads nothing of the machine that it runs on. */
import Anthropic from '@anthropic-ai/sdk';
import type { ModelFetch } from '../model/fetch';

/** Only these headers leave the SDK: no placeholder for a key, and nothing of what the variable ANTHROPIC_CUSTOM_HEADERS adds. */
const SENT = /^(accept|content-type|user-agent|anthropic-(version|beta)|x-stainless-.+)$/;

/**
 * A client whose requests all go to `model`. Address and key are placeholders that keep the SDK from looking for others
 * (environment, credential files): the function that `model` is at the host puts the real ones in.
 * Answers of 408, 409, 429 and 5xx, and lost connections, are tried again four times, as `retry-after` says or with a growing pause.
 */
export function modelClient(model: ModelFetch): Anthropic {
  return new Anthropic({
    baseURL: 'https://api.anthropic.com',
    apiKey: 'put-in-by-the-host',
    webhookKey: null,
    maxRetries: 4,
    // Betas are chosen by who asks, not by ANTHROPIC_CUSTOM_HEADERS.
    defaultHeaders: { 'anthropic-beta': null },
    logLevel: 'off',
    openTelemetry: false,
    fetch: (url, init) => {
      const request = new Request(url, init);
      for (const name of [...request.headers.keys()]) {
        if (!SENT.test(name)) request.headers.delete(name);
      }
      return model(request);
    },
  });
}
