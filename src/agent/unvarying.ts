/** What is the same in the answers of one call that is made twice. Pure. */

/**
 * What programs print that differs each time though nothing has changed. Counts stay: with one failure less, an agent gets on. Each is matched
 * in time linear in the text.
 */
const VARYING: readonly (readonly [RegExp, string])[] = [
  // Days and times of day.
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '(time)'],
  [/\b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b/g, '(time)'],
  // How long something took.
  [
    /(?<![\w.])\d{1,12}(?:[.,]\d{1,12})?\s?(?:ns|µs|μs|us|ms|millis(?:econds?)?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?)\b/g,
    '(duration)',
  ],
  [
    /\b(?<what>(?:duration|time|took|elapsed)["']?\s{0,4}[:=]\s{0,4}|duration_ms["']?[:=]?\s{0,4})\d{1,12}(?:\.\d{1,12})?\b/gi,
    '$<what>(duration)',
  ],
  // Where something listens, and which process it is.
  [/\b(?<host>localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):\d{2,5}\b/g, '$<host>:(port)'],
  [/\b(?<what>port|pid|process id)(?<sign>[\s:=#]{1,4})\d{1,10}\b/gi, '$<what>$<sign>(number)'],
  [/\b0x[0-9a-f]{6,16}\b/gi, '(address)'],
  // Folders that are made for one command, ours and others'.
  [/\/folders\/[0-9a-f]{1,64}\/\d{1,4}\/(?=work|temp)/g, '/folders/'],
  [/(?<![\w.])(?:\/private)?\/(?:tmp|var\/tmp|var\/folders\/[\w+-]{1,8}\/[\w+-]{1,64}\/T)\/[^\s/"'`:;,()<>[\]]{1,255}/g, '(temporary)'],
  [/(?<=\/folders\/temp\/)[^\s/"'`:;,()<>[\]]{1,255}/g, '(temporary)'],
];

export function unvarying(text: string): string {
  return VARYING.reduce((found, [shape, by]) => found.replace(shape, by), text);
}
