import assert from 'node:assert/strict';
import { test } from 'node:test';
import { externalIssuersOf, isSecureUrl } from './oidc-settings.ts';
import { resolveSettings, SettingsError } from './resolve-settings.ts';

const TENANT = '0198e000-0000-7000-8000-00000000000a';
const resolve = (env: Record<string, string>) => resolveSettings({ env, flags: {} }).values;
const BOTH = { OIDC_ISSUER: 'https://login.example/a', OIDC_AUDIENCE: 'api://rollbook' };

test('several issuers, audiences and tenants; an issuer stays as it was written', () => {
  const values = resolve({
    OIDC_ISSUER: 'https://sts.windows.net/x/ , http://127.0.0.1:9/realms/{tenantid}',
    OIDC_AUDIENCE: 'api://rollbook, 0198',
    OIDC_TENANTS: `https://login.example/a=b=${TENANT.toUpperCase()}, x=${TENANT}`,
  });
  assert.deepEqual(externalIssuersOf(values), {
    issuers: ['https://sts.windows.net/x/', 'http://127.0.0.1:9/realms/{tenantid}'],
    audiences: ['api://rollbook', '0198'],
    tenantClaim: 'tid',
    tenantsByValue: new Map([
      ['https://login.example/a=b', TENANT],
      ['x', TENANT],
    ]),
  });
  assert.equal(externalIssuersOf(resolve({})), undefined);
});

const WRONG: [Record<string, string>, RegExp][] = [
  [{ OIDC_ISSUER: 'https://login.example' }, /OIDC_ISSUER and OIDC_AUDIENCE belong together/],
  [{ OIDC_AUDIENCE: 'api://rollbook' }, /OIDC_ISSUER and OIDC_AUDIENCE belong together/],
  [{ ...BOTH, OIDC_ISSUER: 'http://login.example' }, /by https:\/\/ except on this machine/],
  [{ ...BOTH, OIDC_ISSUER: 'https://login.example/?a=b' }, /OIDC_ISSUER/],
  [{ ...BOTH, OIDC_ISSUER: 'https://me:hush@login.example' }, /OIDC_ISSUER/],
  [{ ...BOTH, OIDC_ISSUER: 'https://a.example,,https://b.example' }, /OIDC_ISSUER/],
  [{ ...BOTH, OIDC_AUDIENCE: 'a"b' }, /OIDC_AUDIENCE/],
  [{ ...BOTH, OIDC_TENANT_CLAIM: 'a b' }, /OIDC_TENANT_CLAIM/],
  [{ ...BOTH, OIDC_TENANTS: 'x=1' }, /OIDC_TENANTS/],
  [{ ...BOTH, OIDC_TENANTS: TENANT }, /OIDC_TENANTS/],
  [{ ...BOTH, OIDC_TENANTS: `x=${TENANT},x=${TENANT}` }, /each value once/],
  [
    { ...BOTH, OIDC_ISSUER: 'https://e.example/{tenantid}', OIDC_TENANTS: `*=${TENANT}` },
    /names each tenant/,
  ],
  [{ ...BOTH, OIDC_ISSUER: 'https://e.example/{tenantid}', OIDC_TENANT_CLAIM: 'org' }, /has to be tid/],
  [{ BUILT_IN_ISSUER: 'off' }, /nobody could get a token/],
];
for (const [env, message] of WRONG)
  test(`refused: ${JSON.stringify(env)}`, () => {
    assert.throws(
      () => resolve(env),
      (error: unknown) => error instanceof SettingsError && message.test(error.message),
    );
  });

test('plain HTTP only to this machine', () => {
  for (const url of ['https://a.example', 'http://localhost:1', 'http://127.1.2.3', 'http://[::1]:8'])
    assert.ok(isSecureUrl(url), url);
  for (const url of ['http://a.example', 'http://127.0.0.1.example', 'ftp://localhost', 'file:///etc', 'x'])
    assert.ok(!isSecureUrl(url), url);
});
