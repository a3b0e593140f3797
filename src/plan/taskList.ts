/** The open items of a Markdown task list (`- [ ] …`), each with what stands below it. Pure. */
import type { ListItem } from './context';

const ITEM = /^(\s*)(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\](?:[ \t]+(.*))?$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/;
const FENCE = /^\s*(`{3,}|~{3,})/;

/** An open item below an open item is part of it; one below an item that is done is an item of its own. */
export function openItems(markdown: string): ListItem[] {
  const items: { line: number; text: string; details: string[]; under: string[]; indent: number }[] = [];
  const headings: { level: number; text: string }[] = [];
  let current: (typeof items)[number] | undefined;
  let done: number | undefined;
  let fence: string | undefined;
  markdown.split(/\r\n|\r|\n/).forEach((text, index) => {
    const marks = FENCE.exec(text)?.[1];
    const isFence = marks !== undefined && (fence === undefined || marks.startsWith(fence));
    const [, indentation = '', tick, said = ''] = (fence === undefined && ITEM.exec(text)) || [];
    if (isFence) fence = fence === undefined ? marks : undefined;
    const indent = widthOf(tick === undefined ? text : indentation);
    if (tick !== undefined) {
      // What is done within an open item is no part of what is to be done.
      if (current !== undefined && indent > current.indent) {
        done = tick === ' ' ? undefined : indent;
        if (tick === ' ') current.details.push(text.slice(Math.min(indentation.length, current.indent)));
        return;
      }
      done = undefined;
      current =
        tick === ' ' ? { line: index + 1, text: said.trim(), details: [], under: headings.map((one) => one.text), indent } : undefined;
      if (current !== undefined) items.push(current);
      return;
    }
    const [, level = '', heading = ''] = (fence === undefined && !isFence && HEADING.exec(text)) || [];
    if (level !== '') {
      while ((headings.at(-1)?.level ?? 0) >= level.length) headings.pop();
      headings.push({ level: level.length, text: heading.trim() });
      current = undefined;
      return;
    }
    if (current === undefined) return;
    if (text.trim() !== '' && indent <= current.indent) current = undefined;
    else if (done === undefined || indent <= done) current.details.push(text.slice(Math.min(current.indent, text.length)));
  });
  return items
    .filter(({ text }) => text !== '')
    .map(({ line, text, details, under }) => ({ line, text, details: details.join('\n').trimEnd(), under }));
}

function widthOf(text: string): number {
  return (/^\s*/.exec(text)?.[0] ?? '').replaceAll('\t', '    ').length;
}
