/** The tokens of one answer, in the domain's words. */
import type { Usage } from '../domain/usage';

/** As much of the SDK's usage as counts here. Servers other than Anthropic's leave fields out, whatever the SDK's types say. */
interface ReportedUsage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
}

export function usageOf(reported: ReportedUsage): Usage {
  return {
    input: reported.input_tokens ?? 0,
    output: reported.output_tokens ?? 0,
    cacheRead: reported.cache_read_input_tokens ?? 0,
    cacheWrite: reported.cache_creation_input_tokens ?? 0,
  };
}
