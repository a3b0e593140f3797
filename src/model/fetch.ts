/** The one port to a model: a function that answers requests of the Anthropic Messages API. Everything else wraps it, or is one. */

/** Resolves to the server's answer, streams included; rejects where there is none (no connection, aborted). */
export type ModelFetch = (request: Request) => Promise<Response>;
