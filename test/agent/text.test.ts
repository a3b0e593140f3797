/** Text and bytes: what an edit does not touch stays as it is, byte for byte. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeText, encodeText, replaceIn, type Text } from '../../src/agent/text';

function text(raw: string): Text {
  const decoded = decodeText(Buffer.from(raw));
  assert.ok(decoded !== undefined);
  return decoded;
}

/** The file after replacing the first place where `old` stands. */
function edited(raw: string, old: string, by: string): string {
  const file = text(raw);
  const start = file.shown.indexOf(old);
  assert.notEqual(start, -1);
  return replaceIn(file, [{ start, end: start + old.length, by }]).toString();
}

describe('text', () => {
  it('is shown without BOM and carriage returns', () => {
    assert.deepEqual(text('\ufeffa\r\nb\nc\r\n'), { shown: 'a\nb\nc\n', bom: true, eol: '\r\n', raw: 'a\r\nb\nc\r\n' });
    assert.deepEqual(text('a\rb\n'), { shown: 'a\rb\n', bom: false, eol: '\n', raw: 'a\rb\n' });
  });

  it('is none with a NUL, or in another encoding', () => {
    assert.equal(decodeText(Buffer.from('a\0b')), undefined);
    assert.equal(decodeText(Buffer.from('caf\xe9', 'latin1')), undefined);
    assert.equal(decodeText(Buffer.from('\ufeffhello', 'utf16le')), undefined);
  });

  it('keeps line ends outside of what differs, even within the old text', () => {
    assert.equal(edited('a\nb\r\nc\nd\r\ne\r\n', 'a\nb\nc\nd', 'a\nB\nc\nd'), 'a\nB\r\nc\nd\r\ne\r\n');
    assert.equal(edited('a\nb\r\nc\r\n', 'a\nb\n', 'a\nnew\nb\n'), 'a\nnew\r\nb\r\nc\r\n');
    assert.equal(edited('a\r\nb\r\n', '\nb', ''), 'a\r\n');
    assert.equal(edited('a\r\nb', 'a\n', 'a'), 'ab');
    assert.equal(edited('one 😀 two', '😀', '😁'), 'one 😁 two');
  });

  it('is written whole in the manner of what it replaces', () => {
    assert.equal(encodeText('a\nb\r\n', text('\ufeffx\r\n')).toString(), '\ufeffa\r\nb\r\n');
    assert.equal(encodeText('\ufeffa\r\n', text('x\n')).toString(), 'a\n');
    assert.equal(encodeText('a\r\nb\n', undefined).toString(), 'a\r\nb\n');
  });

  it('holds, whatever the file and the edit', () => {
    const piece = fc.constantFrom('a', 'b', '\n', '\r\n', '\r', 'é');
    const raws = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.boolean(), raws, raws, fc.nat(), fc.nat(), (bom, rest, new_, from, length) => {
        const raw = bom ? `\ufeff${rest}` : rest;
        const file = text(raw);
        assert.equal(replaceIn(file, []).toString(), raw);
        const start = from % (file.shown.length + 1);
        const end = Math.min(file.shown.length, start + (length % 5));
        const by = new_.replaceAll('\r\n', '\n');
        const after = text(replaceIn(file, [{ start, end, by }]).toString());
        // A carriage return that ends up before a line feed becomes a part of the line end: that is no loss.
        const plain = (shown: string) => shown.replace(/\r+\n/g, '\n');
        assert.equal(after.bom, bom);
        assert.equal(plain(after.shown), plain(file.shown.slice(0, start) + by + file.shown.slice(end)));
      }),
    );
  });
});
