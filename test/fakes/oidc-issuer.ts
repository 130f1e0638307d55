import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';

export type IssuerFault =
  'error' | 'hang' | 'huge' | 'otherIssuer' | 'redirect' | 'noJson' | 'noKeySet' | 'keysByHttp';

export interface SignOptions {
  /** RS256 unless said otherwise. */
  readonly algorithm?: 'RS256' | 'PS256' | 'ES256';
  readonly header?: Readonly<Record<string, unknown>>;
}

type Claims = Readonly<Record<string, unknown>>;

/** An OpenID provider on the wire: discovery and keys as real ones serve them, tokens as a test wants them, and faults. */
export interface OidcIssuer {
  /** What stands in `iss`. */
  readonly issuer: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  /** From now on; undefined: it works again. */
  fault: IssuerFault | undefined;
  /** A token that is valid for an hour, signed by the newest key. Claims replace those that every token has; undefined leaves one out. */
  sign(claims: Claims, options?: SignOptions): Promise<string>;
  /** The public key as the secret of HS256. */
  signWithPublicKey(claims: Claims): Promise<string>;
  unsigned(claims: Claims): string;
  /** By an RSA key of 1024 bits, which is published from now on. */
  signWithWeakKey(claims: Claims): string;
  /** New keys sign from now on; the old ones stay published. */
  rotate(): Promise<void>;
  /** Only the newest keys are published from now on. */
  removeOldKeys(): void;
  close(): Promise<void>;
}

interface PublishedKey {
  readonly publicJwk: JWK;
}

interface KeyOf extends PublishedKey {
  readonly algorithm: string;
  readonly kid: string;
  readonly pair: Awaited<ReturnType<typeof generateKeyPair>>;
}

export async function oidcIssuer(options: {
  /** The clock of the tokens. */
  readonly now: () => Date;
  /** `/realms/school` unless said otherwise; may hold `{tenantid}`. */
  readonly path?: string;
}): Promise<OidcIssuer> {
  const asked: string[] = [];
  const generations: KeyOf[][] = [];
  let published: PublishedKey[] = [];
  const rotate = async (): Promise<void> => {
    const number = generations.length + 1;
    const made = ['RS256', 'PS256', 'ES256'].map(async (algorithm) => {
      const pair = await generateKeyPair(algorithm, { extractable: true });
      const kid = `${algorithm}-${number}`;
      const publicJwk = { ...(await exportJWK(pair.publicKey)), kid, use: 'sig', alg: algorithm };
      return { algorithm, kid, publicJwk, pair };
    });
    const keys = await Promise.all(made);
    generations.push(keys);
    published = [...published, ...keys];
  };
  await rotate();

  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    serve(request.url ?? '', response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A test that fails before it closes this must end all the same.
  server.unref();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `${origin}${options.path ?? '/realms/school'}`;

  const json = (response: ServerResponse, body: unknown): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const serve = (path: string, response: ServerResponse): void => {
    if (fake.fault === 'hang') return;
    if (fake.fault === 'error') {
      response.writeHead(500).end('{}');
      return;
    }
    if (fake.fault === 'redirect' && !path.startsWith('/elsewhere')) {
      response.writeHead(302, { location: `${origin}/elsewhere${path}` }).end();
      return;
    }
    if (fake.fault === 'huge') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"issuer":${JSON.stringify(issuer)},"more":"${'x'.repeat(2_000_000)}"}`);
      return;
    }
    if (fake.fault === 'noJson') {
      response.writeHead(200).end('<html></html>');
      return;
    }
    if (path.endsWith('/.well-known/openid-configuration')) {
      json(response, {
        issuer: fake.fault === 'otherIssuer' ? `${origin}/realms/other` : issuer,
        jwks_uri: fake.fault === 'keysByHttp' ? 'http://keys.example/certs' : `${origin}/certs`,
        authorization_endpoint: `${issuer}/authorize`,
      });
      return;
    }
    if (path === '/certs') {
      json(
        response,
        fake.fault === 'noKeySet' ? { keys: 'none' } : { keys: published.map(({ publicJwk }) => publicJwk) },
      );
      return;
    }
    response.writeHead(404).end();
  };

  const newest = (algorithm: string): KeyOf => {
    const key = generations.at(-1)?.find((one) => one.algorithm === algorithm);
    if (key === undefined) throw new Error(`no key for ${algorithm}`);
    return key;
  };
  const whole = (claims: Claims): Record<string, unknown> => {
    const nowSeconds = Math.floor(options.now().getTime() / 1_000);
    const all = { iss: issuer, iat: nowSeconds, exp: nowSeconds + 3_600, sub: 'somebody', ...claims };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  };
  const fake: OidcIssuer = {
    issuer,
    asked,
    fault: undefined,
    sign(claims, { algorithm = 'RS256', header = {} } = {}) {
      const { kid, pair } = newest(algorithm);
      return new SignJWT(whole(claims))
        .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid, ...header })
        .sign(pair.privateKey);
    },
    async signWithPublicKey(claims) {
      const { kid, pair } = newest('RS256');
      return new SignJWT(whole(claims))
        .setProtectedHeader({ alg: 'HS256', kid })
        .sign(Buffer.from(await exportSPKI(pair.publicKey)));
    },
    unsigned: (claims) => new UnsecuredJWT(whole(claims)).encode(),
    signWithWeakKey(claims) {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
      const publicJwk = {
        ...(publicKey.export({ format: 'jwk' }) as JWK),
        kid: 'weak',
        alg: 'RS256',
        use: 'sig',
      };
      published = [...published, { publicJwk }];
      const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const signed = `${encode({ alg: 'RS256', kid: 'weak' })}.${encode(whole(claims))}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    rotate,
    removeOldKeys() {
      published = generations.at(-1) ?? [];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}
