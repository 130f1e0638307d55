import assert from 'node:assert/strict';
import { test } from 'node:test';

import { realSystem } from '#lib/system.ts';

import type { CliIo } from '../cli-io.ts';
import { progressMeter, type ProgressMode } from './progress-meter.ts';

function meterAt(mode: ProgressMode, isTTY: boolean, columns = 80) {
  let written = '';
  let nowMs = 0;
  const stderr = {
    isTTY,
    columns,
    write(text: string) {
      written += text;
    },
  };
  const io: CliIo = { stdout: stderr, stderr, env: {}, interrupt: new AbortController().signal };
  const meter = progressMeter(io, { ...realSystem, now: () => new Date(nowMs) }, mode);
  return {
    meter,
    at(this: void, seconds: number) {
      nowMs = seconds * 1000;
    },
    written: () => written,
  };
}

test('bar: one line drawn anew, with stage, percent, count, rate and time', () => {
  const { meter, at, written } = meterAt('auto', true);
  meter.show({ stage: 'validating', percent: 0, done: 0, unit: 'rows' });
  at(2);
  meter.show({ stage: 'validating', percent: 50, done: 30_000, unit: 'rows' });
  meter.clear();
  assert.equal(
    written(),
    '\r\u001b[K validating    [------------------------]    0 %  0 rows  0:00' +
      '\r\u001b[K validating    [############------------]   50 %  30,000 rows  15,000/s  0:02' +
      '\r\u001b[K',
  );
});

test('what is left stands where a narrow terminal shows it; without an estimate nothing does', () => {
  const { meter, written } = meterAt('auto', false);
  meter.show({ stage: 'applying', percent: 60, done: 3, total: 9, unit: 'changes', secondsLeft: 125 });
  meter.show({ stage: 'planning', percent: 60, secondsLeft: null });
  assert.equal(written(), 'applying   60 %  about 2 min left  3 of 9 changes  0:00\nplanning   60 %  0:00\n');
});

test('bar: never wider than the terminal', () => {
  const { meter, written } = meterAt('bar', true, 40);
  meter.show({ stage: 'applying', percent: 5, done: 1, total: 1_000_000, unit: 'changes' });
  assert.equal(written().replace('\r\u001b[K', '').length, 39);
});

test('plain: a line per stage and every ten seconds', () => {
  const { meter, at, written } = meterAt('auto', false);
  meter.show({ stage: 'extracting', percent: 1, done: 10, total: 100, unit: 'rows' });
  at(5);
  meter.show({ stage: 'extracting', percent: 2, done: 20, total: 100, unit: 'rows' });
  at(11);
  meter.show({ stage: 'extracting', percent: 3, done: 43, total: 100, unit: 'rows' });
  meter.show({ stage: 'planning', percent: 45 });
  assert.equal(
    written(),
    'extracting    1 %  10 of 100 rows  0:00\nextracting    3 %  43 of 100 rows  3/s  0:11\nplanning   45 %  0:11\n',
  );
});

test('json: one line per change, nothing twice; none: nothing', () => {
  const json = meterAt('json', true);
  json.meter.show({ stage: 'planning', percent: 45 });
  json.meter.show({ stage: 'planning', percent: 45 });
  json.meter.clear();
  assert.equal(json.written(), '{"progress":{"stage":"planning","percent":45}}\n');
  const none = meterAt('none', true);
  none.meter.show({ stage: 'planning' });
  assert.equal(none.written(), '');
});
