/** Which models a server says that it has: not every one of those that speak the Messages API says it. */
import * as z from 'zod';
import type { ModelFetch } from './fetch';

/** As Anthropic says it; others say as much of it. */
const listSchema = z.object({ data: z.array(z.object({ id: z.string().min(1), display_name: z.string().optional() })) });

export interface ServedModel {
  /** By which it is asked for. */
  readonly id: string;
  /** For a person; the id where it has none. */
  readonly title: string;
}

/** In the server's order; undefined where it cannot be reached, refuses, or says something else. */
export async function servedModels(server: ModelFetch, signal: AbortSignal): Promise<readonly ServedModel[] | undefined> {
  const headers = { 'anthropic-version': '2023-06-01' };
  try {
    const response = await server(new Request('https://weft.invalid/v1/models?limit=1000', { headers, signal }));
    const list = listSchema.safeParse(await response.json());
    return response.ok && list.success ? list.data.data.map(({ id, display_name: title = id }) => ({ id, title })) : undefined;
  } catch {
    // No answer, or none that is JSON: it is not known what it has.
    return undefined;
  }
}
