import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowed, READ_ROSTER, WRITE_PROFILES } from './permissions.ts';
import { readTokenClaims } from './token-claims.ts';

const ROLES = ['EduRoster.Read.All', 'Other.App.Role', 5, 'Rollbook.System.Manage'];
const application = { clientId: 'c', roles: ['EduRoster.Read.All'], scopes: [] };
const person = (scopes: string[], more: object = {}) => ({
  clientId: 'c',
  roles: [],
  scopes,
  person: { subject: 's', ...more },
});

const CASES: [name: string, claims: Record<string, unknown>, expected: unknown][] = [
  ['Entra v2, an application', { azp: 'c', sub: 's', oid: 's', roles: ROLES, ver: '2.0' }, application],
  ['Entra v1, an application', { appid: 'c', sub: 's', oid: 's', roles: ROLES, idtyp: 'app' }, application],
  [
    'Entra v2, a person',
    { azp: 'c', sub: 's', oid: 'o', scp: 'EduRoster.Read openid', preferred_username: 'ann@contoso.com' },
    person(['EduRoster.Read'], { objectId: 'o', userPrincipalName: 'ann@contoso.com' }),
  ],
  [
    'Entra v1, a person',
    { appid: 'c', sub: 's', scp: 'EduRoster.Read', upn: 'ann@contoso.com', preferred_username: 'x' },
    person(['EduRoster.Read'], { userPrincipalName: 'ann@contoso.com' }),
  ],
  ['a person with roles of their own', { azp: 'c', sub: 's', scp: 'x', roles: ROLES }, person([])],
  ['scp and idtyp app', { azp: 'c', sub: 's', scp: 'x', idtyp: 'app', roles: ROLES }, person([])],
  ['idtyp user', { azp: 'c', sub: 's', idtyp: 'user', roles: ROLES }, person([])],
  ['scp as a list', { azp: 'c', sub: 's', scp: ['EduRoster.Read', 7] }, person(['EduRoster.Read'])],
  ['RFC 9068, a person', { client_id: 'c', sub: 's', scope: 'a EduRoster.Read' }, person(['EduRoster.Read'])],
  [
    'RFC 9068, an application',
    { client_id: 'c', sub: 'c', scope: 'a EduRoster.Read', roles: ROLES },
    application,
  ],
  [
    'Keycloak, a service account that nobody marked',
    {
      azp: 'c',
      sub: 's',
      scope: 'profile',
      preferred_username: 'service-account-c',
      roles: ROLES,
      typ: 'Bearer',
    },
    person([], { userPrincipalName: 'service-account-c' }),
  ],
  [
    'Keycloak, one with idtyp',
    { azp: 'c', sub: 's', scope: 'profile', preferred_username: 'x', roles: ROLES, idtyp: 'app' },
    application,
  ],
  ['no scope, but a sign-in', { azp: 'c', sub: 's', nonce: 'n', roles: ROLES }, person([])],
  ['roles as one text', { azp: 'c', sub: 's', roles: 'EduRoster.Read.All' }, { ...application, roles: [] }],
  [
    'delegated names in roles',
    { azp: 'c', sub: 's', roles: ['EduRoster.Read'] },
    { ...application, roles: [] },
  ],
  ['an ID token of Keycloak', { azp: 'c', sub: 's', typ: 'ID', roles: ROLES }, undefined],
  ['a refresh token of Keycloak', { azp: 'c', sub: 's', typ: 'Refresh', roles: ROLES }, undefined],
  ['an ID token of Entra: no client', { sub: 's', roles: ROLES }, undefined],
  ['a client that is no text', { azp: 5, sub: 's', roles: ROLES }, undefined],
  [
    'names with U+0000, which nobody in the directory has',
    { azp: 'c', sub: 's', scp: 'EduRoster.Read', oid: '\0', preferred_username: 'ann\0@contoso.com' },
    person(['EduRoster.Read']),
  ],
];
for (const [name, claims, expected] of CASES)
  test(name, () => {
    assert.deepEqual(readTokenClaims(claims), expected);
  });

test('application permissions in scp, and delegated ones in roles, allow nothing', () => {
  for (const claims of [
    { azp: 'c', sub: 's', scp: 'EduRoster.Read.All EduAdministration.ReadWrite.All' },
    { azp: 'c', sub: 'c', roles: ['EduRoster.Read', 'EduAdministration.ReadWrite'] },
    { azp: 'c', sub: 's', scp: 'openid', roles: ['EduRoster.Read.All', 'EduAdministration.ReadWrite.All'] },
  ]) {
    const caller = readTokenClaims(claims);
    assert.ok(caller !== undefined && !isAllowed(caller, READ_ROSTER) && !isAllowed(caller, WRITE_PROFILES));
  }
});
