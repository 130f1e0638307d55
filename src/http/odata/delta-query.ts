import type { Catalogue } from '#core/query/catalogue.ts';
import { parseQueryOptions } from '#core/query/query-options.ts';
import { InvalidRequestError } from '#lib/errors.ts';

/** What delta queries take. */
export const DELTA_OPTIONS = ['$select', '$top', '$skiptoken', '$deltatoken'] as const;

/** Memberships that a class is followed with, as names in `$select`. */
const FOLLOWED = ['members', 'teachers'];

/** The options of a delta query. */
export interface DeltaQuery {
  /** Of the first request; later ones carry it in their token. Without `members` and `teachers`. */
  readonly select: readonly string[] | undefined;
  /** Whether memberships are followed. */
  readonly members: boolean;
  readonly top: number | undefined;
  /** Where to go on: `latest` begins with what comes from now on. */
  readonly deltaToken: string | undefined;
  readonly skipToken: string | undefined;
}

/**
 * Reads the options of a delta query: `$select` and `$top` when it begins, afterwards the link as it was given.
 * Errors: InvalidRequestError, UnsupportedQueryError.
 */
export function readDeltaQuery(
  pairs: readonly (readonly [name: string, value: string])[],
  catalogue: Catalogue,
  followsMembers: boolean,
): DeltaQuery {
  const isDeltaToken = (name: string): boolean => /^\$?deltatoken$/iu.test(name);
  const [deltaToken, ...more] = pairs.filter(([name]) => isDeltaToken(name)).map(([, value]) => value);
  if (more.length > 0)
    throw new InvalidRequestError('The query option $deltatoken appears twice.', '$deltatoken');
  const selected = { members: followsMembers };
  const others = pairs
    .filter(([name]) => !isDeltaToken(name))
    .flatMap(([name, value]): (readonly [string, string])[] => {
      if (!followsMembers || !/^\$?select$/iu.test(name)) return [[name, value]];
      const names = value.split(',').map((part) => part.trim());
      const own = names.filter((part) => !FOLLOWED.includes(part.toLowerCase()));
      selected.members = own.length < names.length || names.includes('*');
      return [[name, own.length === 0 ? 'id' : own.join(',')]];
    });
  const { select, top, skipToken } = parseQueryOptions(others, catalogue, ['$select', '$top', '$skiptoken']);
  const goesOn = skipToken !== undefined || (deltaToken !== undefined && !begins(deltaToken));
  if (goesOn && pairs.length > 1)
    throw new InvalidRequestError(
      'A link of a delta query is followed as it was given: no option stands beside its token.',
      deltaToken === undefined ? '$skiptoken' : '$deltatoken',
    );
  return { select, members: selected.members, top, deltaToken, skipToken };
}

/** Tokens that are no sealed ones: none means everything, as the Location of a 410 says it. */
export function begins(deltaToken: string): boolean {
  return deltaToken === '' || isLatest(deltaToken);
}

export function isLatest(deltaToken: string | undefined): boolean {
  return deltaToken?.toLowerCase() === 'latest';
}

/** One message for every token that is not ours, so that it tells nothing. */
export function invalidDeltaToken(): InvalidRequestError {
  return new InvalidRequestError(
    '$deltatoken is not one that this query gave. Begin again without it, and follow @odata.deltaLink as it comes.',
    '$deltatoken',
  );
}
