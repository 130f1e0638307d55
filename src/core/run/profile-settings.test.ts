import assert from 'node:assert/strict';
import { test } from 'node:test';

import { allowedOf } from '../plan/limits.ts';
import { checkDefinition, isExpired, type IdentityConfiguration, type ProfileDefinition } from './profile.ts';
import { changeProfileSettings, DEFAULT_PROFILE_SETTINGS, readProfileSettings } from './profile-settings.ts';
import { verificationMessages } from './verification-message.ts';

test('settings: what is not stored has its default', () => {
  assert.deepEqual(readProfileSettings({}), DEFAULT_PROFILE_SETTINGS);
  assert.deepEqual(readProfileSettings({ tolerance: 'strict' }), {
    ...DEFAULT_PROFILE_SETTINGS,
    tolerance: 'strict',
  });
});

test('settings: a change names what it changes, and nothing else is touched', () => {
  const changed = changeProfileSettings(DEFAULT_PROFILE_SETTINGS, {
    deactivationLimit: { percent: 5, count: 0 },
    applyPolicy: 'alwaysAsk',
    idsAcrossKinds: 'samePerson',
    acceptedDomains: { teacher: ['B.edu', 'a.edu', 'b.edu'] },
    limits: [{ scope: 'school', action: 'create', school: 'S1', percent: 10, count: 0 }],
  });
  assert.deepEqual(changed, {
    settings: {
      ...DEFAULT_PROFILE_SETTINGS,
      deactivationLimit: { percent: 5, count: 0 },
      applyPolicy: 'alwaysAsk',
      idsAcrossKinds: 'samePerson',
      acceptedDomains: { student: [], teacher: ['a.edu', 'b.edu'] },
      limits: [{ scope: 'school', action: 'create', kind: null, school: 'S1', percent: 10, count: 0 }],
    },
  });
});

test('settings: the defaults are those of docs/spec/status.md and docs/adr/0010', () => {
  const { tolerance, deactivationLimit, unmatchedLimit, limitWindowHours, linkByUserName } =
    DEFAULT_PROFILE_SETTINGS;
  assert.deepEqual(tolerance, { percent: 1, count: 10 });
  assert.deepEqual(deactivationLimit, { percent: 10, count: 25 });
  assert.deepEqual(unmatchedLimit, { percent: 20, count: 25 });
  assert.deepEqual([limitWindowHours, linkByUserName], [168, false]);
});

for (const change of [
  { tolerance: { percent: 0, count: 0 } },
  { tolerance: { percent: 100, count: 1_000 } },
  { tolerance: 'strict' },
  { unmatchedLimit: { percent: 0.5, count: 0 } },
  { limitWindowHours: 1 },
  { limitWindowHours: 8_784 },
  { linkByUserName: true },
  { format: 'sds-v2.1' },
  { encoding: 'windows-1250' },
  { applyPolicy: 'atOnce' },
  { idsAcrossKinds: 'differentPeople' },
])
  test(`settings: ${JSON.stringify(change)} is taken, and can be taken back`, () => {
    const [property = ''] = Object.keys(change);
    const changed = changeProfileSettings(DEFAULT_PROFILE_SETTINGS, change);
    assert.deepEqual(changed, { settings: { ...DEFAULT_PROFILE_SETTINGS, ...change } });
    const before = {
      [property]: Object.entries(DEFAULT_PROFILE_SETTINGS).find(([name]) => name === property)?.[1],
    };
    assert.deepEqual('settings' in changed && changeProfileSettings(changed.settings, before), {
      settings: DEFAULT_PROFILE_SETTINGS,
    });
  });

const BAD: [unknown, string][] = [
  [{ idsAcrossKinds: true }, 'idsAcrossKinds'],
  [{ acceptedDomains: ['a.edu'] }, 'acceptedDomains'],
  [{ acceptedDomains: { faculty: [] } }, 'acceptedDomains'],
  [{ acceptedDomains: { student: ['@a.edu'] } }, 'acceptedDomains'],
  [{ acceptedDomains: { student: 'a.edu' } }, 'acceptedDomains'],
  [null, 'settings'],
  [[], 'settings'],
  [{ tolerance: 'lax' }, 'tolerance'],
  [{ tolerance: { percent: 101, count: 1 } }, 'tolerance'],
  [{ tolerance: { percent: 1 } }, 'tolerance'],
  [{ tolerance: { percent: 1, count: 1.5 } }, 'tolerance'],
  [{ tolerance: { percent: 1, count: 1, more: 1 } }, 'tolerance'],
  [{ deactivationLimit: 'strict' }, 'deactivationLimit'],
  [{ linkByUserName: 'yes' }, 'linkByUserName'],
  [{ threshold: 1 }, 'threshold'],
  [{ applyPolicy: 'never' }, 'applyPolicy'],
  [{ tolerance: { percent: -1, count: 1 } }, 'tolerance'],
  [{ tolerance: { percent: 1, count: -1 } }, 'tolerance'],
  [{ deactivationLimit: null }, 'deactivationLimit'],
  [{ unmatchedLimit: 25 }, 'unmatchedLimit'],
  [{ limitWindowHours: 0 }, 'limitWindowHours'],
  [{ limitWindowHours: 8_785 }, 'limitWindowHours'],
  [{ limitWindowHours: 1.5 }, 'limitWindowHours'],
  [{ limitWindowHours: '24' }, 'limitWindowHours'],
  [{ format: 'csv' }, 'format'],
  [{ encoding: 'utf-8' }, 'encoding'],
  [{ schedule: { expression: 1 } }, 'schedule.expression'],
  [{ limits: {} }, 'limits'],
  [{ limits: [{ scope: 'school', action: 'deactivate', percent: 101, count: 0 }] }, 'limits'],
  [{ limits: [{ scope: 'school', action: 'deactivate', percent: -1, count: 0 }] }, 'limits'],
  [{ limits: [{ scope: 'school', action: 'deactivate', percent: 10, count: 1.5 }] }, 'limits'],
  [{ limits: [{ scope: 'district', action: 'deactivate', percent: 10, count: 1 }] }, 'limits'],
  [{ limits: [{ scope: 'school', action: 'erase', percent: 10, count: 1 }] }, 'limits'],
  [{ limits: [{ scope: 'school', action: 'create', kind: 'course', percent: 10, count: 1 }] }, 'limits'],
  [{ limits: [{ scope: 'plan', action: 'create', school: 'S1', percent: 10, count: 1 }] }, 'limits'],
  [
    {
      limits: [
        { scope: 'school', action: 'create', percent: 10, count: 1 },
        { scope: 'school', action: 'create', percent: 20, count: 1 },
      ],
    },
    'limits',
  ],
];
for (const [change, property] of BAD) {
  test(`settings: ${JSON.stringify(change)} is refused and names ${property}`, () => {
    const result = changeProfileSettings(DEFAULT_PROFILE_SETTINGS, change);
    assert.ok('problem' in result);
    assert.equal(result.problem.property, property);
  });
}

for (const zone of ['PST', 'est', 'IST', 'CST'])
  test(`settings: the time zone ${zone} means several, and is refused with names of places`, () => {
    const result = changeProfileSettings(DEFAULT_PROFILE_SETTINGS, { schedule: { timeZone: zone } });
    assert.ok('problem' in result);
    assert.equal(result.problem.property, 'schedule.timeZone');
    assert.match(
      result.problem.message,
      /"[A-Z][a-z]+\/[A-Z][A-Za-z_]+" if that is meant, or .*"Europe\/Berlin"/u,
    );
  });

for (const zone of [
  'UTC',
  'GMT',
  'CET',
  'America/Los_Angeles',
  'US/Pacific',
  'Asia/Calcutta',
  'Japan',
  'NZ',
  'PST8PDT',
])
  test(`settings: the time zone ${zone} is taken`, () => {
    assert.ok(
      'settings' in changeProfileSettings(DEFAULT_PROFILE_SETTINGS, { schedule: { timeZone: zone } }),
    );
  });

test('settings: a time zone that was taken before goes on, and keeps no other change from being made', () => {
  const stored = readProfileSettings({ schedule: { cron: '@daily', timeZone: 'PST' } });
  assert.equal(stored.schedule.timeZone, 'PST');
  const changed = changeProfileSettings(stored, { schedule: { cron: '@hourly', timeZone: 'PST' } });
  assert.ok('settings' in changed);
  assert.equal(changed.settings.schedule.cron, '@hourly');
});

test('a limit lets the larger of both pass; strict nothing', () => {
  assert.equal(allowedOf({ percent: 1, count: 10 }, 100), 10);
  assert.equal(allowedOf({ percent: 1, count: 10 }, 5000), 50);
  assert.equal(allowedOf('strict', 5000), 0);
});

test('a profile expires on its expiration date', () => {
  assert.equal(isExpired(null, '2026-09-01'), false);
  assert.equal(isExpired('2026-09-02', '2026-09-01'), false);
  assert.equal(isExpired('2026-09-01', '2026-09-01'), true);
});

const definition = (identityConfiguration: IdentityConfiguration): ProfileDefinition => ({
  displayName: 'x',
  dataProvider: { type: 'csv', customizations: null },
  identityConfiguration,
  licensesToAssign: null,
  handleSpecialCharacterConstraint: null,
  expirationDate: null,
});

test('a definition has one domain and one matching option per role, and properties to match with', () => {
  const domain = { appliesTo: 'student', name: 'a.edu' } as const;
  const option = {
    appliesTo: 'teacher',
    sourcePropertyName: 'Username',
    targetPropertyName: 'mail',
    targetDomain: null,
  } as const;
  assert.equal(checkDefinition(definition({ type: 'creation', userDomains: [domain] })), null);
  assert.equal(checkDefinition(definition({ type: 'matching', matchingOptions: [option] })), null);
  assert.match(
    checkDefinition(definition({ type: 'creation', userDomains: [] }))?.property ?? '',
    /userDomains$/u,
  );
  assert.match(
    checkDefinition(definition({ type: 'creation', userDomains: [domain, domain] }))?.message ?? '',
    /more than one domain for student/u,
  );
  assert.match(
    checkDefinition(definition({ type: 'matching', matchingOptions: [] }))?.property ?? '',
    /matchingOptions$/u,
  );
  assert.match(
    checkDefinition(definition({ type: 'matching', matchingOptions: [option, option] }))?.message ?? '',
    /more than one option for teacher/u,
  );
  const extension = (place: number): string | undefined => {
    const byExtension = { ...option, targetPropertyName: `extensionAttribute${place}` };
    return checkDefinition(definition({ type: 'matching', matchingOptions: [byExtension] }))?.property;
  };
  assert.deepEqual([extension(1), extension(15)], [undefined, undefined]);
  assert.match(extension(16) ?? '', /targetPropertyName$/u);
  const wrong = { ...option, targetPropertyName: 'userprincipalname' };
  assert.equal(
    checkDefinition(definition({ type: 'matching', matchingOptions: [wrong] }))?.property,
    'identitySynchronizationConfiguration.matchingOptions[0].targetPropertyName',
  );
});

test('verification messages: worst first, in the words of the classic service', () => {
  const messages = verificationMessages([
    { file: 'student.csv', code: 'ID_DUPLICATE', field: 'SIS ID', severity: 'warning', rowCount: 2 },
    {
      file: 'studentenrollment.csv',
      code: 'REFERENCE_NOT_FOUND',
      field: 'SIS ID',
      severity: 'error',
      rowCount: 12,
    },
    { file: 'section.csv', code: 'REQUIRED_MISSING', field: 'Section Name', severity: 'error', rowCount: 3 },
    { file: 'school.csv', code: 'HEADER_MISSING', field: 'Name', severity: 'fatal', rowCount: 1 },
    { file: 'teacher.csv', code: 'DATE_AMBIGUOUS_FORMAT', field: '', severity: 'information', rowCount: 9 },
  ]);
  assert.deepEqual(
    messages.map((message) => `${message.type} ${message.fileName}`),
    [
      'Error school.csv',
      'Error section.csv',
      'Error studentenrollment.csv',
      'Warning student.csv',
      'Information teacher.csv',
    ],
  );
  assert.equal(
    messages[1]?.description,
    "3 row(s) in section.csv are missing data for the field 'Section Name'.",
  );
  assert.match(messages[2]?.description ?? '', /^12 row\(s\) in studentenrollment.csv reference data/u);
});
