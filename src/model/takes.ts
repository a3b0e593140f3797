/** What a model takes beside text, as far as its name tells. Pure. */
import { EDITOR_PREFIX } from './editor/editor';

export interface Takes {
  readonly images: boolean;
  /** PDFs. */
  readonly documents: boolean;
}

/** Models that play what is written down take whatever they are given. */
const PLAYED = /^(scripted|recorded):/;
/** All of Anthropic's that are still served, by whatever name a server or a gateway has for them: `anthropic/claude-…`, `eu.anthropic.claude-…`. */
const CLAUDE = /claude/i;
/** Others that are known to see, through servers that translate the Messages API for them. */
const SEEING =
  /gpt-(4o|4\.\d|5)|\bo[34]\b|gemini|gemma-?3|llava|llama-?(3\.2-vision|4)|pixtral|mistral-(small|medium)-?3|qwen.*vl|minicpm-v|vision|-vl\b/i;

/** A name that says nothing takes text alone: an image that a server does not know ends the conversation. */
export function takesOf(model: string): Takes {
  if (PLAYED.test(model)) return { images: true, documents: true };
  // VS Code has no form for documents.
  if (CLAUDE.test(model)) return { images: true, documents: !model.startsWith(EDITOR_PREFIX) };
  return { images: SEEING.test(model), documents: false };
}
