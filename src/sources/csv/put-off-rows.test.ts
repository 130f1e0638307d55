/** Rows of a tree are put off until what they stand below was taken: they keep what they say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stageFiles } from '#test/helpers/stage-files.ts';

const HEADER = 'sourcedId,title,type,schoolYear,startDate,endDate,parentSourcedId';
const ROWS = {
  y: 'Year,schoolYear,2027,2026-08-01,2027-07-31,',
  t1: 'Autumn,term,2027,2026-08-01,2027-01-31,y',
  t2: 'Spring,term,2027,2027-02-01,2027-07-31,y',
  g: 'Weeks,gradingPeriod,2027,2026-08-01,2026-10-15,t1',
};
type Session = keyof typeof ROWS;

function files(order: readonly Session[]): Record<string, string> {
  const lines = (...rows: string[]): string => `${rows.join('\n')}\n`;
  return {
    'orgs.csv': lines('sourcedId,name,type', 's,North,school'),
    'academicSessions.csv': lines(HEADER, ...order.map((id) => `${id},${ROWS[id]}`)),
    'users.csv': lines('sourcedId,username,givenName,familyName', 'p,p,Ann,Fir', 't,t,Tom,Fir'),
    'roles.csv': lines('userSourcedId,orgSourcedId,role', 'p,s,student', 't,s,teacher'),
  };
}

test('terms below a year have their own dates, in whatever order the rows stand', async () => {
  const orders: readonly (readonly Session[])[] = [
    ['y', 't1', 't2', 'g'],
    ['g', 't2', 't1', 'y'],
    ['t1', 'y', 'g', 't2'],
  ];
  for (const order of orders) {
    const { items } = await stageFiles(files(order));
    const dates = items
      .filter(({ kind }) => kind === 'academicSession')
      .map(({ sourceId, after }) => {
        const { startDate, endDate } = after as Record<string, string>;
        return `${String(sourceId)} ${String(startDate)} ${String(endDate)}`;
      });
    assert.deepEqual(
      dates.toSorted(),
      [
        'g 2026-08-01 2026-10-15',
        't1 2026-08-01 2027-01-31',
        't2 2027-02-01 2027-07-31',
        'y 2026-08-01 2027-07-31',
      ],
      order.join(),
    );
  }
});

test('the same rows in another order change nothing, and one that is there twice is told as such', async () => {
  const first = await stageFiles(files(['y', 't1', 't2', 'g']));
  const { items } = await stageFiles(files(['t2', 'g', 't1', 'y']), { after: first });
  assert.deepEqual(items, []);
  const { findings } = await stageFiles(files(['y', 't1', 't2', 't1', 'g']));
  assert.deepEqual(
    findings.filter(({ file }) => file === 'academicsessions.csv').map(({ code }) => code),
    ['ROW_DUPLICATE'],
  );
});
