/**
 * Makes the client for scripts that another project can install: `node scripts/lib/client-package.ts DIR [VERSION]` writes
 * DIR/package.json, client.js and types/. From a checkout `solovirt/client` is `src/client/index.ts` itself, but Node
 * strips no types below node_modules.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const entry = join(root, 'src/client/index.ts');

async function main([dir, version]: readonly string[]): Promise<void> {
  if (dir === undefined) throw new Error('usage: node scripts/lib/client-package.ts DIR [VERSION]');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: resolve(dir, 'client.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.3',
    logLevel: 'warning',
  });
  writeTypes(resolve(dir, 'types'));
  writeFileSync(join(dir, 'package.json'), `${JSON.stringify(manifest(version), null, 2)}\n`);
}

/** @param build instead of the version of the checkout */
function manifest(build: string | undefined): object {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { description, license, version } = own;
  return {
    name: 'solovirt',
    // What Debian puts behind a version is not npm's grammar (https://semver.org).
    version: /^\d+\.\d+\.\d+/.exec(build ?? version)?.[0] ?? version,
    description: `${description}: the client for scripts`,
    license,
    private: true,
    type: 'module',
    engines: { node: '>=20.3' },
    exports: { './client': { types: './types/client/index.d.ts', default: './client.js' } },
  };
}

/** The declarations of the entry and of what it refers to. */
function writeTypes(outDir: string): void {
  const work = mkdtempSync(join(tmpdir(), 'solovirt-types-'));
  try {
    const compilerOptions = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      allowImportingTsExtensions: true,
      outDir,
      rootDir: join(root, 'src'),
      typeRoots: [join(root, 'node_modules/@types')],
    };
    const project = { extends: join(root, 'tsconfig.json'), compilerOptions, files: [entry] };
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({ ...project, include: [] }));
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', work], { stdio: 'inherit' });
  } finally {
    rmSync(work, { recursive: true });
  }
}

await main(process.argv.slice(2));
