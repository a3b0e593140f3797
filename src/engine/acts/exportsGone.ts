/**
 * Names that a change takes out of the files by which others enter a package: a forecast of what breaks them, by the lines alone. It does not know types,
 * nor what is exported of what is; it errs on the side of saying nothing about other files, and of asking where a name was only moved.
 */

const ENTRY = /(^|\/)(index\.([cm]?[jt]sx?|d\.[cm]?ts)|mod\.ts|lib\.rs|__init__\.py)$/i;

/** Whether others enter a package by this file. */
export function isEntry(path: string): boolean {
  return ENTRY.test(path);
}

/** What stands in `before` as a name for others, and not in `after`; null: there is no such file. */
export function namesGone(path: string, before: string | null, after: string | null): string[] {
  const names = namesOf(path, before ?? '');
  const still = namesOf(path, after ?? '');
  return [...names].filter((name) => !still.has(name));
}

function namesOf(path: string, text: string): Set<string> {
  const names = new Set<string>();
  if (path.toLowerCase().endsWith('.py')) {
    for (const [, name = ''] of text.matchAll(/^(?:async\s+def|def|class)\s+([A-Za-z]\w*)/gm)) names.add(name);
    for (const [, list = ''] of text.matchAll(/^from\s+\S+\s+import\s+\(?([^()\n]+(?:\n[^()]*)?)\)?/gm)) addAll(names, list);
  } else if (path.toLowerCase().endsWith('.rs')) {
    for (const [, name = ''] of text.matchAll(
      /^\s*pub\s+(?:async\s+|unsafe\s+|const\s+)*(?:fn|struct|enum|trait|type|mod|static|const)\s+(\w+)/gm,
    ))
      names.add(name);
    for (const [, list = ''] of text.matchAll(/^\s*pub\s+use\s+([^;]+);/gm)) addAll(names, list.replace(/^.*::\{?|\}/g, ''));
  } else {
    const declared =
      /^\s*export\s+(?:declare\s+)?(?:default\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\*?|class|const|let|var|type|interface|enum|namespace)\s+([\w$]+)/gm;
    for (const [, name = ''] of text.matchAll(declared)) names.add(name);
    for (const [, list = ''] of text.matchAll(/^\s*export\s+(?:type\s+)?\{([^}]*)\}/gm)) addAll(names, list);
    for (const [, from = ''] of text.matchAll(/^\s*export\s+\*\s+(?:as\s+\w+\s+)?from\s+['"]([^'"]+)['"]/gm)) names.add(`* from ${from}`);
    if (/^\s*export\s+default\b/m.test(text)) names.add('default');
  }
  return names;
}

/** Of `a, b as c`: what others know, `a` and `c`. */
function addAll(names: Set<string>, list: string): void {
  for (const one of list.split(',')) {
    const name = one.trim().split(/\s+/).at(-1);
    if (name !== undefined && /^[\w$]+$/.test(name)) names.add(name);
  }
}
