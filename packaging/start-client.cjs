/**
 * Runs client.cjs by way of what V8 made of it when the package was built (client.cache): to read it anew costs a third
 * of the client's start. A cache that is missing, or of another Node, is no harm: then it is read anew.
 */
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const file = join(__dirname, 'client.cjs');
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
    return readFileSync(join(__dirname, 'client.cache'));
  } catch {
    return undefined;
  }
}

function run(script) {
  script.runInThisContext()(exports, require, module, file, __dirname);
}

if (require.main === module) run(compile());
else module.exports = { compile, run };
