/** One entry of a Put Block List, in the order of the file. */
export interface BlockReference {
  readonly from: 'Latest' | 'Committed' | 'Uncommitted';
  /** Base64, as the Put Block named it. */
  readonly id: string;
}

const OPENING = /^\uFEFF?\s*(?:<\?xml [^<>?]*\?>)?\s*<BlockList>/;
const EMPTY = /^\uFEFF?\s*(?:<\?xml [^<>?]*\?>)?\s*<BlockList\s*\/>\s*$/;
const ENTRY = /\s*<(Latest|Committed|Uncommitted)>\s*([A-Za-z0-9+/=]+)\s*<\/\1>/y;
const CLOSING = /\s*<\/BlockList>\s*$/y;

/**
 * Reads the body of a Put Block List: one element with a flat list of three kinds of leaf elements. Nothing else of XML is
 * accepted (no attributes, comments, entities or document types), so there is nothing to expand.
 * @returns undefined when the text is anything else.
 */
export function parseBlockList(xml: string): BlockReference[] | undefined {
  if (EMPTY.test(xml)) return [];
  const opening = OPENING.exec(xml);
  if (opening === null) return undefined;
  const references: BlockReference[] = [];
  let at = opening[0].length;
  for (;;) {
    ENTRY.lastIndex = at;
    const entry = ENTRY.exec(xml);
    if (entry === null) break;
    const [whole, from, id] = entry;
    if (id === undefined || !isBlockId(id)) return undefined;
    references.push({ from: from as BlockReference['from'], id });
    at += whole.length;
  }
  CLOSING.lastIndex = at;
  return CLOSING.test(xml) ? references : undefined;
}

/** A block id is base64 of 1 to 64 bytes (Put Block). */
export function isBlockId(id: string): boolean {
  return (
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(id) &&
    id !== '' &&
    id.length <= 88
  );
}
