/**
 * Runs a program by way of what V8 made of it when the package was built (client.cache, daemon.cache): to read it anew
 * costs a third of the client's start, and half of the daemon's. Lies beside both as start-client.cjs and
 * start-daemon.cjs. A cache that is missing, or of another Node, is no harm: then the program is read anew.
 */
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const [, name] = /start-(\w+)\.cjs$/.exec(__filename);
const file = join(__dirname, `${name}.cjs`);
/** As Node wraps modules. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';

function compile() {
  return new Script(`${HEAD}${readFileSync(file, 'utf8')}\n})`, {
    filename: file,
    columnOffset: -HEAD.length,
    cachedData: readCache(),
  });
}

function readCache() {
  try {
    return readFileSync(join(__dirname, `${name}.cache`));
  } catch {
    return undefined;
  }
}

function run(script) {
  script.runInThisContext()(exports, require, module, file, __dirname);
}

if (require.main === module) run(compile());
else module.exports = { compile, run };
