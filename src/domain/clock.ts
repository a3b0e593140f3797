/** Time and ids, passed to whoever needs them, so that tests decide both. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** A new id that sorts by time and can be typed: `20261120-104212-7f3a`. */
  id(): string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  id: () => {
    const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    return `${time}-${Math.floor(Math.random() * 0x10000)
      .toString(16)
      .padStart(4, '0')}`;
  },
};
