import assert from 'node:assert/strict';
import { test } from 'node:test';

import { transientFault } from './transient.ts';

const FAULTS: [codes: string[], code: string | null][] = [
  [['DatabaseUnavailable'], 'DatabaseUnavailable'],
  [['08006'], 'DatabaseUnavailable'],
  [['57P01'], 'DatabaseUnavailable'],
  [['57P03'], 'DatabaseUnavailable'],
  [['57014'], null],
  [['25P03'], 'DatabaseUnavailable'],
  [['25006'], 'DatabaseUnavailable'],
  [['40001'], 'DatabaseBusy'],
  [['40P01'], 'DatabaseBusy'],
  [['53300'], 'DatabaseFull'],
  [['53100'], 'DiskFull'],
  [['ENOSPC'], 'DiskFull'],
  [['ECONNREFUSED'], 'NetworkUnavailable'],
  [['StageFailed', 'ECONNRESET'], 'NetworkUnavailable'],
  [['StageAborted'], 'StageAborted'],
  [['EDQUOT'], 'DiskFull'],
  [['EMFILE'], 'TooManyFiles'],
  [['StorageRefused'], 'StorageRefused'],
  [['StorageFull'], 'DiskFull'],
  [['RB001'], 'SchemaNewer'],
  [['ABORT_ERR'], 'StageAborted'],
  [['53200'], 'DatabaseBusy'],
  [['55P03'], 'DatabaseBusy'],
  [['EAI_AGAIN'], 'NetworkUnavailable'],
  [['StorageUnavailable'], 'StorageUnavailable'],
  [['LeaseLost'], 'LeaseLost'],
  [[], null],
  [['FileDamaged'], null],
  [['StageFailed'], null],
  [['InternalError'], null],
  [['ENOENT'], null],
  [['EPERM'], null],
  [['23505'], null],
  [['22P02'], null],
  [['42P01'], null],
  [['XX000'], null],
  [['constructor'], null],
];
for (const [codes, code] of FAULTS) {
  test(`${codes.join(', ') || 'no code'}: ${code ?? 'it counts'}`, () => {
    assert.equal(transientFault(codes)?.code ?? null, code);
  });
}
