import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { realSystem, type System } from '#lib/system.ts';
import type { ExternalIssuerSettings } from '#core/oidc-settings.ts';
import type { Caller } from '#core/permissions.ts';
import { type OidcIssuer, oidcIssuer, type IssuerFault } from '#test/fakes/oidc-issuer.ts';
import { asOwner } from '#storage/database.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { IssuerUnavailableError, UnauthenticatedError } from '../access-errors.ts';
import { createApplication } from '../applications.ts';
import { type ExternalIssuers, openExternalIssuers } from './external-issuers.ts';

const CLIENT = '5f0c1b1e-2222-4333-8444-555566667777';
const MINUTE_MS = 60_000;

let database: TestDatabase;
let idp: OidcIssuer;
let now = new Date();
const system: System = { ...realSystem, now: () => now };
const wait = (ms: number): void => void (now = new Date(now.getTime() + ms));
/** A new one, that has read nothing. */
let issuers: ExternalIssuers;
afterEach(() => idp.close());
before(async () => {
  database = await testDatabase();
});
after(() => database.close());
beforeEach(async () => {
  idp = await oidcIssuer({ now: () => now });
  issuers = open();
});

function open(more: Partial<ExternalIssuerSettings> = {}): ExternalIssuers {
  return openExternalIssuers(
    { db: database.db, system, fetchLimits: { timeoutMs: 500, maximumBytes: 100_000 } },
    {
      issuers: [idp.issuer],
      audiences: ['api://rollbook', 'rollbook'],
      tenantClaim: 'tid',
      tenantsByValue: undefined,
      ...more,
    },
  );
}

const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  aud: 'api://rollbook',
  tid: database.tenantId,
  azp: CLIENT,
  roles: ['EduRoster.Read.All'],
  ...more,
});
const verify = async (token: string, by = issuers): Promise<Caller | undefined> => by.verify(token);

async function refused(token: string, message: RegExp, by = issuers): Promise<void> {
  await assert.rejects(verify(token, by), (error: unknown) => {
    assert.ok(error instanceof UnauthenticatedError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

async function unavailable(token: string, message: RegExp): Promise<IssuerUnavailableError> {
  try {
    await verify(token);
  } catch (error) {
    assert.ok(error instanceof IssuerUnavailableError, String(error));
    assert.match(error.message, message);
    return error;
  }
  throw new Error('the token was taken');
}

test('an application of another issuer, by each family of algorithms', async () => {
  for (const algorithm of ['RS256', 'PS256', 'ES256'] as const)
    assert.deepEqual(await verify(await idp.sign(claims(), { algorithm })), {
      tenantId: database.tenantId,
      applicationId: CLIENT,
      roles: ['EduRoster.Read.All'],
      scopes: [],
    });
  assert.equal(idp.asked.length, 2, 'discovery and keys, once');
  assert.equal(issuers.authorizationEndpoint(), `${idp.issuer}/authorize`);
});

test('a person, with who they are', async () => {
  const token = await idp.sign(
    claims({
      scp: 'EduRoster.ReadBasic',
      oid: 'o-1',
      upn: 'ann@contoso.example',
      sub: 's-1',
      aud: ['x', 'rollbook'],
    }),
    { header: { typ: 'at+jwt' } },
  );
  assert.deepEqual(await verify(token), {
    tenantId: database.tenantId,
    applicationId: CLIENT,
    roles: [],
    scopes: ['EduRoster.ReadBasic'],
    person: { subject: 's-1', objectId: 'o-1', userPrincipalName: 'ann@contoso.example' },
  });
});

test('a token of another issuer is none of theirs, whatever signed it', async () => {
  assert.equal(issuers.verify(await idp.sign(claims({ iss: `${idp.issuer}/` }))), undefined);
  assert.equal(issuers.verify(await idp.sign(claims({ iss: undefined }))), undefined);
  assert.equal(issuers.verify('a.b.c'), undefined);
  assert.equal(idp.asked.length, 0, 'nobody is asked about it');
});

test('what is no valid access token of the issuer', async () => {
  const foreign = await oidcIssuer({ now: () => now });
  const nowSeconds = Math.floor(now.getTime() / 1_000);
  await refused(await idp.sign(claims({ exp: nowSeconds - 61 })), /expired/);
  await verify(await idp.sign(claims({ exp: nowSeconds - 59 })));
  await refused(await idp.sign(claims({ exp: undefined })), /claim exp is missing/);
  await refused(await idp.sign(claims({ nbf: nowSeconds + 120 })), /not valid yet/);
  await refused(
    await idp.sign(claims({ aud: 'api://other' })),
    /Invalid audience.*api:\/\/rollbook or rollbook/,
  );
  await refused(await idp.sign(claims({ aud: undefined })), /Invalid audience|claim aud/);
  await refused(await idp.sign(claims({ sub: undefined })), /claim sub/);
  await refused(await idp.sign(claims({ azp: undefined })), /names its client/);
  await refused(await idp.sign(claims({ typ: 'ID' })), /no access token/);
  await refused(await idp.sign(claims(), { header: { typ: 'logout+jwt' } }), /no access token/);
  await refused(await foreign.sign(claims({ iss: idp.issuer })), /Invalid signature/);
  await foreign.close();
});

test('no signature, and the public key as a secret: refused without asking the issuer', async () => {
  await refused(idp.unsigned(claims()), /Invalid signature|algorithm/);
  await refused(await idp.signWithPublicKey(claims()), /algorithm is not accepted/);
  assert.equal(idp.asked.length, 0);
});

test('a key that is too short to be safe is none', async () => {
  await refused(idp.signWithWeakKey(claims()), /Invalid signature or form/);
});

test('a new key works without a restart; a flood of unknown ones does not reach the issuer', async () => {
  await verify(await idp.sign(claims()));
  await idp.rotate();
  const token = await idp.sign(claims());
  await refused(token, /does not publish/);
  wait(30_000);
  for (let count = 0; count < 20; count += 1)
    await refused(await idp.sign(claims(), { header: { kid: `unknown ${count}` } }), /does not publish/);
  assert.equal(idp.asked.length, 4, 'asked twice in all');
  await verify(token);
  assert.equal(idp.asked.length, 4);
});

test('many at once ask once', async () => {
  const tokens = await Promise.all(Array.from({ length: 10 }, () => idp.sign(claims())));
  await Promise.all(tokens.map((token) => verify(token)));
  assert.equal(idp.asked.length, 2);
});

test('a removed key is no longer taken after five minutes', async () => {
  const token = await idp.sign(claims());
  await verify(token);
  await idp.rotate();
  idp.removeOldKeys();
  wait(4 * MINUTE_MS);
  await verify(token);
  wait(MINUTE_MS);
  await refused(token, /does not publish/);
});

test('an issuer that is down: what was read works for an hour, then 503', async () => {
  const token = await idp.sign(claims({ exp: Math.floor(now.getTime() / 1_000) + 86_400 }));
  await verify(token);
  idp.fault = 'error';
  wait(6 * MINUTE_MS);
  await verify(token);
  const { length } = idp.asked;
  await verify(token);
  assert.equal(idp.asked.length, length, 'not asked again at once');
  await unavailable(await idp.sign(claims(), { header: { kid: 'new' } }), /answered 500/);
  wait(54 * MINUTE_MS);
  const error = await unavailable(
    token,
    /The token cannot be checked at the moment: its issuer .* answered 500/,
  );
  assert.ok(error.retryAfterSeconds >= 1 && error.retryAfterSeconds <= 5);
  const asked = idp.asked.length;
  await unavailable(token, /500/);
  assert.equal(idp.asked.length, asked, 'a pause before the next try');
  idp.fault = undefined;
  wait(5_000);
  await verify(token);
});

const FAULTS: [IssuerFault, RegExp][] = [
  ['error', /answered 500/],
  ['hang', /did not answer within 0.5 seconds/],
  ['huge', /answered more than 100000 bytes/],
  ['otherIssuer', /names another issuer/],
  ['redirect', /answered 302; redirects are not followed/],
  ['noJson', /no JSON/],
  ['noKeySet', /no key set/],
  ['keysByHttp', /no jwks_uri with https/],
];
for (const [fault, message] of FAULTS)
  test(`nothing is taken on the word of an issuer with the fault ${fault}`, async () => {
    idp.fault = fault;
    await unavailable(await idp.sign(claims()), message);
    assert.ok(!idp.asked.some((path) => path.startsWith('/elsewhere')));
  });

test('before the first token: whether each can be used', async () => {
  assert.deepEqual(await issuers.prepare(), []);
  assert.equal(issuers.authorizationEndpoint(), `${idp.issuer}/authorize`);
  const slash = open({ issuers: [`${idp.issuer}/`] });
  assert.deepEqual(await slash.prepare(), [
    `the identity provider ${idp.issuer}/ names another issuer in its discovery document than OIDC_ISSUER does`,
  ]);
});

test('an issuer that is not there', async () => {
  const token = await idp.sign(claims());
  await idp.close();
  await unavailable(token, /cannot be reached \(ECONNREFUSED\)/);
});

test('the tenant: by the value itself, by a map, by the issuer, or always the same', async () => {
  const { tenantId } = database;
  await refused(await idp.sign(claims({ tid: realSystem.newId() })), /claim tid names no tenant/);
  await refused(await idp.sign(claims({ tid: undefined })), /names no tenant/);
  await refused(await idp.sign(claims({ tid: [tenantId] })), /names no tenant/);
  const tenantIs = async (settings: Partial<ExternalIssuerSettings>, more: Record<string, unknown>) =>
    (await verify(await idp.sign(claims({ tid: undefined, ...more })), open(settings)))?.tenantId;
  const map = new Map([['north', tenantId]]);
  assert.equal(await tenantIs({ tenantClaim: 'org', tenantsByValue: map }, { org: 'north' }), tenantId);
  const other = open({ tenantClaim: 'org', tenantsByValue: map });
  await refused(await idp.sign(claims({ org: 'south' })), /claim org names no tenant/, other);
  await refused(await idp.sign(claims({ org: tenantId })), /claim org names no tenant/, other);
  const byIssuer = { tenantClaim: 'iss', tenantsByValue: new Map([[idp.issuer, tenantId]]) };
  assert.equal(await tenantIs(byIssuer, {}), tenantId);
  assert.equal(await tenantIs({ tenantsByValue: new Map([['*', tenantId]]) }, {}), tenantId);
});

test('a tenant that is made later is known half a minute after somebody asked for it', async () => {
  const tenantId = realSystem.newId();
  const token = await idp.sign(claims({ tid: tenantId }));
  await refused(token, /names no tenant/);
  await createTenant(database.db, { id: tenantId, name: 'Later', timeZone: 'UTC' }, testSecretBox);
  await refused(token, /names no tenant/);
  wait(30_000);
  assert.equal((await verify(token))?.tenantId, tenantId);
  const upper = await idp.sign(claims({ tid: tenantId.toUpperCase() }));
  assert.equal((await verify(upper))?.tenantId, tenantId, 'in upper case, too');
});

test('what the database could not tell of a tenant is asked again at once', async () => {
  const token = await idp.sign(claims());
  await asOwner(database.db, (tx) => tx.query('revoke select on tenant from rollbook_app'));
  await assert.rejects(verify(token), /permission denied/);
  await asOwner(database.db, (tx) => tx.query('grant select on tenant to rollbook_app'));
  assert.ok(await verify(token));
});

test('the id in the history: a UUID as it is; else, or when it is one of ours, made from issuer and client', async () => {
  const idOf = async (azp: string) => (await verify(await idp.sign(claims({ azp }))))?.applicationId;
  assert.equal(await idOf(CLIENT.toUpperCase()), CLIENT);
  const made = await idOf('timetable');
  assert.match(made ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(await idOf('timetable'), made);
  assert.notEqual(await idOf('timetable2'), made);
  const ours = await createApplication({ db: database.db, system }, database.tenantId, {
    displayName: 'Ours',
    actor: 'test',
    permissions: ['EduRoster.Read.All'],
  });
  assert.notEqual(await idOf(ours.id), ours.id);
});

test('the common issuer of Entra: the tenant of the token stands in its issuer', async () => {
  const common = await oidcIssuer({ now: () => now, path: '/{tenantid}/v2.0' });
  const entraTenant = '7f0c1b1e-2222-4333-8444-555566667777';
  const both = open({
    issuers: [common.issuer],
    tenantsByValue: new Map([[entraTenant, database.tenantId]]),
  });
  const tokenOf = (tid: string, inIssuer = tid): Promise<string> =>
    common.sign(claims({ tid, iss: common.issuer.replace('{tenantid}', inIssuer) }));
  assert.equal((await both.verify(await tokenOf(entraTenant)))?.tenantId, database.tenantId);
  assert.equal(common.asked[0], '/organizations/v2.0/.well-known/openid-configuration');
  await refused(await tokenOf(CLIENT), /names no tenant/, both);
  assert.equal(both.verify(await tokenOf(entraTenant, CLIENT)), undefined, 'iss and tid differ');
  assert.equal(
    both.verify(await common.sign(claims({ tid: entraTenant }))),
    undefined,
    'the template itself',
  );
  await common.close();
});
