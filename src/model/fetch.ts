/** The one port to a model: a function that answers requests of the Anthropic Messages API. Everything else wraps it, or is one. */

/** Resolves to the server's answer, streams included; rejects where there is none (no connection, aborted). */
export type ModelFetch = (request: Request) => Promise<Response>;

/** A part of the pipeline: makes a model of a model. What it does not do itself it hands on, streams and aborts included. */
export type Part = (model: ModelFetch) => ModelFetch;
