import assert from 'node:assert/strict';
import { test } from 'node:test';

import { escapeHtml, html } from './html.ts';

const ESCAPED: [string, string, string][] = [
  ['markup', `<b title="x">&'</b>`, '&lt;b title=&quot;x&quot;&gt;&amp;&#39;&lt;/b&gt;'],
  ['an entity stays what was written', '&lt;', '&amp;lt;'],
  ['NUL and escape', 'a\u0000b\u001b[2J', 'a[U+0000]b[U+001B][2J'],
  ['line breaks', 'a\r\nb\u2028c', 'a[U+000D][U+000A]b[U+2028]c'],
  ['what turns text around', '\u202Eexe.txt\u2066', '[U+202E]exe.txt[U+2066]'],
  ['what cannot be seen', 'a\u200Bb\uFEFF\u{E0041}', 'a[U+200B]b[U+FEFF][U+E0041]'],
  ['half a character', 'a\uD83D', 'a\uFFFD'],
  ['no character at all', '\uFFFE', '[U+FFFE]'],
  ['letters of all kinds', 'Zoë Müller 李 😀 שלום', 'Zoë Müller 李 😀 שלום'],
];
for (const [name, text, expected] of ESCAPED) {
  test(`escape: ${name}`, () => assert.equal(escapeHtml(text), expected));
}

test('html: text is escaped, markup and lists of it are not', () => {
  const item = html`<i>${'<'}</i>`;
  assert.equal(html`<p id="${'"'}">${[item, '&', 7]}</p>`.markup, '<p id="&quot;"><i>&lt;</i>&amp;7</p>');
});
