import assert from 'node:assert/strict';
import { appendFileSync, utimesSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import {
  scriptedHttpServer,
  type ScriptedAnswer,
  type SeenRequest,
} from '#test/fakes/scripted-http-server.ts';

import { InterruptedError, UnreachableError } from '../exit-codes.ts';
import { profileAnswer } from './answers.ts';
import { apiClient, type ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { uploadFile } from './upload-file.ts';

const credentials = { tenantId: 't1', clientId: 'c1', clientSecret: 's1' };
/** Pauses between attempts take no time here. */
const system = { ...realSystem, sleep: async () => undefined };
const scope = { system, interrupt: new AbortController().signal };
const TOKEN: ScriptedAnswer = { status: 200, body: { access_token: 'abc', token_type: 'Bearer' } };

async function withServer(
  answer: (request: SeenRequest, index: number) => ScriptedAnswer,
  work: (client: ApiClient, seen: readonly SeenRequest[]) => Promise<void>,
): Promise<void> {
  const server = await scriptedHttpServer(answer);
  try {
    await work(apiClient(server.address, credentials, scope), server.seen);
  } finally {
    await server.close();
  }
}

const isToken = ({ url }: SeenRequest): boolean => url.endsWith('/oauth2/v2.0/token');

test('asks for a token with client credentials once, and sends it', async () => {
  await withServer(
    (request) => (isToken(request) ? TOKEN : { status: 200, body: { ok: true } }),
    async (client, seen) => {
      await client.send({ method: 'GET', path: '/a' });
      await client.send({ method: 'GET', path: '/b' });
      assert.deepEqual(
        seen.map(({ method, url }) => `${method} ${url}`),
        ['POST /t1/oauth2/v2.0/token', 'GET /a', 'GET /b'],
      );
      const form = new URLSearchParams(seen[0]?.body.toString());
      assert.equal(form.get('grant_type'), 'client_credentials');
      assert.equal(form.get('client_id'), 'c1');
      assert.equal(seen[1]?.headers.authorization, 'Bearer abc');
    },
  );
});

test('a token that ran out is replaced once', async () => {
  let made = 0;
  await withServer(
    (request) => {
      if (isToken(request)) return { status: 200, body: { access_token: `t${(made += 1)}` } };
      return request.headers.authorization === 'Bearer t2'
        ? { status: 200, body: 1 }
        : { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } };
    },
    async (client) => {
      assert.equal(await client.send({ method: 'POST', path: '/a' }), 1);
      assert.equal(made, 2);
    },
  );
});

test('the secret and the token are sent nowhere else, wherever an answer points to', async () => {
  const elsewhere = await scriptedHttpServer(() => TOKEN);
  const moved = { status: 307, headers: { location: `${elsewhere.address}/x` } };
  try {
    for (const isMoved of [isToken, (request: SeenRequest) => !isToken(request)])
      await withServer(
        (request) => (isMoved(request) ? moved : TOKEN),
        async (client) => {
          await assert.rejects(client.send({ method: 'POST', path: '/a', body: {} }), UnreachableError);
        },
      );
    assert.deepEqual(elsewhere.seen, []);
  } finally {
    await elsewhere.close();
  }
});

test('refused credentials are unreachable, and the message names the application', async () => {
  await withServer(
    () => ({
      status: 401,
      body: { error: 'invalid_client', error_description: 'AADSTS7000215: wrong secret' },
    }),
    async (client) => {
      await assert.rejects(client.send({ method: 'GET', path: '/a' }), (error) => {
        assert.ok(error instanceof UnreachableError);
        assert.match(error.message, /credentials of the application c1: AADSTS7000215/u);
        return true;
      });
    },
  );
});

test('a service that cannot work now does not blame the credentials', async () => {
  const body = { error: 'temporarily_unavailable', error_description: 'The database does not answer.' };
  await withServer(
    () => ({ status: 503, body }),
    async (client) => {
      const asked = client.send({ method: 'GET', path: '/a' });
      await assert.rejects(asked, /cannot give a token now: The database does not answer\./u);
    },
  );
});

test('an address where something else answers is said to be none of Rollbook', async () => {
  for (const status of [200, 404]) {
    await withServer(
      () => ({ status, body: '<html>Welcome</html>' }),
      async (client) => {
        await assert.rejects(client.send({ method: 'GET', path: '/a' }), (error) => {
          assert.ok(error instanceof UnreachableError);
          assert.match(error.message, /^What answers at http:\S+ is no Rollbook/u);
          return true;
        });
      },
    );
  }
});

test('an error envelope becomes message, code, request id and target', async () => {
  const body = {
    error: {
      code: 'BadRequest',
      message: 'displayName is missing.',
      target: 'displayName',
      innerError: { date: '2026-09-01T00:00:00', 'request-id': 'r1' },
    },
  };
  await withServer(
    (request) => (isToken(request) ? TOKEN : { status: 400, headers: { 'request-id': 'r1' }, body }),
    async (client) => {
      await assert.rejects(client.send({ method: 'POST', path: '/a', body: {} }), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual(
          [error.status, error.code, error.message, error.requestId, error.target],
          [400, 'BadRequest', 'displayName is missing.', 'r1', 'displayName'],
        );
        return true;
      });
    },
  );
});

test('a connection that breaks is tried again for GET and PUT, not for POST', async () => {
  let cuts = 0;
  await withServer(
    (request) => {
      if (isToken(request)) return TOKEN;
      cuts += 1;
      return cuts <= 2 ? 'reset' : { status: 200, body: 'done' };
    },
    async (client, seen) => {
      assert.equal(await client.send({ method: 'GET', path: '/a' }), 'done');
      assert.equal(seen.filter(({ url }) => url === '/a').length, 3);
    },
  );
  await withServer(
    (request) => (isToken(request) ? TOKEN : 'reset'),
    async (client, seen) => {
      await assert.rejects(client.send({ method: 'POST', path: '/a' }), UnreachableError);
      assert.equal(seen.filter(({ url }) => url === '/a').length, 1);
    },
  );
});

test('429 and 503 are tried again, for POST too', async () => {
  let asked = 0;
  await withServer(
    (request) => {
      if (isToken(request)) return TOKEN;
      asked += 1;
      return asked === 1
        ? { status: 429, headers: { 'retry-after': '2.128' } }
        : asked === 2
          ? { status: 503 }
          : { status: 202 };
    },
    async (client) => {
      assert.equal(await client.send({ method: 'POST', path: '/a' }), null);
    },
  );
});

test('a service that wants to be asked again tomorrow is asked again soon, a few times', async () => {
  const pauses: number[] = [];
  const patient = { ...realSystem, sleep: async (timeMs: number) => void pauses.push(timeMs) };
  const busy: ScriptedAnswer = { status: 429, headers: { 'retry-after': '86400' } };
  const server = await scriptedHttpServer((request) => (isToken(request) ? TOKEN : busy));
  try {
    const client = apiClient(server.address, credentials, { ...scope, system: patient });
    await assert.rejects(client.send({ method: 'GET', path: '/a' }), ApiError);
    assert.deepEqual(pauses, Array(5).fill(20_000));
  } finally {
    await server.close();
  }
});

test('nobody at the address: unreachable, with the address', async () => {
  const server = await scriptedHttpServer(() => ({ status: 200 }));
  await server.close();
  await assert.rejects(
    apiClient(server.address, credentials, scope).send({ method: 'GET', path: '/a' }),
    (error) => {
      assert.ok(error instanceof UnreachableError);
      assert.ok(error.message.includes(server.address), error.message);
      return true;
    },
  );
});

test('who waits for an answer is told so once for each request, and only then', async () => {
  const slow: string[] = [];
  const asked = new AbortController();
  let passes = false;
  /** Half a minute is over at once, or never before the answer. */
  const sleep = (_timeMs: number, signal?: AbortSignal): Promise<void> =>
    passes ? Promise.resolve() : new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
  const server = await scriptedHttpServer((request) => (isToken(request) ? TOKEN : 'hang'));
  try {
    const client = apiClient(server.address, credentials, {
      system: { ...realSystem, sleep },
      interrupt: asked.signal,
      onSlow: (origin) => slow.push(origin),
    });
    await client.token();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(slow, [], 'the token came at once');
    passes = true;
    const answer = client.send({ method: 'GET', path: '/a' });
    while (slow.length === 0) await new Promise((resolve) => setImmediate(resolve));
    asked.abort();
    await assert.rejects(answer, InterruptedError);
    assert.deepEqual(slow, [server.address]);
  } finally {
    await server.close();
  }
});

test('a collection is read to its end; links lead back to the same service only', async () => {
  const profile = (id: string): unknown => ({ id, displayName: id, state: 'provisioned' });
  await withServer(
    (request) => {
      if (isToken(request)) return TOKEN;
      return request.url === '/p'
        ? {
            status: 200,
            body: { value: [profile('1')], '@odata.nextLink': 'https://elsewhere.example/p?$skiptoken=x' },
          }
        : { status: 200, body: { value: [profile('2')] } };
    },
    async (client, seen) => {
      const found = await client.list('/p', profileAnswer);
      assert.deepEqual(
        found.map(({ id }) => id),
        ['1', '2'],
      );
      assert.equal(seen.at(-1)?.url, '/p?$skiptoken=x');
    },
  );
});

test('a link that PUBLIC_URL gave a longer path leads to the next page all the same', async () => {
  const profile = (id: string): unknown => ({ id, displayName: id, state: 'provisioned' });
  const link = 'https://contoso.example/roster/p?$top=1&$skiptoken=x';
  await withServer(
    (request) =>
      isToken(request)
        ? TOKEN
        : request.url.includes('skiptoken')
          ? { status: 200, body: { value: [profile('2')] } }
          : { status: 200, body: { value: [profile('1')], '@odata.nextLink': link } },
    async (client, seen) => {
      assert.equal((await client.list('/p?$top=1', profileAnswer)).length, 2);
      assert.equal(seen.at(-1)?.url, '/p?$top=1&$skiptoken=x');
    },
  );
});

test('an answer of another form says that the versions differ', async () => {
  await withServer(
    (request) => (isToken(request) ? TOKEN : { status: 200, body: { value: [{ id: 1 }] } }),
    async (client) => {
      await assert.rejects(client.list('/p', profileAnswer), /form this version does not know/u);
    },
  );
});

test('uploads: a small file is one Put Blob, a big one blocks and their list', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-upload-'));
  const server = await scriptedHttpServer(() => ({ status: 201 }));
  try {
    const uploadUrl = `${server.address}/uploads/p1?sv=2015-07-08&sig=a%2Bb%3D&sp=w`;
    const small = join(folder, 'School.csv');
    await writeFile(small, 'SIS ID,Name\n');
    await uploadFile(scope, uploadUrl, { name: 'School.csv', path: small, sizeBytes: 12 }, () => undefined);
    const [put] = server.seen;
    assert.equal(put?.url, '/uploads/p1/School.csv?sv=2015-07-08&sig=a%2Bb%3D&sp=w');
    assert.equal(put?.headers['x-ms-blob-type'], 'BlockBlob');
    assert.equal(put?.headers['content-length'], '12');
    assert.equal(put?.headers.authorization, undefined);

    const size = 16 * 1024 * 1024 + 5;
    const big = join(folder, 'Student.csv');
    const content = Buffer.alloc(size, 'x');
    await writeFile(big, content);
    const sent: number[] = [];
    await uploadFile(scope, uploadUrl, { name: 'Student.csv', path: big, sizeBytes: size }, (bytes) =>
      sent.push(bytes),
    );
    assert.deepEqual(sent, [16 * 1024 * 1024, 5]);
    const [first, second, list] = server.seen.slice(1);
    assert.match(
      first?.url ?? '',
      /Student\.csv\?sv=2015-07-08&sig=a%2Bb%3D&sp=w&comp=block&blockid=MDAwMDAwMDA%3D$/u,
    );
    assert.ok(Buffer.concat([first?.body ?? Buffer.of(), second?.body ?? Buffer.of()]).equals(content));
    assert.match(list?.url ?? '', /&comp=blocklist$/u);
    assert.match(
      list?.body.toString() ?? '',
      /<Latest>MDAwMDAwMDA=<\/Latest><Latest>MDAwMDAwMDE=<\/Latest>/u,
    );
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});

test('uploads: a file that changes meanwhile is nobody’s roster', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-upload-'));
  const path = join(folder, 'School.csv');
  const changes = [() => appendFileSync(path, 'more'), () => utimesSync(path, 1, 1)];
  const server = await scriptedHttpServer((_, index) => {
    changes[index]?.();
    return { status: 201 };
  });
  try {
    for (const _ of changes) {
      await writeFile(path, 'SIS ID,Name\n');
      const file = { name: 'School.csv', path, sizeBytes: 12 };
      await assert.rejects(
        uploadFile(scope, `${server.address}/u/p?sig=x`, file, () => undefined),
        /School\.csv changed while it was uploaded/u,
      );
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});

test('uploads: a refusal is readable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-upload-'));
  const server = await scriptedHttpServer(() => ({
    status: 403,
    body: '<Error><Code>AuthenticationFailed</Code><Message>The URL has expired.</Message></Error>',
  }));
  try {
    const path = join(folder, 'School.csv');
    await writeFile(path, 'x');
    await assert.rejects(
      uploadFile(
        scope,
        `${server.address}/u/p?sig=x`,
        { name: 'School.csv', path, sizeBytes: 1 },
        () => undefined,
      ),
      /The upload was refused: The URL has expired\. \(AuthenticationFailed/u,
    );
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});
