import { glob, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly SourceImport[];
}

export interface SourceImport {
  /** As it is written. */
  readonly specifier: string;
  /** The file of this repository that it names; undefined for packages and node: modules. */
  readonly path: string | undefined;
  /** Only types: nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

const IMPORT =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w*${}\s,]*?\bfrom\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/gm;

/** The TypeScript files below `folder`, with what they import. */
export async function readSources(folder: string): Promise<SourceFile[]> {
  const sources: SourceFile[] = [];
  for await (const found of glob(`${folder}/**/*.ts`, { cwd: ROOT })) {
    const path = found.replaceAll('\\', '/');
    const text = await readFile(join(ROOT, path), 'utf8');
    sources.push({ path, text, imports: importsOf(path, text) });
  }
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function importsOf(path: string, text: string): SourceImport[] {
  const withoutComments = text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...withoutComments.matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? '';
    return { specifier, path: resolveImport(path, specifier), typeOnly: match[1] !== undefined };
  });
}

/** `#area/x.ts` and relative paths; package.json#imports maps # to src, but for test. */
function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#test/')) return specifier.slice(1);
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}`;
  if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(from), specifier));
  return undefined;
}
