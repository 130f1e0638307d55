import type { Tx } from '../database.ts';

export interface SigningKeyRow {
  readonly kid: string;
  /** RFC 7517, public part only. */
  readonly publicJwk: Record<string, unknown>;
  /** RFC 7517 as JSON, sealed by the SecretBox. */
  readonly sealedPrivateJwk: Buffer;
}

/** Keys that still verify tokens, the newest first: the first one signs. */
export async function listSigningKeys(tx: Tx): Promise<SigningKeyRow[]> {
  return tx.query<SigningKeyRow>(
    `select kid, public_jwk as "publicJwk", private_jwk as "sealedPrivateJwk"
     from signing_key where retired_at is null order by created_at desc, kid`,
  );
}

/** As owner: keys belong to no tenant. */
export async function insertSigningKey(tx: Tx, key: SigningKeyRow): Promise<void> {
  await tx.query('insert into signing_key (kid, public_jwk, private_jwk) values ($1, $2, $3)', [
    key.kid,
    JSON.stringify(key.publicJwk),
    key.sealedPrivateJwk,
  ]);
}
