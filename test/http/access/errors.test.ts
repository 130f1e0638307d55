import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rawRequest } from '#test/helpers/raw-request.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

interface Envelope {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly target?: string;
    readonly innerError: Readonly<Record<string, string>>;
  };
}

const PROFILES = '/beta/education/synchronizationProfiles';
const GRAPH_JSON =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

async function refused(
  response: Response,
  status: number,
  code: string,
  message: RegExp,
): Promise<Envelope['error']> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  const { error } = JSON.parse(text) as Envelope;
  assert.equal(error.code, code);
  assert.match(error.message, message);
  assert.match(error.innerError['date'] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, 'no zone suffix');
  assert.equal(error.innerError['request-id'], response.headers.get('request-id'));
  assert.equal(error.innerError['client-request-id'], response.headers.get('client-request-id'));
  assert.ok(!/\bat .*\.ts|node_modules/.test(text), 'no stack');
  return error;
}

const post = (
  body: string | undefined,
  headers: Record<string, string> = {},
  path = PROFILES,
): Promise<Response> =>
  rollbook.api(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });

test('request ids: ours is new, that of the client comes back', async () => {
  const first = await rollbook.api(PROFILES, { headers: { 'client-request-id': 'my-id-1' } });
  assert.equal(first.status, 200);
  assert.equal(first.headers.get('client-request-id'), 'my-id-1');
  assert.match(first.headers.get('request-id') ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
  assert.equal(first.headers.get('odata-version'), '4.0');
  assert.equal(first.headers.get('content-type'), GRAPH_JSON);
  const second = await rollbook.api(PROFILES, { headers: { 'client-request-id': 'x'.repeat(500) } });
  assert.equal(second.headers.get('client-request-id'), second.headers.get('request-id'));
});

test('without a token 401 and a challenge, with a wrong one the reason', async () => {
  const send = (authorization?: string): Promise<Response> =>
    fetch(rollbook.baseUrl + PROFILES, authorization === undefined ? {} : { headers: { authorization } });
  const missing = await send();
  const challenge = `Bearer realm="", authorization_uri="${rollbook.baseUrl}/common/oauth2/v2.0/authorize", client_id="api://rollbook"`;
  assert.equal(missing.headers.get('www-authenticate'), challenge);
  await refused(missing, 401, 'InvalidAuthenticationToken', /empty/);
  for (const wrong of [
    'Bearer abc',
    'Bearer a.b.c',
    'Basic abc',
    'Bearer',
    'Bearer  ',
    `Bearer ${'x'.repeat(9_000)}`,
  ]) {
    const response = await send(wrong);
    await refused(response, 401, 'InvalidAuthenticationToken', /./);
  }
  assert.equal(
    (await send('Bearer abc')).headers.get('www-authenticate'),
    `${challenge}, error="invalid_token", error_description="Access token validation failure. It is no token that this service knows."`,
  );
});

test('bodies that are no JSON object', async () => {
  await refused(await post('{"displayName": "Anna",'), 400, 'BadRequest', /not JSON: .*line 1, column/);
  await refused(await post('{"a":1,"b":{"c":1,"c":2}}'), 400, 'BadRequest', /"c" appears twice/);
  await refused(await post('{"__proto__":{"x":1}}'), 400, 'BadRequest', /__proto__/);
  await refused(await post('[1,2]'), 400, 'BadRequest', /./);
  await refused(await post('"text"'), 400, 'BadRequest', /./);
  await refused(await post('null'), 400, 'BadRequest', /./);
  await refused(await post('['.repeat(200_000)), 400, 'BadRequest', /not JSON/);
  await refused(
    await post('{"displayName":"x"}', { 'content-type': 'text/plain' }),
    415,
    'UnsupportedMediaType',
    /application\/json/,
  );
  await refused(await post(`"${'x'.repeat(1_100_000)}"`), 413, 'RequestEntityTooLarge', /too large/);
  const notUtf8 = await rollbook.api(PROFILES, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"displayName":"\xff"}', 'latin1'),
  });
  await refused(notUtf8, 400, 'BadRequest', /not UTF-8/);
});

test('a message about JSON quotes nothing of the body', async () => {
  const error = await refused(await post('{"clientSecret": hunter2}'), 400, 'BadRequest', /not JSON/);
  assert.ok(!error.message.includes('hunter2'));
});

test('nobody unknown gets a body parsed', async () => {
  const response = await fetch(rollbook.baseUrl + PROFILES, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"broken',
  });
  await refused(response, 401, 'InvalidAuthenticationToken', /./);
});

test('an unknown address is 404, a wrong method 405 with the right ones', async () => {
  await refused(
    await rollbook.api('/beta/education/nothing'),
    404,
    'Request_ResourceNotFound',
    /\/beta\/education\/nothing/,
  );
  await refused(await rollbook.api('/'), 404, 'Request_ResourceNotFound', /./);
  const wrong = await rollbook.api(`${PROFILES}/x/profileStatus`, { method: 'DELETE' });
  assert.equal(wrong.headers.get('allow'), 'GET, HEAD');
  await refused(wrong, 405, 'Request_BadRequest', /GET, HEAD/);
  await refused(await rollbook.api('/beta/%ZZ'), 400, 'BadRequest', /percent/);
  const long = await rollbook.api(`/beta/education/schools/${'x'.repeat(2_000)}`);
  await refused(long, 414, 'BadRequest', /too long/);
});

test('segments in any spelling lead to the same operation', async () => {
  const id = '0198e000-0000-7000-8000-00000000000a';
  for (const path of [
    `/BETA/Education/SynchronizationProfiles/${id}/ProfileStatus`,
    `/beta/education/synchronizationProfiles('${id}')/profileStatus`,
    `/beta//education/synchronizationProfiles/${id}/profileStatus/`,
    `/beta/education/synchronizationProfiles/${id}/microsoft.graph.uploadUrl()`,
  ]) {
    const error = await refused(await rollbook.api(path), 404, 'Request_ResourceNotFound', /./);
    assert.ok(error.message.includes(id), `${path}: ${error.message}`);
  }
});

test('what is no HTTP is refused in the same form', async () => {
  const overflow = await rawRequest(
    rollbook.baseUrl,
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`,
  );
  assert.match(overflow, /^HTTP\/1\.1 431 /);
  assert.match(overflow, /"error":\{"code":"BadRequest"/);
  assert.match(await rawRequest(rollbook.baseUrl, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 .*"error":\{/s);
  const host = await rawRequest(
    rollbook.baseUrl,
    'GET /beta HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
  );
  assert.match(host, /^HTTP\/1\.1 400 [^]*Host header/);
  const evil = await rawRequest(
    rollbook.baseUrl,
    'GET /healthz HTTP/1.1\r\nHost: "><script>\r\nConnection: close\r\n\r\n',
  );
  assert.match(evil, /^HTTP\/1\.1 400 /);
});

test('a Host header that only looks like one is refused, wherever an address is made with it', async () => {
  const { baseUrl, tenantId } = rollbook;
  for (const host of ['x:99999', '1.2.3.4.5', '300.1.1.1', '[::1::2]', 'x@y', 'x/y']) {
    const form = 'grant_type=client_credentials&client_id=a&client_secret=b&scope=x/.default';
    const answer = await rawRequest(
      baseUrl,
      `POST /${tenantId}/oauth2/v2.0/token HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 [^]*"invalid_request"[^]*Host header/, host);
    const request = `GET /beta HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    assert.match(await rawRequest(baseUrl, request), /^HTTP\/1\.1 400 [^]*Host header/, host);
  }
});

test('where nothing is served no body is waited for', async () => {
  for (const [path, status] of [
    ['/nothing', 404],
    ['/beta/education/nothing', 404],
    ['/v1.0/education/schools/0198e000-0000-7000-8000-00000000000a/classes', 405],
    [`${PROFILES}/x/profileStatus`, 405],
  ] as const) {
    // The rest of the body never comes.
    const answer = await rawRequest(
      rollbook.baseUrl,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"a"`,
    );
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*"error":`), path);
  }
});

test('links begin with the address that the client used', async () => {
  const token = await rollbook.token();
  const answer = await rawRequest(
    rollbook.baseUrl,
    `GET ${PROFILES} HTTP/1.1\r\nHost: Roster.Example:99\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
  );
  assert.match(answer, /"@odata.context":"http:\/\/roster\.example:99\/beta\/\$metadata#/);
});

test('mistakes of users are not logged as errors', () => {
  const levels = rollbook.logLines.map((line) => (JSON.parse(line) as { level: number }).level);
  assert.ok(levels.length > 20);
  assert.ok(
    Math.max(...levels) <= 30,
    rollbook.logLines.filter((line) => !line.includes('"level":30')).join(''),
  );
});

test('the log has no addresses with queries', async () => {
  await rollbook.api(`${PROFILES}?$filter=displayName eq 'Anna'`);
  assert.ok(!rollbook.logLines.join('').includes('Anna'));
});
