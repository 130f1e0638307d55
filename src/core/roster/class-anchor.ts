/**
 * What tells the classes of a source apart. id: the id of the section, for information systems that never use one again. idAndSession: that and the
 * id of its academic session, so that next year's section of the same id is another class.
 */
export const CLASS_ANCHORS = ['id', 'idAndSession'] as const;
export type ClassAnchor = (typeof CLASS_ANCHORS)[number];

/** The source id of the class of a section in a session. A section without a session has its id alone. */
export function anchoredId(id: string, session: string): string {
  return session === '' ? id : `${id}@${session}`;
}
