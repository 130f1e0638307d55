import type { FastifyRequest } from 'fastify';
import { InvalidRequestError } from '#lib/errors.ts';
import { currentBatchItem } from './batch/batch-item.ts';

/** A name or an address, IPv6 in brackets, and perhaps a port. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * The origin that links in the answer start with: PUBLIC_URL, else the scheme and the Host header of the request, so that a client
 * which came by HTTPS finds HTTPS in its links; for an item of a batch those of the batch. No slash at the end.
 * Errors: InvalidRequestError for a Host header that is none.
 */
export function baseUrlOf(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl;
  const item = currentBatchItem();
  if (item !== undefined) return item.baseUrl;
  return reachedAt(request);
}

/** The origin that the client itself asked at, whatever PUBLIC_URL says. Errors: as baseUrlOf. */
export function reachedAt(request: FastifyRequest): string {
  const { host } = request.headers;
  if (host === undefined) {
    // HTTP/1.0 has no Host: the address that the client reached.
    const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
    const name = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    return `${request.protocol}://${name}:${localPort}`;
  }
  const origin = `${request.protocol}://${host.toLowerCase()}`;
  // Port 99999 and 1.2.3.4.5 look like a host and are none.
  if (!HOST.test(host) || !URL.canParse(origin))
    throw new InvalidRequestError('The Host header is not a host name with an optional port.');
  return origin;
}
