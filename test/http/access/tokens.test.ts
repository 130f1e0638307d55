import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly error: string;
  readonly error_description: string;
  readonly error_codes: number[];
  readonly timestamp: string;
  readonly trace_id: string;
  readonly correlation_id: string;
}

interface Asked {
  readonly form?: Readonly<Record<string, string | undefined>>;
  readonly tenant?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly raw?: string;
  readonly query?: string;
}

async function ask(asked: Asked = {}): Promise<{ status: number; headers: Headers; body: TokenAnswer }> {
  const form = {
    grant_type: 'client_credentials',
    client_id: rollbook.clientId,
    client_secret: rollbook.clientSecret,
    scope: 'https://graph.microsoft.com/.default',
    ...asked.form,
  };
  const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(
    `${rollbook.baseUrl}/${asked.tenant ?? rollbook.tenantId}/oauth2/v2.0/token${asked.query ?? ''}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...asked.headers },
      body: asked.raw ?? new URLSearchParams(sent).toString(),
    },
  );
  return { status: response.status, headers: response.headers, body: (await response.json()) as TokenAnswer };
}

const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

test('discovery leads to the token endpoint and to the keys that verify its tokens', async () => {
  const { baseUrl, tenantId, clientId } = rollbook;
  const discovery = await fetch(`${baseUrl}/${tenantId}/v2.0/.well-known/openid-configuration`);
  assert.equal(discovery.status, 200);
  assert.match(discovery.headers.get('content-type') ?? '', /^application\/json/);
  const document = (await discovery.json()) as Record<string, string>;
  assert.equal(document['issuer'], `${baseUrl}/${tenantId}/v2.0`);
  assert.equal(document['token_endpoint'], `${baseUrl}/${tenantId}/oauth2/v2.0/token`);
  assert.equal(document['authorization_endpoint'], `${baseUrl}/${tenantId}/oauth2/v2.0/authorize`);

  const { status, body, headers } = await ask();
  assert.equal(status, 200);
  assert.deepEqual([body.token_type, body.expires_in], ['Bearer', 3599]);
  assert.equal(headers.get('cache-control'), 'no-store');
  const keys = createRemoteJWKSet(new URL(String(document['jwks_uri'])));
  const { payload, protectedHeader } = await jwtVerify(body.access_token, keys, {
    issuer: document['issuer'] ?? '',
    algorithms: ['RS256'],
  });
  assert.equal(protectedHeader.typ, 'JWT');
  assert.deepEqual(
    {
      tid: payload['tid'],
      azp: payload['azp'],
      appid: payload['appid'],
      oid: payload['oid'],
      sub: payload.sub,
      idtyp: payload['idtyp'],
      ver: payload['ver'],
    },
    { tid: tenantId, azp: clientId, appid: clientId, oid: clientId, sub: clientId, idtyp: 'app', ver: '2.0' },
  );
  assert.ok((payload['roles'] as string[]).includes('EduAdministration.ReadWrite.All'));
  assert.equal(Number(payload.exp) - Number(payload.iat), 3599);
});

test('the secret comes in the body or by HTTP Basic', async () => {
  const withoutBoth = { client_id: undefined, client_secret: undefined };
  const { clientId, clientSecret } = rollbook;
  assert.equal(
    (await ask({ form: withoutBoth, headers: { authorization: basic(clientId, clientSecret) } })).status,
    200,
  );
  assert.equal(
    (
      await ask({
        form: { ...withoutBoth, client_id: clientId },
        headers: { authorization: basic(clientId, clientSecret) },
      })
    ).status,
    200,
    'the id may stand in the body too',
  );
  const wrong = await ask({ form: withoutBoth, headers: { authorization: basic(clientId, 'wrong') } });
  assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
  assert.match(wrong.headers.get('www-authenticate') ?? '', /^Basic /);
  const twice = await ask({ headers: { authorization: basic(clientId, clientSecret) } });
  assert.deepEqual([twice.status, twice.body.error], [400, 'invalid_request']);
});

test('what MSAL adds does not matter; ids may be in upper case', async () => {
  const { body, status } = await ask({
    form: {
      client_id: rollbook.clientId.toUpperCase(),
      'x-client-SKU': 'msal.js.node',
      'x-client-VER': '3.8.10',
      claims: '{}',
    },
    tenant: rollbook.tenantId.toUpperCase(),
    query: '?client-request-id=0198e000-0000-7000-8000-00000000000a',
  });
  assert.equal(status, 200);
  assert.equal(decodeJwt(body.access_token)['tid'], rollbook.tenantId);
});

test('scopes that mean this service are taken, others are not', async () => {
  const { host, hostname } = new URL(rollbook.baseUrl);
  const good = [
    undefined,
    'https://graph.microsoft.com/.default',
    'https://graph.microsoft.com//.default',
    'https://graph.microsoft.com/.default openid profile offline_access',
    `http://${host}/.default`,
    `http://${hostname}/.default`,
    `api://${host}/.default`,
    'api://rollbook/.default',
  ];
  for (const scope of good) assert.equal((await ask({ form: { scope } })).status, 200, scope);
  const bad = [
    'https://graph.microsoft.com/EduRoster.Read.All',
    'https://other.example/.default',
    'https://graph.microsoft.com/.default https://other.example/.default',
    '.default',
    'openid',
  ];
  for (const scope of bad) {
    const { status, body } = await ask({ form: { scope } });
    assert.deepEqual([status, body.error, body.error_codes], [400, 'invalid_scope', [1002012]], scope);
  }
});

test('errors have the members that clients read', async () => {
  const cases: [string, Asked, number, string, number][] = [
    ['wrong secret', { form: { client_secret: 'wrong' } }, 401, 'invalid_client', 7000215],
    ['unknown application', { form: { client_id: rollbook.tenantId } }, 401, 'invalid_client', 7000215],
    ['an id that is none', { form: { client_id: "x' or 1=1" } }, 401, 'invalid_client', 7000215],
    ['no secret', { form: { client_secret: undefined } }, 401, 'invalid_client', 7000218],
    [
      'a certificate',
      { form: { client_secret: undefined, client_assertion: 'x' } },
      401,
      'invalid_client',
      7000218,
    ],
    ['a password', { form: { grant_type: 'password' } }, 400, 'unsupported_grant_type', 70003],
    ['no grant', { form: { grant_type: undefined } }, 400, 'invalid_request', 900144],
    ['nothing', { raw: '' }, 400, 'invalid_request', 900144],
    [
      'a parameter twice',
      { raw: 'grant_type=client_credentials&grant_type=password' },
      400,
      'invalid_request',
      900144,
    ],
    ['JSON', { raw: '{}', headers: { 'content-type': 'application/json' } }, 415, 'invalid_request', 900144],
    ['too much', { raw: `a=${'x'.repeat(70_000)}` }, 413, 'invalid_request', 900144],
    ['an unknown tenant', { tenant: rollbook.clientId }, 400, 'invalid_request', 90002],
    ['no tenant id', { tenant: 'common' }, 400, 'invalid_request', 90002],
    ['another tenant', { tenant: '0198e000-0000-7000-8000-00000000000a' }, 400, 'invalid_request', 90002],
  ];
  for (const [name, asked, status, error, number] of cases) {
    const { status: got, body } = await ask({ ...asked, query: '?client-request-id=abc' });
    assert.deepEqual([got, body.error, body.error_codes], [status, error, [number]], name);
    assert.match(body.error_description, new RegExp(`^AADSTS${number}: `), name);
    assert.match(body.timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    assert.match(body.trace_id, /^[0-9a-f-]{36}$/);
    assert.equal(body.correlation_id, 'abc');
  }
});

test('nothing tells whether the id or the secret was wrong', async () => {
  const comparable = ({ body, status }: Awaited<ReturnType<typeof ask>>): unknown[] => [
    status,
    body.error,
    body.error_codes,
    body.error_description.replace(/ Trace ID.*/, ''),
  ];
  const wrongSecret = await ask({ form: { client_secret: 'wrong' } });
  const wrongId = await ask({ form: { client_id: '0198e000-0000-7000-8000-00000000000b' } });
  assert.deepEqual(comparable(wrongSecret), comparable(wrongId));
});

test('repeated wrong secrets are slowed down with Retry-After', async () => {
  const client_id = '0198e000-0000-7000-8000-0000000000cc';
  let last = await ask({ form: { client_id, client_secret: 'wrong' } });
  for (let count = 0; count < 10; count += 1)
    last = await ask({ form: { client_id, client_secret: `wrong ${count}` } });
  assert.equal(last.status, 429);
  assert.match(last.headers.get('retry-after') ?? '', /^\d+$/);
  assert.equal((await ask()).status, 200, 'others go on');
});

test('who comes by a proxy of this machine is counted by the address that the proxy saw, not by its own', async () => {
  const made = await rollbook.api('/api/v1/applications', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ displayName: 'By proxy', permissions: ['EduRoster.Read.All'] }),
  });
  const { clientId, clientSecret } = (await made.json()) as { clientId: string; clientSecret: string };
  const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': `192.0.2.1, ${address}` });
  let last = 0;
  for (let count = 0; count <= 60; count += 1) {
    const client_id = `0198e000-0000-7000-8000-${String(count).padStart(12, '0')}`;
    last = (await ask({ form: { client_id, client_secret: 'wrong' }, headers: from('198.51.100.1') })).status;
  }
  assert.equal(last, 429, 'whoever guesses has to wait');
  const form = { client_id: clientId, client_secret: clientSecret };
  assert.equal((await ask({ form, headers: from('198.51.100.1') })).status, 429);
  assert.equal((await ask({ form, headers: from('2001:db8::2') })).status, 200, 'and nobody else');
});

test('applications: made, used, listed, revoked', async () => {
  const post = (body: unknown) =>
    rollbook.api('/api/v1/applications', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const made = await post({ displayName: 'Reader', permissions: ['EduRoster.Read.All'] });
  assert.equal(made.status, 201);
  const created = (await made.json()) as { clientId: string; clientSecret: string; tenantId: string };
  assert.equal(created.tenantId, rollbook.tenantId);
  const { body } = await ask({ form: { client_id: created.clientId, client_secret: created.clientSecret } });
  assert.deepEqual(decodeJwt(body.access_token)['roles'], ['EduRoster.Read.All']);
  const schools = (): Promise<Response> =>
    fetch(`${rollbook.baseUrl}/v1.0/education/schools`, { headers: bearer(body.access_token) });
  assert.equal((await schools()).status, 200);
  const profiles = await fetch(`${rollbook.baseUrl}/beta/education/synchronizationProfiles`, {
    headers: bearer(body.access_token),
  });
  assert.equal(profiles.status, 403);

  const listed = await (await rollbook.api('/api/v1/applications')).text();
  assert.ok(listed.includes(created.clientId));
  assert.ok(!listed.includes(created.clientSecret) && !listed.includes('scrypt'));
  assert.equal(
    (await rollbook.api(`/api/v1/applications/${created.clientId}`, { method: 'DELETE' })).status,
    204,
  );
  assert.equal((await schools()).status, 401, 'its token ends with it');
  assert.equal(
    (await ask({ form: { client_id: created.clientId, client_secret: created.clientSecret } })).status,
    401,
  );
  assert.equal(
    (await rollbook.api(`/api/v1/applications/${rollbook.tenantId}`, { method: 'DELETE' })).status,
    404,
  );
  assert.equal((await rollbook.api('/api/v1/applications/none', { method: 'DELETE' })).status, 404);

  for (const wrong of [
    {},
    { displayName: 'x', permissions: [] },
    { displayName: 'x', permissions: ['Everything'] },
    { displayName: 'x', permissions: ['Rollbook.System.Manage'] },
    { displayName: '', permissions: ['EduRoster.Read.All'] },
    { displayName: 'x', permissions: ['EduRoster.Read.All'], clientSecret: 'mine' },
    [],
  ])
    assert.equal((await post(wrong)).status, 400, JSON.stringify(wrong));
});

test('a new tenant is apart: its administrator sees nothing of the first one, and makes no tenants', async () => {
  const made = await rollbook.api('/api/v1/tenants', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Contoso', timeZone: 'America/Chicago' }),
  });
  assert.equal(made.status, 201);
  const tenant = (await made.json()) as { tenantId: string; clientId: string; clientSecret: string };
  const { body } = await ask({
    tenant: tenant.tenantId,
    form: { client_id: tenant.clientId, client_secret: tenant.clientSecret },
  });
  const headers = { ...bearer(body.access_token), 'content-type': 'application/json' };
  const applications = await fetch(`${rollbook.baseUrl}/api/v1/applications`, { headers });
  assert.deepEqual(
    ((await applications.json()) as { value: { clientId: string }[] }).value.map(({ clientId }) => clientId),
    [tenant.clientId],
  );
  const again = await fetch(`${rollbook.baseUrl}/api/v1/tenants`, {
    method: 'POST',
    headers,
    body: '{"name":"x"}',
  });
  assert.equal(again.status, 403);
  const foreign = await fetch(`${rollbook.baseUrl}/api/v1/applications/${rollbook.clientId}`, {
    method: 'DELETE',
    headers,
  });
  assert.equal(foreign.status, 404);
  assert.equal(
    (await ask({ tenant: tenant.tenantId })).status,
    401,
    'credentials are good for their own tenant only',
  );
});

test('secrets and tokens are not in the log', async () => {
  await ask();
  const log = rollbook.logLines.join('');
  assert.ok(log.includes('"route":"/:tenant/oauth2/v2.0/token"'));
  assert.ok(!log.includes(rollbook.clientSecret));
  assert.ok(!log.includes((await rollbook.token()).slice(0, 40)));
});
