import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatWindow, parseWindowText } from './window-text.ts';

const SAME: [string, string][] = [
  ['mon-fri 07:30-16:00', 'mon-fri 07:30-16:00'],
  ['Monday, 07:30-16:00', ''],
  ['monday,WED 22:00 - 06:00', 'mon,wed 22:00-06:00'],
  ['fri-mon 22:00-06:00', 'mon,fri-sun 22:00-06:00'],
  ['sat,sun 00:00-24:00', 'sat,sun 00:00-24:00'],
  ['07:30-16:00', 'daily 07:30-16:00'],
  ['daily 07:30-16:00', 'daily 07:30-16:00'],
  ['2026-12-20..2027-01-06', '2026-12-20..2027-01-06'],
  ['2026-12-24', '2026-12-24'],
  ['mo 07:00-08:00', ''],
  ['funday 07:00-08:00', ''],
  ['7:30-16:00', ''],
  ['mon-wed-fri 07:30-16:00', ''],
  ['at night', ''],
];
for (const [text, expected] of SAME)
  test(`window text: ${text}`, () => {
    const window = parseWindowText(text);
    assert.equal(window === null ? '' : formatWindow(window), expected);
  });
