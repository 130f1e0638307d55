import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { realSystem, type System } from '#lib/system.ts';
import { insertSigningKey } from '#storage/access/signing-keys.ts';
import { asOwner } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { UnauthenticatedError } from './access-errors.ts';
import { type Issuer, openIssuer } from './issuer.ts';
import { openSecretBox } from './open-secret-box.ts';
import { openSigningKeys } from './signing-keys.ts';
import { TOKEN_AUDIENCE } from './tokens.ts';

let database: TestDatabase;
let issuer: Issuer;
let applicationId: string;
const clock = { now: new Date() };
const system: System = { ...realSystem, now: () => clock.now };
before(async () => {
  database = await testDatabase();
  issuer = await openIssuer({ db: database.db, system, secretBox: testSecretBox });
  const made = await issuer.createApplication(database.tenantId, {
    displayName: 'Script',
    actor: 'test',
    permissions: ['EduRoster.Read.All'],
  });
  applicationId = made.id;
});
after(() => database.close());

const issue = (permissions: string[] = ['EduRoster.Read.All']) =>
  issuer.issue('https://roster.example', database.tenantId, { applicationId, permissions });

async function refused(token: string, why: string): Promise<void> {
  await assert.rejects(issuer.verify(token), (error: unknown) => error instanceof UnauthenticatedError, why);
}

test('a token of ours names its caller, until it expires', async () => {
  const token = await issue();
  assert.deepEqual(await issuer.verify(token), {
    tenantId: database.tenantId,
    applicationId,
    roles: ['EduRoster.Read.All'],
    scopes: [],
  });
  const issuedAt = clock.now;
  clock.now = new Date(issuedAt.getTime() + 3_590_000);
  await issuer.verify(token);
  clock.now = new Date(issuedAt.getTime() + 3_599_000 + 55_000);
  await issuer.verify(token);
  clock.now = new Date(issuedAt.getTime() + 3_599_000 + 61_000);
  await refused(token, 'expired');
  clock.now = issuedAt;
});

test('clocks of two processes may differ by a minute, and no more', async () => {
  const now = clock.now;
  const issuedAhead = async (seconds: number): Promise<string> => {
    clock.now = new Date(now.getTime() + seconds * 1_000);
    const token = await issue();
    clock.now = now;
    return token;
  };
  assert.ok(await issuer.verify(await issuedAhead(55)));
  await refused(await issuedAhead(62), 'not valid yet');
});

test('permissions that the application does not have are not taken from a token', async () => {
  const { roles } = await issuer.verify(await issue(['EduRoster.Read.All', 'Rollbook.System.Manage']));
  assert.deepEqual(roles, ['EduRoster.Read.All']);
});

test('whatever is changed, it is no token any more', async () => {
  const token = await issue();
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as JWTPayload;
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  await refused(`${header}.${encode({ ...claims, tid: realSystem.newId() })}.${signature}`, 'another tenant');
  await refused(`${header}.${payload}.${signature.slice(0, -4)}AAAA`, 'another signature');
  await refused(new UnsecuredJWT(claims).encode(), 'no signature');
  await refused('', 'nothing');
  await refused('a.b.c', 'no token');

  const foreign = await generateKeyPair('RS256', { extractable: true });
  const kid = issuer.publicJwks()[0]?.kid ?? '';
  const forged = (alg: string, key: Parameters<SignJWT['sign']>[0], more: object = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, ...more }).sign(key);
  await refused(await forged('RS256', foreign.privateKey), 'another key under our id');
  await refused(
    await forged('RS256', foreign.privateKey, { jwk: await exportJWK(foreign.publicKey) }),
    'a key of its own',
  );
  await refused(
    await forged('HS256', Buffer.from(JSON.stringify(issuer.publicJwks()[0]))),
    'the public key as a secret',
  );
  await refused(await forged('RS256', foreign.privateKey, { kid: 'unknown' }), 'an unknown key');
});

test('a token of ours for another audience, or without what we ask for, is refused', async () => {
  const keys = await openSigningKeys({ db: database.db, system, secretBox: testSecretBox });
  const endless = { tid: database.tenantId, azp: applicationId, roles: ['EduRoster.Read.All'] };
  const claims = { ...endless, exp: Math.floor(clock.now.getTime() / 1_000) + 3_600 };
  const sign = (payload: JWTPayload, audience: string, path = `/${database.tenantId}/v2.0`) =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: 'RS256', kid: keys.current.kid })
      .setIssuedAt()
      .setSubject('x')
      .setIssuer(`https://roster.example${path}`)
      .setAudience(audience)
      .sign(keys.current.privateKey);
  await issuer.verify(await sign(claims, TOKEN_AUDIENCE));
  await refused(await sign(claims, 'api://other'), 'another audience');
  await refused(
    await sign(claims, TOKEN_AUDIENCE, `/${realSystem.newId()}/v2.0`),
    'issuer of another tenant',
  );
  await refused(await sign({ ...claims, tid: 'x' }, TOKEN_AUDIENCE), 'no tenant');
  await refused(
    await sign({ ...claims, azp: realSystem.newId() }, TOKEN_AUDIENCE),
    'an application that is not there',
  );
  await refused(
    await sign({ ...claims, roles: 'EduRoster.Read.All' }, TOKEN_AUDIENCE),
    'roles that are no list',
  );
  await refused(await sign(endless, TOKEN_AUDIENCE), 'no end');
});

test('revoking an application ends its tokens: at once here, within seconds elsewhere', async () => {
  const other = await openIssuer({ db: database.db, system, secretBox: testSecretBox });
  const made = await issuer.createApplication(database.tenantId, {
    displayName: 'Gone',
    actor: 'test',
    permissions: ['EduRoster.Read.All'],
  });
  const token = await issuer.issue('https://x', database.tenantId, {
    applicationId: made.id,
    permissions: ['EduRoster.Read.All'],
  });
  await other.verify(token);
  await issuer.verify(token);
  await issuer.revokeApplication({ tenantId: database.tenantId, id: made.id, actor: 'test' });
  await refused(token, 'revoked here');
  clock.now = new Date(clock.now.getTime() + 6_000);
  await assert.rejects(other.verify(token), UnauthenticatedError);
});

test('what the database could not tell of an application is asked again at once', async () => {
  const token = await issue();
  const other = await openIssuer({ db: database.db, system, secretBox: testSecretBox });
  await asOwner(database.db, (tx) => tx.query('revoke select on application from rollbook_app'));
  await assert.rejects(other.verify(token), /permission denied/);
  await asOwner(database.db, (tx) => tx.query('grant select on application to rollbook_app'));
  assert.ok(await other.verify(token));
});

test('two issuers share one key; another SECRET_KEY is told at the start', async () => {
  const other = await openIssuer({ db: database.db, system, secretBox: testSecretBox });
  assert.deepEqual(other.publicJwks(), issuer.publicJwks());
  assert.deepEqual(Object.keys(issuer.publicJwks()[0] ?? {}).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
  const wrong = openSecretBox([{ version: 1, key: Buffer.alloc(32, 3) }], realSystem);
  await assert.rejects(openIssuer({ db: database.db, system, secretBox: wrong }), {
    code: 'SecretKeyMismatch',
  });
});

test('processes that start at the same time make one key; one that somebody makes later is found, if not at once', async () => {
  const fresh = await testDatabase();
  const context = { db: fresh.db, system, secretBox: testSecretBox };
  const [keys, others] = await Promise.all([openSigningKeys(context), openSigningKeys(context)]);
  assert.deepEqual(keys.publicJwks(), others.publicJwks());
  assert.equal(keys.publicJwks().length, 1);

  const { publicKey } = await generateKeyPair('RS256');
  const publicJwk = { ...(await exportJWK(publicKey)), kid: 'later', use: 'sig', alg: 'RS256' };
  await asOwner(fresh.db, (tx) =>
    insertSigningKey(tx, { kid: 'later', publicJwk, sealedPrivateJwk: Buffer.alloc(1) }),
  );
  const now = clock.now;
  assert.equal(await keys.find('later'), undefined, 'unknown ids do not each ask the database');
  clock.now = new Date(now.getTime() + 10_000);
  assert.ok(await keys.find('later'));
  assert.ok(keys.publicJwks().some(({ kid }) => kid === 'later'));
  clock.now = now;
  await fresh.close();
});
