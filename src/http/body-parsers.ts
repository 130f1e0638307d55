import type { FastifyInstance, FastifyRequest } from 'fastify';
import { faultOfJson } from '#lib/fault-of-json.ts';
import { findDuplicateKey } from '#lib/find-duplicate-key.ts';
import { InvalidRequestError, OperationalError } from '#lib/errors.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON for everybody. An empty body counts as none whatever its content type says: SDKs send Content-Type with
 * Content-Length 0. A property that stands there twice is refused, since readers disagree which one counts;
 * so is what no property takes, or what no code should have to be ready for (fault-of-json.ts), and a body that is compressed.
 */
export function addBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>(
    /^application\/(?:[a-z0-9.+-]*\+)?json\b/i,
    { parseAs: 'buffer' },
    (request, body, done) => {
      try {
        done(null, parseJson(request, body));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  server.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else
      done(
        new OperationalError(
          'UnsupportedMediaType',
          'The body has to be JSON: send it with Content-Type: application/json.',
        ),
      );
  });
}

/**
 * Throws OperationalError for a body that is compressed. Answered with 415, and with nothing else: that makes clients which compress of their own
 * accord (Kiota for Go) send it again as it is.
 */
export function refuseCompressed(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return;
  throw new OperationalError(
    'UnsupportedMediaType',
    'The body is compressed. Send it as it is, without Content-Encoding.',
  );
}

function parseJson(request: FastifyRequest, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  refuseCompressed(request);
  let text: string;
  try {
    text = UTF8.decode(body);
  } catch {
    throw new InvalidRequestError(
      'The body is not UTF-8. Send it as UTF-8, with Content-Type: application/json; charset=utf-8 (without that, Windows PowerShell sends Latin-1).',
    );
  }
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError(`The body is not JSON: ${reasonOf(error)}`);
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) {
    throw new InvalidRequestError(
      `The property "${duplicate.slice(0, 64)}" appears twice in one object. Remove one of the two.`,
      duplicate.slice(0, 64),
    );
  }
  const fault = faultOfJson(value);
  if (fault !== undefined) throw new InvalidRequestError(fault.message, fault.path);
  return value;
}

/** The parser's message without the piece of the body that it quotes: bodies hold secrets and names. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const position = /at position (\d+)(?: \(line (\d+) column (\d+)\))?/.exec(message);
  if (position === null) return 'it ends in the middle or holds something else.';
  return `something is wrong at line ${position[2] ?? '1'}, column ${position[3] ?? position[1]}.`;
}
