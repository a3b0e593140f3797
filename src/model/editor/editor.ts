/** The port to the models of the editor: what is asked of one, and what it says, as plain data. */

/** Names of such models begin so; then comes `VENDOR/FAMILY`, or an id. */
export const EDITOR_PREFIX = 'vscode:';

export type EditorContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mediaType: string; readonly data: Uint8Array };

export type EditorPart =
  | EditorContent
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly input: object }
  | { readonly kind: 'result'; readonly call: string; readonly content: readonly EditorContent[] };

export interface EditorMessage {
  readonly role: 'user' | 'assistant';
  /** At least one. */
  readonly parts: readonly EditorPart[];
}

export interface EditorTool {
  readonly name: string;
  readonly description: string;
  /** A JSON schema. */
  readonly inputSchema: object;
}

export interface EditorAsk {
  readonly messages: readonly EditorMessage[];
  readonly tools: readonly EditorTool[];
  /** Whether the answer has to call one of them. */
  readonly mustCall: boolean;
  /** Most tokens of the answer. */
  readonly maxTokens: number | undefined;
}

/** A piece of an answer: text in pieces, a call whole. */
export type EditorSaid = Extract<EditorPart, { kind: 'text' | 'call' }>;

/**
 * Why there is no answer: the person has not allowed it (`denied`), the editor has no such model (`gone`), what was asked or said is not
 * allowed (`blocked`), there were too many requests (`limit`), the request is wrong (`refused`) or too long (`long`), or something else (`failed`).
 */
export type EditorTrouble = 'denied' | 'gone' | 'blocked' | 'limit' | 'refused' | 'long' | 'failed';

export class EditorError extends Error {
  constructor(
    readonly trouble: EditorTrouble,
    message: string,
  ) {
    super(message);
  }
}

export interface EditorModel {
  /** Throws an {@link EditorError}, or whatever the signal aborts with. Who stops reading ends the request. */
  ask(ask: EditorAsk, signal: AbortSignal): AsyncIterable<EditorSaid>;
  /** Rejects where it cannot count. */
  countTokens(text: string, signal: AbortSignal): Promise<number>;
}

/** The model that a name means, as it is now; undefined where the editor has none. */
export type EditorModels = (name: string) => Promise<EditorModel | undefined>;
