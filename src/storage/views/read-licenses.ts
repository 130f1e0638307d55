import type { Tx } from '../database.ts';

export interface License {
  readonly skuId: string;
  /** How many accounts have it. */
  readonly accounts: number;
}

/** Licences that accounts of the built-in directory have or that a profile assigns, in the order of their ids. */
export async function readLicenses(tx: Tx): Promise<License[]> {
  return tx.query<License>(
    `select sku as "skuId", (sum(accounts))::float8 as accounts
       from (select sku, 1 as accounts from account a, unnest(a.licenses) sku where a.target_id = 0
             union all
             select x.sku #>> '{}', 0 from profile p, jsonb_path_query(p.licenses_to_assign, '$[*].skuIds[*]') x(sku)
              where p.state <> 'deleted') found
      group by sku order by sku`,
  );
}
