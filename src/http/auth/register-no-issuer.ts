import type { FastifyInstance } from 'fastify';
import type { HttpContext } from '../context.ts';
import { sendTokenError, TOKEN_ERRORS } from './token-error.ts';

/** In place of the built-in issuer: who asks for a token is told where there are some. */
export function registerNoIssuer(server: FastifyInstance, context: HttpContext): void {
  void server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, parsed) => parsed(null));
    scope.post('/:tenant/oauth2/v2.0/token', (request, reply) =>
      sendTokenError(request, reply, context.system.now(), TOKEN_ERRORS.noTokensHere),
    );
    done();
  });
}
