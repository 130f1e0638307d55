import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { System } from '#lib/system.ts';
import { errorEnvelope } from './errors.ts';

const ANSWERS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large: 16 KiB are taken.'],
};

/** Answers what is not even HTTP, before any route: nothing is logged, it is somebody else's mistake. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex, system: System): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = ANSWERS[error.code ?? ''] ?? [400, 'The request is not valid HTTP.'];
  const id = system.newId();
  const body = JSON.stringify(errorEnvelope({ code: 'BadRequest', message }, system.now(), id, id));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nrequest-id: ${id}\r\nclient-request-id: ${id}\r\n` +
      `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
