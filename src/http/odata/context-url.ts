/** Where the metadata document of this version would be; contexts are fragments of it. */
export interface MetadataRoot {
  /** Origin, and path if any, without a slash at its end. */
  readonly baseUrl: string;
  readonly version: string;
}

/**
 * `@odata.context` (OData 4.01 JSON, 10): `…/v1.0/$metadata#education/schools`, with `(id,displayName)` behind it when properties
 * were selected, with `/$entity` at the end for one object.
 */
export function contextUrl(
  root: MetadataRoot,
  set: string,
  options: { select?: readonly string[] | undefined; entity?: boolean } = {},
): string {
  const selected = options.select === undefined ? '' : `(${options.select.join(',')})`;
  return `${root.baseUrl}/${root.version}/$metadata#${set}${selected}${options.entity ? '/$entity' : ''}`;
}
