/** Who asks: what the wrappers of a model know of a request beside its content. */

/**
 * Travels in headers of its own, which whatever sends requests to a server takes off again. All of it may be absent:
 * a planning request belongs to no task, and a bare client says nothing.
 */
export interface About {
  readonly run?: string | undefined;
  readonly task?: string | undefined;
  /** Tells agents of one task apart, such as its author and who decides its conflict. */
  readonly agent?: string | undefined;
}

/** Every header of Weft's own begins so. */
const OWN_PREFIX = 'x-weft-';
const NAMES = ['run', 'task', 'agent'] as const;

export function aboutOf({ headers }: Request): About {
  const value = (name: string) => {
    const raw = headers.get(OWN_PREFIX + name);
    return raw === null ? undefined : decoded(raw);
  };
  return { run: value('run'), task: value('task'), agent: value('agent') };
}

/** Replaces what the headers say of who asks. */
export function setAbout(headers: Headers, about: About): void {
  for (const name of NAMES) {
    const value = about[name];
    if (value === undefined) headers.delete(OWN_PREFIX + name);
    // A header takes no more than ASCII.
    else headers.set(OWN_PREFIX + name, encodeURIComponent(value));
  }
}

/** Takes off every header that is Weft's own. */
export function deleteOwnHeaders(headers: Headers): void {
  for (const name of [...headers.keys()]) if (name.startsWith(OWN_PREFIX)) headers.delete(name);
}

/** As it stands, where somebody else encoded it. */
function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch (thrown) {
    if (thrown instanceof URIError) return raw;
    throw thrown;
  }
}
