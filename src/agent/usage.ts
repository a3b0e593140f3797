/** The tokens of one answer, in the domain's words. */
import { reportedTokens, type Usage } from '../domain/usage';

/** As much of the SDK's usage as counts here. Other servers leave fields out, or have something else in them, whatever the SDK's types say. */
interface ReportedUsage {
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly cache_read_input_tokens?: unknown;
  readonly cache_creation_input_tokens?: unknown;
}

export function usageOf(reported: ReportedUsage): Usage {
  const tokens = (value: unknown) => reportedTokens.parse(value) ?? 0;
  return {
    input: tokens(reported.input_tokens),
    output: tokens(reported.output_tokens),
    cacheRead: tokens(reported.cache_read_input_tokens),
    cacheWrite: tokens(reported.cache_creation_input_tokens),
  };
}
