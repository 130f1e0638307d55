import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isAllowed,
  MANAGE_SYSTEM,
  READ_PROFILES,
  READ_ROSTER,
  READ_ROSTER_BASIC,
  WRITE_PROFILES,
  WRITE_ROSTER,
  WRITE_USER,
} from './permissions.ts';

const application = (...roles: string[]) => ({ roles, scopes: [] });
const person = (...scopes: string[]) => ({ roles: [], scopes });

test('who may do what', () => {
  const yes = [
    [application('EduAdministration.Read.All'), READ_PROFILES],
    [application('EduAdministration.ReadWrite.All'), READ_PROFILES],
    [application('EduAdministration.ReadWrite.All'), WRITE_PROFILES],
    [person('openid', 'EduAdministration.ReadWrite'), WRITE_PROFILES],
    [application('EduRoster.ReadBasic.All'), READ_ROSTER_BASIC],
    [application('EduRoster.ReadWrite.All'), READ_ROSTER],
    [person('EduRoster.ReadWrite'), WRITE_USER],
    [application('Rollbook.System.Manage'), MANAGE_SYSTEM],
  ] as const;
  for (const [caller, requirement] of yes) assert.ok(isAllowed(caller, requirement), JSON.stringify(caller));
  const no = [
    [application(), READ_PROFILES],
    [application('EduAdministration.Read.All'), WRITE_PROFILES],
    [application('EduRoster.ReadBasic.All'), READ_ROSTER],
    [application('EduRoster.ReadWrite.All'), READ_PROFILES],
    [application('Rollbook.Tenant.Manage'), MANAGE_SYSTEM],
    [application('toString'), MANAGE_SYSTEM],
    [person('EduRoster.ReadWrite'), WRITE_ROSTER],
  ] as const;
  for (const [caller, requirement] of no) assert.ok(!isAllowed(caller, requirement), JSON.stringify(caller));
});

test('application permissions and delegated ones never stand in for each other', () => {
  assert.ok(!isAllowed(application('EduAdministration.ReadWrite'), WRITE_PROFILES));
  assert.ok(!isAllowed(person('EduAdministration.ReadWrite.All'), WRITE_PROFILES));
  const both = { roles: ['EduAdministration.ReadWrite.All'], scopes: ['EduRoster.Read'] };
  assert.ok(!isAllowed(both, WRITE_PROFILES), 'a token with scopes is a person’s');
});
