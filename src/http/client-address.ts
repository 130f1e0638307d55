import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * The address that a client came from. Behind a proxy on this machine, where every request seems to come from this machine, the last one of
 * X-Forwarded-For: that one the proxy saw itself, those before it are somebody's word.
 */
export function clientAddressOf(request: FastifyRequest): string {
  const { ip } = request;
  if (!isThisMachine(ip)) return ip;
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',');
  const last = forwarded.split(',').at(-1)?.trim() ?? '';
  return isIP(last) === 0 ? ip : last;
}

/** Whether an address of a connection is one of this machine to itself. */
export function isThisMachine(address: string | undefined): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address ?? '');
}
