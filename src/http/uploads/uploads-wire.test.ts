import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { lockOpenUpload } from '#storage/uploads/lock-open-upload.ts';
import { uploadServer, type UploadServer } from '#test/helpers/upload-server.ts';

const MIB = 1024 * 1024;
const BLOCK_BLOB = { 'x-ms-blob-type': 'BlockBlob' };

describe('an upload request by hand', () => {
  let server: UploadServer;
  let profileId = '';
  let url = '';
  before(async () => {
    server = await uploadServer({
      limits: {
        maxFileBytes: 4 * MIB,
        maxBlockBytes: MIB,
        maxUploadBytes: 6 * MIB,
        maxFiles: 3,
        maxBlocks: 4,
      },
      maxConcurrent: 4,
    });
    profileId = await server.newProfile();
    ({ url } = await server.uploadUrl(profileId));
  });
  after(() => server.close());

  /** The container URL with a blob and more query parameters. */
  function blobUrl(blob: string, more = '', container = url): string {
    const [path, query] = container.split('?');
    return `${path}/${blob}?${query}${more}`;
  }

  async function put(
    target: string,
    body: string | Uint8Array<ArrayBuffer> = 'x',
    headers: Record<string, string> = BLOCK_BLOB,
  ) {
    return read(await fetch(target, { method: 'PUT', body, headers }));
  }

  async function read(response: Response) {
    const text = await response.text();
    const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1];
    assert.equal(
      response.headers.get('x-ms-error-code') ?? undefined,
      code,
      'header and body name the same code',
    );
    assert.doesNotMatch(text, /\bat .*\.ts:|node_modules|Error:/, 'no stack trace');
    return { status: response.status, code, text, headers: response.headers };
  }

  async function assertRefused(
    response: Promise<{ status: number; code: string | undefined }>,
    status: number,
    code: string,
    message?: string,
  ): Promise<void> {
    const { status: actualStatus, code: actualCode } = await response;
    assert.deepEqual([actualStatus, actualCode], [status, code], message);
  }

  test('is answered 201 with the headers of the Blob service', async () => {
    const headers = { ...BLOCK_BLOB, 'x-ms-version': '2099-01-01', 'x-ms-client-request-id': 'my-id' };
    const {
      status,
      text,
      headers: sent,
    } = await put(blobUrl('School.csv', '&timeout=30'), 'SIS ID\n', headers);
    assert.deepEqual([status, text], [201, '']);
    assert.match(sent.get('etag') ?? '', /^"0x[0-9A-F]{16}"$/);
    assert.ok(sent.get('last-modified'));
    assert.equal(sent.get('x-ms-version'), '2099-01-01');
    assert.equal(sent.get('x-ms-client-request-id'), 'my-id');
    assert.equal(sent.get('x-ms-request-server-encrypted'), 'true');
    assert.equal(sent.get('content-md5'), createHash('md5').update('SIS ID\n').digest('base64'));
    assert.ok(sent.get('x-ms-request-id'));
  });

  test('with a signature that is missing, changed, expired or of another container is refused', async () => {
    const refused = (target: string, message: string) =>
      assertRefused(put(target), 403, 'AuthenticationFailed', message);
    await refused(url.split('?')[0] + '/School.csv', 'no query');
    await refused(blobUrl('School.csv').replace(/sig=./, 'sig=%00'), 'changed signature');
    await refused(blobUrl('School.csv').replace('se=2', 'se=3'), 'later expiry');
    await refused(blobUrl('School.csv').replace('sp=w', 'sp=rw'), 'more permissions');
    await refused(blobUrl('School.csv', '&sig=AAAA'), 'a second signature');
    await refused(blobUrl('School.csv').replace(profileId, await server.newProfile()), 'another container');
    const past = await server.uploadUrl(profileId, new Date(server.now.getTime() - 1000));
    await refused(blobUrl('School.csv', '', past.url), 'expired');
    await assertRefused(
      fetch(blobUrl('School.csv').replace('sig=', 'sig=A')).then(read),
      403,
      'AuthenticationFailed',
      'read',
    );
  });

  test('an hour after the URL was made is refused', async () => {
    const start = server.now;
    server.now = new Date(start.getTime() + 3_599_000);
    assert.equal((await put(blobUrl('School.csv'))).status, 201);
    server.now = new Date(start.getTime() + 3_600_000);
    await assertRefused(put(blobUrl('School.csv')), 403, 'AuthenticationFailed');
    server.now = start;
  });

  test('with a name that climbs out, holds a folder or hides something is refused', async () => {
    const path = `${new URL(url).pathname}/`;
    const query = new URL(url).search;
    // Raw requests: fetch would resolve the dots itself.
    for (const name of ['../School.csv', '%2e%2e/School.csv', '..%2fSchool.csv', '%2e%2e', '..', '.', '']) {
      const answer = await raw(`PUT ${path}${name}${query} HTTP/1.1`, BLOCK_BLOB, 'x');
      assert.match(answer, /^HTTP\/1.1 400 [^]*x-ms-error-code: InvalidResourceName/, name);
    }
    const names = [
      'dir/School.csv',
      'dir%2FSchool.csv',
      'dir%5CSchool.csv',
      'a%00.csv',
      'a%0A.csv',
      '%E2%80%AEa.csv',
    ];
    for (const name of [...names, 'a'.repeat(256)]) {
      await assertRefused(put(blobUrl(name)), 400, 'InvalidResourceName', name);
    }
    assert.equal((await raw(`PUT ${path}%zz${query} HTTP/1.1`, BLOCK_BLOB, 'x')).slice(9, 12), '400');
    assert.equal((await put(blobUrl('Sch%C3%BCler%20%26%20Co.csv'))).status, 201);
  });

  test('with another blob type, or none, is refused', async () => {
    await assertRefused(put(blobUrl('a.csv'), 'x', {}), 400, 'MissingRequiredHeader');
    await assertRefused(
      put(blobUrl('a.csv'), 'x', { 'x-ms-blob-type': 'PageBlob' }),
      400,
      'InvalidHeaderValue',
    );
    const structured = { ...BLOCK_BLOB, 'x-ms-structured-body': 'XSM/1.0; properties=crc64' };
    await assertRefused(put(blobUrl('a.csv'), 'x', structured), 400, 'UnsupportedHeader');
    await assertRefused(
      put(blobUrl('a.csv'), 'x', { ...BLOCK_BLOB, 'if-match': '"0x1"' }),
      400,
      'UnsupportedHeader',
    );
    await assertRefused(put(blobUrl('a.csv', '&comp=page'), 'x'), 400, 'UnsupportedQueryParameter');
    await assertRefused(
      fetch(blobUrl('a.csv'), { method: 'POST', body: 'x' }).then(read),
      405,
      'UnsupportedHttpVerb',
    );
  });

  test('whose bytes are not those of its MD5 is refused and changes nothing', async () => {
    const profileId = await server.newProfile();
    const { url: container, uploadId } = await server.uploadUrl(profileId);
    const right = createHash('md5').update('right').digest('base64');
    for (const header of ['content-md5', 'x-ms-blob-content-md5']) {
      const target = blobUrl('md5.csv', '', container);
      assert.equal((await put(target, 'right', { ...BLOCK_BLOB, [header]: right })).status, 201);
      const objects = await server.objects();
      await assertRefused(put(target, 'wrong', { ...BLOCK_BLOB, [header]: right }), 400, 'Md5Mismatch');
      await assertRefused(put(target, 'right', { ...BLOCK_BLOB, [header]: 'abc' }), 400, 'InvalidMd5');
      assert.deepEqual(await server.objects(), objects);
    }
    const block = blobUrl('b.csv', '&comp=block&blockid=AAAA', container);
    await assertRefused(put(block, 'wrong', { 'content-md5': right }), 400, 'Md5Mismatch');
    assert.equal((await put(block, 'right', { 'content-md5': right })).status, 201);
    const list = '<BlockList><Latest>AAAA</Latest></BlockList>';
    const commit = blobUrl('b.csv', '&comp=blocklist', container);
    const wrong = createHash('md5').update('other').digest('base64');
    await assertRefused(put(commit, list, { 'x-ms-blob-content-md5': wrong }), 400, 'Md5Mismatch');
    await assertRefused(put(commit, list, { 'content-md5': wrong }), 400, 'Md5Mismatch');
    assert.equal((await put(commit, list, { 'x-ms-blob-content-md5': right })).status, 201);
    assert.equal(await server.seal(profileId), uploadId);
    const contents = await server.readBack(uploadId);
    assert.equal(contents.get('md5.csv')?.toString(), 'right');
    assert.equal(contents.get('b.csv')?.toString(), 'right');
  });

  test('that is too large, or does not say how large it is, is refused', async () => {
    const container = await freshContainer();
    const tooLarge = new Uint8Array(4 * MIB + 1);
    await assertRefused(put(blobUrl('a.csv', '', container), tooLarge), 413, 'RequestBodyTooLarge');
    const block = blobUrl('a.csv', '&comp=block&blockid=AAAA', container);
    await assertRefused(put(block, new Uint8Array(MIB + 1)), 413, 'RequestBodyTooLarge');
    const chunked = fetch(blobUrl('a.csv', '', container), {
      method: 'PUT',
      headers: BLOCK_BLOB,
      body: new Blob(['abc']).stream(),
      duplex: 'half',
    });
    await assertRefused(chunked.then(read), 411, 'MissingContentLengthHeader');
    await assertRefused(put(block, ''), 400, 'InvalidHeaderValue');
    assert.equal((await put(blobUrl('a.csv', '', container), new Uint8Array(4 * MIB))).status, 201);
    await assertRefused(
      put(blobUrl('b.csv', '', container), new Uint8Array(3 * MIB)),
      413,
      'RequestBodyTooLarge',
    );
    assert.equal(
      (await put(blobUrl('a.csv', '', container), new Uint8Array(4 * MIB))).status,
      201,
      'replaced',
    );
  });

  test('that brings too many files or blocks is refused', async () => {
    const container = await freshContainer();
    const block = (name: string, id: number) =>
      put(blobUrl(name, `&comp=block&blockid=${Buffer.from([0, 0, id]).toString('base64')}`, container));
    assert.equal((await put(blobUrl('1.csv', '', container))).status, 201);
    assert.equal((await put(blobUrl('2.csv', '', container))).status, 201);
    for (const id of [1, 2, 3, 4]) assert.equal((await block('3.csv', id)).status, 201);
    assert.equal((await block('3.csv', 4)).status, 201, 'the same block again');
    await assertRefused(block('3.csv', 5), 409, 'BlockCountExceedsLimit');
    const list = '<BlockList><Latest>AAAB</Latest></BlockList>';
    assert.equal((await put(blobUrl('3.csv', '&comp=blocklist', container), list)).status, 201);
    await assertRefused(put(blobUrl('4.csv', '', container)), 409, 'ContainerQuotaReached');
    await assertRefused(block('4.csv', 1), 409, 'ContainerQuotaReached');
    const long = `<BlockList>${'<Latest>AAAB</Latest>'.repeat(5)}</BlockList>`;
    await assertRefused(put(blobUrl('3.csv', '&comp=blocklist', container), long), 400, 'BlockListTooLong');
  });

  test('with a block list that is none is refused', async () => {
    const commit = blobUrl('a.csv', '&comp=blocklist', await freshContainer());
    const entities = '<!DOCTYPE a [<!ENTITY b "c">]><BlockList><Latest>&b;</Latest></BlockList>';
    for (const body of ['', '{}', entities, '<BlockList>']) {
      await assertRefused(put(commit, body), 400, 'InvalidXmlDocument', body);
    }
    await assertRefused(put(commit, new Uint8Array(8 * MIB + 1)), 413, 'RequestBodyTooLarge');
    await assertRefused(put(blobUrl('a.csv', '&comp=block&blockid=%21')), 400, 'InvalidQueryParameterValue');
  });

  test('that breaks off in the middle leaves nothing behind', async () => {
    const { url: container, uploadId } = await server.uploadUrl(profileId);
    const objects = await server.objects();
    const socket = await openPut(container, 'half.csv', 3 * MIB);
    socket.write(randomBytes(2 * MIB));
    await until(async () => (await server.objects()).length > objects.length, 'the upload began');
    socket.destroy();
    await until(async () => (await server.objects()).length === objects.length, 'its bytes are gone');
    assert.equal(await server.seal(profileId), uploadId);
    assert.equal((await server.readBack(uploadId)).has('half.csv'), false);
  });

  test('that is under way while a start seals is refused whole', async () => {
    const { url: container, uploadId } = await server.uploadUrl(profileId);
    assert.equal((await put(blobUrl('slow.csv', '', container), 'before')).status, 201);
    const objects = await server.objects();
    const socket = await openPut(container, 'slow.csv', 3 * MIB);
    const answer = textOf(socket);
    const bytes = randomBytes(3 * MIB);
    socket.write(bytes.subarray(0, MIB + 1));
    await until(async () => (await server.objects()).length > objects.length, 'the upload began');
    assert.equal(await server.seal(profileId), uploadId);
    socket.write(bytes.subarray(MIB + 1));
    assert.match(await answer, /^HTTP\/1.1 409 [^]*x-ms-error-code: BlobImmutableDueToPolicy/);
    assert.deepEqual((await server.objects()).sort(), objects.sort());
    assert.equal((await server.readBack(uploadId)).get('slow.csv')?.toString(), 'before');
  });

  test('beyond as many at a time as the server takes is pushed back with 503', async () => {
    const container = await freshContainer();
    const objects = (await server.objects()).length;
    const sockets: Socket[] = [];
    for (const n of [1, 2, 3, 4]) {
      const socket = await openPut(container, `${n}.csv`, 2 * MIB);
      socket.write(Buffer.alloc(MIB));
      sockets.push(socket);
    }
    await until(async () => (await server.objects()).length === objects + 4, 'four uploads are under way');
    await assertRefused(put(blobUrl('5.csv', '', container)), 503, 'ServerBusy');
    for (const socket of sockets) socket.destroy();
    await until(
      async () => (await put(blobUrl('5.csv', '', container))).status === 201,
      'there is room again',
    );
  });

  test('never gets its signature or file name into the log', () => {
    const log = server.log.join('');
    assert.equal(log.includes('sig='), false);
    assert.equal(log.includes('School.csv'), false);
    assert.equal(log.includes('"level":50'), false, 'a mistake of a client is not an error of ours');
  });

  async function freshContainer(): Promise<string> {
    return (await server.uploadUrl(await server.newProfile())).url;
  }

  async function raw(requestLine: string, headers: Record<string, string>, body: string): Promise<string> {
    const socket = await openSocket();
    const lines = Object.entries({
      host: 'localhost',
      connection: 'close',
      'content-length': String(body.length),
      ...headers,
    });
    socket.write(`${requestLine}\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`);
    return textOf(socket);
  }

  async function openPut(container: string, blob: string, length: number): Promise<Socket> {
    const { pathname, search } = new URL(blobUrl(blob, '', container));
    const socket = await openSocket();
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-ms-blob-type: BlockBlob\r\ncontent-length: ${length}\r\n\r\n`,
    );
    return socket;
  }

  function openSocket(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1', () => resolve(socket));
      socket.on('error', reject);
    });
  }
});

test('a client that stops sending is dropped, and nothing of it stays', async () => {
  const server = await uploadServer({ idleTimeoutMs: 50 });
  try {
    const { pathname, search } = new URL((await server.uploadUrl(await server.newProfile())).url);
    const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1');
    socket.write(
      `PUT ${pathname}/a.csv${search} HTTP/1.1\r\nhost: x\r\nx-ms-blob-type: BlockBlob\r\ncontent-length: 9\r\n\r\nabc`,
    );
    await textOf(socket);
    await until(async () => (await server.objects()).length === 0, 'its bytes are gone');
  } finally {
    await server.close();
  }
});

test('a file is no larger for coming in blocks', async () => {
  const server = await uploadServer({ limits: { maxFileBytes: 3, maxBlockBytes: 2 } });
  try {
    const [path, query] = (await server.uploadUrl(await server.newProfile())).url.split('?');
    const put = async (more: string, body: string): Promise<[number, string | null]> => {
      const answer = await fetch(`${path}/a.csv?${query}${more}`, { method: 'PUT', body });
      return [answer.status, answer.headers.get('x-ms-error-code')];
    };
    const commit = (...ids: string[]) =>
      put('&comp=blocklist', `<BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`);
    // An id with a plus sign that is not escaped, as some clients send it.
    assert.deepEqual(await put('&comp=block&blockid=AA+A', 'ab'), [201, null]);
    assert.deepEqual(await put('&comp=block&blockid=AAAB', 'c'), [201, null]);
    assert.deepEqual(await commit('AA+A', 'AA+A'), [413, 'RequestBodyTooLarge']);
    assert.deepEqual(await commit('AA+A', 'AAAB'), [201, null]);
  } finally {
    await server.close();
  }
});

test('once its body is there a request may take longer than a client may be silent', async () => {
  const server = await uploadServer({ idleTimeoutMs: 300 });
  try {
    const { url, uploadId } = await server.uploadUrl(await server.newProfile());
    const [path, query] = url.split('?');
    const put = (more: string, body: string): Promise<number | Error> =>
      fetch(`${path}/a.csv?${query}${more}`, { method: 'PUT', body }).then(
        ({ status }) => status,
        (error: Error) => error,
      );
    assert.equal(await put('&comp=block&blockid=AAAA', 'abc'), 201);
    let answer: Promise<number | Error> | undefined;
    await inTenant(server.db, server.tenantId, async (tx) => {
      await lockOpenUpload(tx, uploadId);
      answer = put('&comp=blocklist', '<BlockList><Latest>AAAA</Latest></BlockList>');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    });
    assert.equal(await answer, 201);
  } finally {
    await server.close();
  }
});

test('who goes on sending a body that was refused is cut off', async () => {
  const server = await uploadServer({ drainMs: 100 });
  try {
    const { pathname } = new URL((await server.uploadUrl(await server.newProfile())).url);
    const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`PUT ${pathname}/a.csv HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`);
    let pieces = 0;
    const timer = setInterval(() => {
      pieces += 1;
      if (pieces < 500) socket.write('a');
      else socket.destroy();
    }, 20);
    assert.match(await textOf(socket), /^HTTP\/1.1 403 [^]*x-ms-error-code: AuthenticationFailed/);
    clearInterval(timer);
    assert.ok(pieces < 500, 'the server let it go on');
  } finally {
    await server.close();
  }
});

function textOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('close', () => resolve(text));
  });
}

/** Waits for a condition, not for a time: the limit is only there so that a failure is seen. */
async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never happened: ${what}`);
}
