/** What is taken out of text, and what is left alone: code is full of words like token and key. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { redacted, secretSpans } from '../../src/domain/secrets';

/** Put together here, so that nobody who looks for secrets finds one in this file. */
const x = (length: number, of = 'aB3dE6gH9k') => of.repeat(Math.ceil(length / of.length)).slice(0, length);
const KEY_BLOCK = ['-----BEGIN OPENSSH PRIVATE', ' KEY-----\n', `${x(64)}\n${x(64)}\n`, '-----END OPENSSH PRIVATE', ' KEY-----'].join('');

describe('secrets', () => {
  const found: [string, string, string][] = [
    ['a key of Anthropic', `the key is sk-ant-api03-${x(40)}-${x(10)}AA.`, 'the key is (secret).'],
    ['a key of OpenAI', `sk-proj-${x(40)}`, '(secret)'],
    ['tokens of GitHub', `ghp_${x(36)} gho_${x(36)} github_pat_${x(50)}`, '(secret) (secret) (secret)'],
    ['a token of GitLab', `glpat-${x(20)}`, '(secret)'],
    ['a key of AWS', `id=AKIA${x(16, 'ABCDEFG234')}, or ASIA${x(16, 'ABCDEFG234')}`, 'id=(secret), or (secret)'],
    ['a key of Google', `"AIza${x(35)}"`, '"(secret)"'],
    ['a token of Slack', `xoxb-1234567890-${x(20)}`, '(secret)'],
    ['a key of Stripe', `sk_live_${x(24)}`, '(secret)'],
    ['tokens of registries', `npm_${x(36)} pypi-${x(60)} hf_${x(34)}`, '(secret) (secret) (secret)'],
    ['a JSON web token', `eyJ${x(20)}.eyJ${x(40)}.${x(40)}`, '(secret)'],
    ['a private key', `before\n${KEY_BLOCK}\nafter`, 'before\n(secret)\nafter'],
    ['a private key in JSON', `{"key":"${KEY_BLOCK.replaceAll('\n', '\\n')}\\n"}`, '{"key":"(secret)\\n"}'],
    ['a private key that is cut off', `text ${KEY_BLOCK.slice(0, 80)}`, 'text (secret)'],
    ['two private keys', `${KEY_BLOCK}\nand ${KEY_BLOCK}`, '(secret)\nand (secret)'],
    [
      'what logs in',
      `Authorization: Bearer ${x(20)}\nauthorization: basic ${x(16)}==`,
      'Authorization: Bearer (secret)\nauthorization: basic (secret)',
    ],
    ['a password in an address', 'postgres://me:hunter2@db.example:5432/app', 'postgres://me:(secret)@db.example:5432/app'],
    [
      'an environment',
      'API_KEY=abcd1234\nexport DB_PASSWORD="hunter2"\nTOKEN=x-y-z-1\n',
      'API_KEY=(secret)\nexport DB_PASSWORD="(secret)"\nTOKEN=(secret)\n',
    ],
    ['an environment in JSON', '{"text":"SECRET=\\"hunter22\\"\\nA=1"}', '{"text":"SECRET=\\"(secret)\\"\\nA=1"}'],
    [
      'settings',
      '{ "apiKey": "abc123xyz", "password":"hunter2", token: \'s3cr3t!\' }',
      '{ "apiKey": "(secret)", "password":"(secret)", token: \'(secret)\' }',
    ],
    ['settings in JSON in JSON', '"{\\"client_secret\\": \\"abc123xyz\\"}"', '"{\\"client_secret\\": \\"(secret)\\"}"'],
    ['code', 'const githubToken = "abcdef";\nlet api_key => `abcdef`', 'const githubToken = "(secret)";\nlet api_key => `(secret)`'],
    ['settings without quotes', `secret: ${x(20)}\npassword = ${x(12)}`, 'secret: (secret)\npassword = (secret)'],
  ];
  for (const [what, text, clean] of found) {
    it(`takes out ${what}`, () => {
      assert.equal(redacted(text), clean);
      // What is clean stays as it is.
      assert.equal(redacted(clean), clean);
    });
  }

  it('leaves code and figures alone', () => {
    const texts = [
      '{"usage":{"input_tokens":123456789012,"output_tokens":1},"max_tokens":16000}',
      'const token = await getToken(user.id);',
      'function tokenize(text: string): Token[] { return tokens; }',
      'password: z.string().min(8)',
      'apiKey: process.env.ANTHROPIC_API_KEY,',
      'API_KEY=$KEY OTHER_TOKEN="$(cat token)" PASSWORD=%PASSWORD% SECRET=<your secret>',
      'API_KEY=\nTOKEN=""',
      "if (key === 'ArrowLeft') keyboard.press('Enter');",
      'A primary key, a foreign key; the token is here, the secret is out.',
      'tokens: 1234567890123456',
      'token: src/model/gateway/gateway.ts',
      'secret = this.options.secret1234567890()',
      'git commit 8d3f1c2b9a7e6d5f4c3b2a1908f7e6d5c4b3a291',
      'https://example.com/path:with@sign and http://localhost:8080/x@y',
      'the bearer of bad news, basic income',
      'task-sk-1 risk-averse-people-everywhere-in-the-world',
      '-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----',
    ];
    assert.deepEqual(
      texts.map((text) => redacted(text)),
      texts,
    );
  });

  it('takes out known values, as they are and as JSON, addresses and base64 write them', () => {
    const known = 'hunter "2" ü';
    const text = `raw ${known}, ${JSON.stringify({ a: known })}, ?p=${encodeURIComponent(known)}, ${Buffer.from(known).toString('base64')}`;
    assert.equal(redacted(text, [known]), 'raw (secret), {"a":"(secret)"}, ?p=(secret), (secret)==');
    // Too short to say anything, or nothing.
    assert.equal(redacted('abcde', ['abcde', '', 'a']), 'abcde');
  });

  it('says where, in order, and joins what overlaps', () => {
    const key = `sk-ant-${x(20)}`;
    assert.deepEqual(secretSpans(`Bearer ${key} KEY=${key}`, [key.slice(0, 20), key.slice(10)]), [
      { start: 7, end: 34 },
      { start: 39, end: 66 },
    ]);
  });

  it('leaves no known value in any text, and everything else as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 })), fc.string({ minLength: 6, maxLength: 30 }), (parts, known) => {
        const clean = redacted(parts.join(known), [known]);
        assert.ok(!clean.replaceAll('(secret)', '\0').includes(known));
        const spans = secretSpans(parts.join(known), [known]);
        const kept = parts.join(known).length - spans.reduce((sum, { start, end }) => sum + end - start, 0);
        assert.equal(clean.length, kept + '(secret)'.length * spans.length);
      }),
    );
  });

  it('takes time linear in the text, whatever it is made of', () => {
    const units = [
      'a',
      'A_',
      'key=',
      'sk-',
      'eyJaaaaaaaaaa.',
      '-----BEGIN PRIVATE KEY-----',
      'token: ',
      'secret="',
      'a://a:',
      'Bearer ',
      'xoxb-',
      '1a',
    ];
    for (const unit of units) {
      const timed = (length: number) => {
        const text = unit.repeat(length / unit.length);
        const begin = process.cpuUsage().user;
        secretSpans(text);
        return process.cpuUsage().user - begin;
      };
      timed(10_000);
      const [small, large] = [timed(20_000), timed(320_000)];
      // Sixteen times the text; a square would take 256 times as long.
      assert.ok(large < 64 * Math.max(small, 4000), `${unit}: ${small} µs, then ${large} µs`);
    }
  });
});
