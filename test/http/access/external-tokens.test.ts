/** A whole Rollbook that takes the tokens of an identity provider: what its clients get, and what they are told when it is no. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { type OidcIssuer, oidcIssuer } from '#test/fakes/oidc-issuer.ts';
import { runCliHere } from '#test/helpers/cli-run.ts';
import { fetchToken } from '#test/helpers/rollbook-process.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

const CLIENT = '5f0c1b1e-2222-4333-8444-555566667777';
const PROFILES = '/beta/education/synchronizationProfiles';

let offsetMs = 0;
const now = (): Date => new Date(Date.now() + offsetMs);
let idp: OidcIssuer;
let rollbook: TestRollbook;
before(async () => {
  idp = await oidcIssuer({ now });
  rollbook = await startTestRollbook({
    settings: { OIDC_ISSUER: idp.issuer, OIDC_AUDIENCE: 'api://school-sync' },
    system: { ...realSystem, now },
  });
});
after(async () => {
  await rollbook.stop();
  await idp.close();
});

const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  aud: 'api://school-sync',
  tid: rollbook.tenantId,
  azp: CLIENT,
  ...more,
});

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
  readonly headers: Headers;
}

async function send(token: string, path = '/v1.0/education/schools', method = 'GET'): Promise<Answer> {
  const response = await fetch(rollbook.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: '{}' }),
  });
  const text = await response.text();
  const { error } = (text === '' ? {} : JSON.parse(text)) as { error?: { code: string; message: string } };
  return {
    status: response.status,
    code: error?.code,
    message: error?.message ?? '',
    headers: response.headers,
  };
}

test('both issuers are taken beside each other', async () => {
  assert.equal((await send(await idp.sign(claims({ roles: ['EduRoster.Read.All'] })))).status, 200);
  assert.equal((await send(await idp.sign(claims({ scp: 'EduRoster.ReadBasic' })))).status, 200);
  assert.equal((await send(await rollbook.token())).status, 200);
});

test('403 names what would do, by the kind of the token', async () => {
  const cases: [Record<string, unknown>, string, string, RegExp][] = [
    [
      { roles: ['EduRoster.Read.All'] },
      'POST',
      PROFILES,
      /needs EduAdministration\.ReadWrite\.All among the application permissions \(roles\) of the token, which has EduRoster\.Read\.All\.$/,
    ],
    [
      { scp: 'EduRoster.Read openid' },
      'GET',
      PROFILES,
      /needs EduAdministration\.Read or EduAdministration\.ReadWrite among the delegated permissions \(scp\) of the token, which has EduRoster\.Read\.$/,
    ],
    [
      { scp: 'openid', roles: ['EduRoster.Read.All'] },
      'GET',
      '/v1.0/education/schools',
      /delegated permissions \(scp\) of the token, which has none\.$/,
    ],
    [
      { scp: 'EduRoster.Read' },
      'GET',
      '/v1.0/education/users',
      /The token is delegated \(it acts for a person\), and this operation takes tokens of applications only, with EduRoster\.ReadBasic\.All, EduRoster\.Read\.All or EduRoster\.ReadWrite\.All in roles\.$/,
    ],
    [
      { roles: ['Rollbook.System.Manage'] },
      'POST',
      '/api/v1/tenants',
      /Rollbook\.System\.Manage.*has none\.$/,
    ],
  ];
  for (const [more, method, path, message] of cases) {
    const answer = await send(await idp.sign(claims(more)), path, method);
    assert.deepEqual([answer.status, answer.code], [403, 'Authorization_RequestDenied'], path);
    assert.match(answer.message, /^Insufficient privileges to complete the operation\. /);
    assert.match(answer.message, message);
    assert.equal(answer.headers.get('www-authenticate'), null);
  }
});

test('401 says what is wrong with the token, and where the right ones come from', async () => {
  const expired = await idp.sign(claims({ exp: Math.floor(now().getTime() / 1_000) - 100 }));
  const cases: [string, RegExp][] = [
    [expired, /^Lifetime validation failed, the token is expired\.$/],
    [
      await idp.sign(claims({ aud: 'api://rollbook' })),
      /^Access token validation failure\. Invalid audience/,
    ],
    [await idp.sign(claims({ tid: undefined })), /claim tid names no tenant/],
    [idp.unsigned(claims()), /algorithm is not accepted/],
    [
      await idp.sign(claims({ iss: 'https://evil.example/"x\u00e9' })),
      /Invalid issuer: this service does not accept tokens of https:\/\/evil\.example/,
    ],
    ['abc', /no token that this service knows/],
  ];
  for (const [token, message] of cases) {
    const answer = await send(token);
    assert.deepEqual([answer.status, answer.code], [401, 'InvalidAuthenticationToken']);
    assert.match(answer.message, message);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    assert.match(
      challenge,
      /^Bearer realm="", authorization_uri="([^"]+)", client_id="api:\/\/school-sync", error="invalid_token", error_description="[^"\\]+"$/,
    );
    assert.ok(challenge.includes(`authorization_uri="${idp.issuer}/authorize"`));
  }
});

test('a token of the built-in issuer that is too old, or of another Rollbook', async () => {
  const token = await fetchToken(rollbook.baseUrl, rollbook);
  offsetMs += 3_700_000;
  assert.match((await send(token)).message, /the token is expired/);
  const [header = '', payload = ''] = token.split('.');
  const foreignHeader = Buffer.from(header, 'base64url')
    .toString()
    .replace(/"kid":"[^"]+"/, '"kid":"x"');
  const foreign = `${Buffer.from(foreignHeader).toString('base64url')}.${payload}.AAAA`;
  assert.match((await send(foreign)).message, /Invalid issuer: this service does not accept tokens of http/);
});

test('keys are exchanged without a restart; an issuer that is away is told as 503', async () => {
  await idp.rotate();
  idp.removeOldKeys();
  offsetMs += 31_000;
  const roles = ['EduRoster.Read.All'];
  assert.equal((await send(await idp.sign(claims({ roles })))).status, 200);
  idp.fault = 'error';
  offsetMs += 3_600_000;
  const answer = await send(await idp.sign(claims({ roles })));
  assert.deepEqual([answer.status, answer.code], [503, 'serviceNotAvailable']);
  assert.match(answer.headers.get('retry-after') ?? '', /^[1-5]$/);
  assert.match(answer.message, /its issuer .* answered 500\. Try again/);
  idp.fault = undefined;
  offsetMs += 5_000;
  assert.equal((await send(await idp.sign(claims({ roles })))).status, 200);
});

test('where people would sign in, they are told how it is', async () => {
  const response = await fetch(`${rollbook.baseUrl}/${rollbook.tenantId}/oauth2/v2.0/authorize?client_id=x`);
  assert.equal(response.status, 400);
  const body = (await response.json()) as { error: string; error_description: string };
  assert.equal(body.error, 'unsupported_response_type');
  assert.match(body.error_description, /OIDC_ISSUER/);
});

test('without the built-in issuer only the other one counts', async () => {
  const alone = await startTestRollbook({
    settings: {
      // The second one is written wrongly: said in the log, and no harm to the first.
      OIDC_ISSUER: `${idp.issuer},${idp.issuer}/`,
      OIDC_AUDIENCE: 'api://school-sync',
      BUILT_IN_ISSUER: 'off',
    },
    system: { ...realSystem, now },
  });
  try {
    const { baseUrl, tenantId } = alone;
    while (!alone.logLines.some((line) => line.includes('tokens of OIDC_ISSUER cannot be checked')))
      await realSystem.sleep(5);
    assert.ok(alone.logLines.some((line) => line.includes('/realms/school/ names another issuer')));
    const get = (path: string, token: string) =>
      fetch(baseUrl + path, { headers: { authorization: `Bearer ${token}` } });
    const theirs = await idp.sign(claims({ tid: tenantId, roles: ['EduRoster.Read.All'] }));
    assert.equal((await get('/v1.0/education/schools', theirs)).status, 200);
    assert.equal((await get('/v1.0/education/schools', await rollbook.token())).status, 401);
    assert.equal((await get('/api/v1/applications', theirs)).status, 404);
    await assert.rejects(
      fetchToken(baseUrl, alone),
      /400 .*unauthorized_client.*AADSTS700016: This service gives no tokens/,
    );
    const command = await runCliHere(['app', 'list', '--data-dir', alone.dataDir]);
    assert.equal(command.exitCode, 7);
    assert.match(command.stderr, /BUILT_IN_ISSUER is off.*while the service is stopped/);
  } finally {
    await alone.stop();
  }
});
