import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLog } from './open-log.ts';

function logged(isTTY: boolean, write: (log: ReturnType<typeof openLog>) => void): string {
  let text = '';
  const stream = {
    isTTY,
    write(line: string) {
      text += line;
    },
  };
  write(openLog('info', stream));
  return text;
}

test('JSON lines, and on a terminal readable ones', () => {
  const line = JSON.parse(logged(false, (log) => log.info({ run: 7 }, 'staged'))) as Record<string, unknown>;
  assert.deepEqual([line['level'], line['run'], line['msg']], [30, 7, 'staged']);
  assert.match(
    logged(true, (log) => log.warn({ run: 7, file: 'a b' }, 'staged')),
    /^\d\d:\d\d:\d\d warn {2}staged run=7 file=a b\n$/,
  );
  assert.equal(
    logged(false, (log) => log.debug('nothing')),
    '',
  );
});

test('secrets that get there by mistake are hidden', () => {
  const text = logged(false, (log) =>
    log.info({
      authorization: 'Bearer hunter2',
      headers: { authorization: 'hunter2' },
      deep: { request: { client_secret: 'hunter2', sig: 'hunter2' } },
      password: 'hunter2',
    }),
  );
  assert.ok(!text.includes('hunter2'), text);
  assert.equal(text.split('(hidden)').length - 1, 5);
});

test('errors say type, message, code, stack and cause, and nothing of the rows in a database error', () => {
  const error = Object.assign(new Error('duplicate key'), {
    code: '23505',
    severity: 'ERROR',
    detail: 'Key (mail)=(anna@x)',
  });
  const text = logged(false, (log) => log.error({ err: new Error('outer', { cause: error }) }, 'failed'));
  assert.ok(text.includes('duplicate key') && text.includes('23505') && text.includes('outer'));
  assert.ok(!text.includes('anna'));
  const value = Object.assign(new Error('invalid input syntax for type date: "Anna"'), {
    code: '22007',
    severity: 'ERROR',
  });
  assert.ok(!logged(false, (log) => log.error({ err: value })).includes('Anna'));
  assert.match(
    logged(true, (log) => log.error({ err: error }, 'failed')),
    /error failed\nError: duplicate key\n {4}at /,
  );
  assert.ok(logged(false, (log) => log.error({ err: 'thrown text' })).includes('thrown text'));
});
