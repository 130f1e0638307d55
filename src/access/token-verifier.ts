import type { Caller } from '#core/permissions.ts';
import type { ExternalIssuers } from './external/external-issuers.ts';
import { TOKEN_AUDIENCE } from './tokens.ts';
import { unknownIssuer } from './unknown-issuer.ts';

/** Takes the tokens of every issuer that is set. */
export interface TokenVerifier {
  /** Errors: UnauthenticatedError; IssuerUnavailableError when the keys of an external issuer cannot be had. */
  verify(this: void, token: string): Promise<Caller>;
  /** For WWW-Authenticate: where tokens come from (undefined: from here), and who they have to be for. */
  challenge(this: void): { readonly authorizationUri: string | undefined; readonly resource: string };
}

/** `builtIn`: undefined when only external issuers count. Each token goes to the verifier of its issuer and to no other. */
export function tokenVerifier(
  builtIn: ((token: string) => Promise<Caller>) | undefined,
  external: ExternalIssuers | undefined,
): TokenVerifier {
  return {
    async verify(token) {
      const fromOutside = external?.verify(token);
      if (fromOutside !== undefined) return fromOutside;
      if (builtIn === undefined) throw unknownIssuer(token);
      return builtIn(token);
    },
    challenge: () => ({
      authorizationUri: external?.authorizationEndpoint(),
      resource: external?.audience ?? TOKEN_AUDIENCE,
    }),
  };
}
