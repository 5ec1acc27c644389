/**
 * A program that replaces the text of the file given as its first argument by a comment of as many bytes as the
 * second says, and prints what came of it. Run by the tests as a child with a file system of its own.
 */
import { readFileSync } from 'node:fs';
import { replaceManifest } from '../../../src/host/write-manifest.ts';

const [path = '', size = '0'] = process.argv.slice(2);
try {
  await replaceManifest(path, readFileSync(path, 'utf8'), '#'.repeat(Number(size)));
  console.log('replaced');
} catch (error) {
  console.log(String(error));
}
