import assert from 'node:assert/strict';
import { test } from 'node:test';

import { realSystem } from '#lib/system.ts';

import { humanView } from './view.ts';

function viewOnTerminal(): { readonly view: ReturnType<typeof humanView>; readonly shown: () => string } {
  let text = '';
  const stream = { isTTY: true, columns: 80, write: (more: string) => (text += more) };
  const io = { stdout: stream, stderr: stream, env: {}, interrupt: new AbortController().signal };
  return {
    view: humanView(io, realSystem, { json: false, quiet: false, progress: 'none' }),
    shown: () => text,
  };
}

const HOSTILE = 'North\u001b[2J\u001b]0;title\u0007\u202e\u009b31m\r';

test('no name reaches the terminal as a command; the colours of the view do', () => {
  const { view, shown } = viewOnTerminal();
  view.note(HOSTILE);
  view.warn(HOSTILE);
  view.result({ document: null, lines: [`${view.paint.red(HOSTILE)}: ${view.paint.bold('held')}`] });
  view.event({ document: null, lines: [HOSTILE] });
  const [first = '', ...codes] = shown().split('\u001b[');
  assert.deepEqual(
    codes.map((text) => text.slice(0, text.indexOf('m'))),
    ['31', '39', '1', '22'],
  );
  const rest = [first, ...codes].join('').replaceAll('\n', '');
  assert.doesNotMatch(rest, /[\p{Cc}\p{Cf}]/u);
});
