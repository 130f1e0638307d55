import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';

import fastify, { type FastifyInstance } from 'fastify';

import { limitBodyTime } from './body-deadline.ts';

const TENTH = 0.1;

async function serve(secondsFor: (limitBytes: number) => number): Promise<FastifyInstance> {
  const server = fastify({ bodyLimit: 1_000 });
  limitBodyTime(server, secondsFor);
  server.post('/whole', async (request) => request.body);
  server.post('/slow', async () => {
    await new Promise((done) => setTimeout(done, 3 * TENTH * 1_000));
    return 'late';
  });
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.put('/stream', { config: { streamsBody: true } }, async (request) => {
      let bytes = 0;
      for await (const piece of request.body as AsyncIterable<Buffer>) bytes += piece.length;
      return { bytes };
    });
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  return server;
}

function portOf(server: FastifyInstance): number {
  const address = server.server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** Sends the head of a request, then its body in so many pieces of a byte, until that is done or the connection is closed. Answers what came back. */
async function trickle(server: FastifyInstance, head: string, bytes: number): Promise<string> {
  const socket: Socket = connect(portOf(server), '127.0.0.1');
  let answer = '';
  socket.on('data', (piece: Buffer) => (answer += piece.toString()));
  socket.on('error', () => undefined);
  // Not by `once`, which fails at an error: a connection that is cut off in the middle of a piece is reset.
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const isChunked = /chunked/u.test(head);
  const length = isChunked ? '' : `Content-Length: ${bytes}\r\n`;
  socket.write(`${head}\r\nHost: x\r\nConnection: close\r\n${length}\r\n`);
  let left = bytes;
  const timer = setInterval(() => {
    const piece = left === bytes || left === 1 ? '"' : 'a';
    if (left > 0 && socket.writable) socket.write(isChunked ? `1\r\n${piece}\r\n` : piece);
    if (left === 0 && isChunked) socket.end('0\r\n\r\n');
    left -= 1;
  }, 50);
  await closed;
  clearInterval(timer);
  return answer;
}

test('a body that comes a byte at a time is cut off when its time is over', async (t) => {
  const limits: number[] = [];
  const server = await serve((limitBytes) => {
    limits.push(limitBytes);
    return TENTH;
  });
  t.after(() => server.close());
  const head = 'POST /whole HTTP/1.1\r\nContent-Type: application/json';
  // 400 pieces come in twenty seconds.
  const answers = await Promise.all([
    trickle(server, head, 400),
    trickle(server, `${head}\r\nTransfer-Encoding: chunked`, 400),
  ]);
  assert.deepEqual(answers, ['', '']);
  assert.deepEqual(limits, [1_000, 1_000], 'the time goes by what the route takes at most');
});

test('what takes long behind a body that has come, and a body that is taken as it comes, are left alone', async (t) => {
  const server = await serve(() => TENTH);
  t.after(() => server.close());
  const [late, streamed] = await Promise.all([
    trickle(server, 'POST /slow HTTP/1.1\r\nContent-Type: text/plain', 1),
    trickle(server, 'PUT /stream HTTP/1.1\r\nContent-Type: text/csv', 8),
  ]);
  assert.match(late, /late/u);
  assert.match(streamed, /\{"bytes":8\}/u);
});
