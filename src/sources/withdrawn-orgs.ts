import type { FindingDetail, FindingHead } from './finding-collector.ts';

interface WithdrawnOrg {
  readonly file: string;
  readonly line: number;
  /** Rows that name it still, by file. */
  readonly rowsByFile: Map<string, number>;
}

/** Orgs whose own row says that they are gone, and how many rows of other records name them still: told once for each org. There are few orgs. */
export class WithdrawnOrgs {
  readonly #orgsById = new Map<string, WithdrawnOrg>();

  note(orgId: string, file: string, line: number): void {
    if (!this.#orgsById.has(orgId)) this.#orgsById.set(orgId, { file, line, rowsByFile: new Map() });
  }

  count(orgId: string, file: string): void {
    const rowsByFile = this.#orgsById.get(orgId)?.rowsByFile;
    rowsByFile?.set(file, (rowsByFile.get(file) ?? 0) + 1);
  }

  /** After the last file. */
  reportTo(findings: { report(head: FindingHead, detail: () => FindingDetail): void }): void {
    for (const [sourceId, { file, line, rowsByFile }] of this.#orgsById) {
      if (rowsByFile.size === 0) continue;
      const rows = Array.from(rowsByFile, ([name, count]) => `${name} (${count})`).join(', ');
      findings.report({ code: 'ORG_WITHDRAWN_NAMED', file }, () => ({
        line,
        kind: 'org',
        sourceId,
        message: `Its row says that the org is gone, and rows of ${rows} still name it.`,
      }));
    }
  }
}
