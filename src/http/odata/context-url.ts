import type { Expand } from '#core/query/parse-expand.ts';

/** Where the metadata document of this version would be; contexts are fragments of it. */
export interface MetadataRoot {
  /** Origin, and path if any, without a slash at its end. */
  readonly baseUrl: string;
  readonly version: string;
}

/**
 * `@odata.context` (OData 4.01 JSON, 10): `…/v1.0/$metadata#education/schools`, with `(id,displayName)` behind it when properties
 * were selected, `members()` or `members(id)` among them for what was expanded, with `/$entity` at the end for one object.
 */
export function contextUrl(
  root: MetadataRoot,
  set: string,
  options: {
    select?: readonly string[] | undefined;
    expand?: readonly Expand[] | undefined;
    entity?: boolean;
  } = {},
): string {
  const { select = [], expand = [] } = options;
  const shown = [...select, ...expand.map(({ name, select: inner = [] }) => `${name}(${inner.join(',')})`)];
  const selected = shown.length === 0 ? '' : `(${shown.join(',')})`;
  return `${root.baseUrl}/${root.version}/$metadata#${set}${selected}${options.entity ? '/$entity' : ''}`;
}
