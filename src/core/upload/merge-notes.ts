/** Beside the files of a merged set: what Rollbook notes of its making. Encrypted as they are, since findings are in it. */
export const MERGE_NOTES = 'merge.json';
