/**
 * Makes the program of the package: `node scripts/lib/bundle.ts DIR VERSION LICENSES` writes `client.cjs`, the verbs of
 * the client, and `daemon.cjs`, the whole program, to DIR, and the licences of the libraries in them to LICENSES. There
 * are two because a client is started often and should read no code that it never runs, and they are CommonJS because
 * Node starts that 30 ms sooner than modules.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const sources = join(root, 'src');

/**
 * In the client, what the commands of `src/` load of the daemon is the other bundle, put in place of this process: for
 * `solovirt -n web daemon`, which the script `packaging/solovirt` does not recognise.
 */
const daemonElsewhere: Plugin = {
  name: 'daemon-elsewhere',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\// }, ({ kind, importer, path }) =>
      kind === 'dynamic-import' &&
      dirname(importer) === sources &&
      !/^\.\/(?:cli|client)\//.test(path)
        ? { path: 'daemon', namespace: 'elsewhere' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'elsewhere' }, () => ({
      contents: `process.execve(process.execPath,
        [process.execPath, __dirname + '/daemon.cjs', ...process.argv.slice(2)]);`,
    }));
  },
};

async function main([dir, version, licenses]: readonly string[]): Promise<void> {
  if (dir === undefined || version === undefined || licenses === undefined)
    throw new Error('usage: node scripts/lib/bundle.ts DIR VERSION LICENSES');
  const options: BuildOptions = {
    absWorkingDir: root,
    // By way of standard input, because the "#!" line of an entry point would come along.
    stdin: { contents: "import './main.ts';", resolveDir: sources },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    // Names stay, so that a stack trace in a bug report can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    // The licences get a file of their own.
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    define: { SOLOVIRT_VERSION: JSON.stringify(version), 'import.meta.url': 'bundleUrl' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename);" },
    // `import('node:http')` would read every export, one of which is a getter that loads all of undici; `require`
    // does not.
    supported: { 'dynamic-import': false },
  };
  const daemon = await build({ ...options, outfile: join(dir, 'daemon.cjs') });
  await build({ ...options, outfile: join(dir, 'client.cjs'), plugins: [daemonElsewhere] });
  writeFileSync(licenses, licenseTexts(Object.keys(daemon.metafile?.inputs ?? {})));
}

/** Of every library that one of the files belongs to. The daemon has all that the client has. */
function licenseTexts(files: readonly string[]): string {
  const libraries = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(libraries)].sort().map(licenseText).join('\n');
}

function licenseText(library: string): string {
  const name = library.slice(library.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const file = readdirSync(join(root, library)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${library} has no licence file`);
  return `==== ${name}\n\n${readFileSync(join(root, library, file), 'utf8').trim()}\n`;
}

await main(process.argv.slice(2));
