/** How long a conversation with a model can become, as far as its name tells. Pure. */

/** All of Anthropic's have at least that, by whatever name a server has for them. */
const CLAUDE = /claude/i;
const CLAUDE_TOKENS = 200_000;

/** In tokens, the answer included; undefined where it is not known: the server says when it is exceeded. */
export function contextWindowOf(model: string): number | undefined {
  return CLAUDE.test(model) ? CLAUDE_TOKENS : undefined;
}
