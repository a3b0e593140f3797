/** Lines of JSON, of which a crash may have cut one off. Pure. */

/** What a line holds; undefined where it is empty, or cut off. */
export function dataOf(line: string): unknown {
  if (line === '') return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
