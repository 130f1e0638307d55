import type { FastifyInstance } from 'fastify';
import type { HttpContext } from './context.ts';
import { registerUploads } from './uploads/register-uploads.ts';

/** Every route there is. */
export function registerRoutes(server: FastifyInstance, context: HttpContext): void {
  registerUploads(server, context, { limits: context.settings.uploadLimits });
}
