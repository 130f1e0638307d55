/**
 * `npm run build`: dist/, the JavaScript of the published package. Types are stripped in place, so what runs there is what runs in
 * a checkout, line by line; only the endings of file names differ. `#area/x.ts` is answered by the imports of dist/package.json.
 */
import { chmod, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');
const DIST = join(ROOT, 'dist');

// Of Node's interface for stripping only the name may still change; the warning would tell the user nothing.
process.removeAllListeners('warning');
await rm(DIST, { recursive: true, force: true });
const areas = new Set<string>();
let files = 0;
for await (const file of glob('**/*.ts', { cwd: SRC, exclude: (name) => name.endsWith('.test.ts') })) {
  const made = join(DIST, toJs(file));
  await mkdir(dirname(made), { recursive: true });
  await writeFile(made, javaScriptOf(await readFile(join(SRC, file), 'utf8')));
  const [area, ...rest] = file.replaceAll('\\', '/').split('/');
  if (area !== undefined && rest.length > 0) areas.add(area);
  files += 1;
}
const imports = Object.fromEntries([...areas].sort().map((area) => [`#${area}/*.ts`, `./${area}/*.js`]));
await writeFile(join(DIST, 'package.json'), `${JSON.stringify({ type: 'module', imports }, null, 2)}\n`);
await chmod(join(DIST, 'main', 'launch.js'), 0o755);
console.log(`dist: ${files} files`);

/** Imports that begin with a dot are named by their file. */
function javaScriptOf(typeScript: string): string {
  return stripTypeScriptTypes(typeScript, { mode: 'strip' }).replaceAll(
    /(\b(?:from|import)\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+\.ts)\2/g,
    (_, before: string, quote: string, specifier: string) => `${before}${quote}${toJs(specifier)}${quote}`,
  );
}

function toJs(name: string): string {
  return name.replace(/\.ts$/, '.js');
}
